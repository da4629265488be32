"""Requests to the CA made by hand: what an honest client would never send, too."""

import http.client
import json
import ssl
from urllib.parse import urlsplit


class Answer:
    """A status, the headers (names in lower case) and the body."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Client:
    """One HTTPS connection for each request, trusting ca_cert alone."""

    def __init__(self, url, ca_cert):
        self.address = urlsplit(url)
        self.context = ssl.create_default_context(cafile=str(ca_cert))

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPSConnection(
            self.address.hostname, self.address.port, context=self.context, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, members):
        """Posts a JSON object; octets or text are sent as they are."""
        body = json.dumps(members) if isinstance(members, dict) else members
        return self.ask("POST", path, body, {"Content-Type": "application/json"})

    def get_challenge(self, evidence):
        return self.post("/v1/getChallenge", evidence)

    def get_certificate(self, request):
        return self.post("/v1/getCertificate", request)
