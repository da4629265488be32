"""A middleman between a device and the CA, who has the CA's own TLS key: he sees what is sent, and
can lose an answer on the way. Only a test that owns the CA's folder can be one."""

import contextlib
import http.server
import ssl
import threading

from .http import Client


def spoken(body, status=200, fields=""):
    """An answer in octets, as a lying CA sends it."""
    body = body if isinstance(body, bytes) else body.encode()
    return (f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{fields}\r\n").encode() + body


class Middle:
    """Passes requests on to a CA; keeps (path, request's members, Answer) of each in seen.

    Use it where the CA would be used: it has its url and its certificate. Answers to a path in
    lost are thrown away: the connection just ends. For a path in lies, what the function makes of
    the true answer is sent in its place: octets, as they are. tls is (certificate, key), where the
    CA's own will not do.
    """

    def __init__(self, ca, tls=None):
        self.certificate = ca.certificate
        self.lies = {}
        self.seen = []
        self.lost = set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler(ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(tls or (ca.tls_certificate, ca.tls_key)))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(self, ca):
        middle = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.close_connection = True
                try:
                    answer = Client(ca.url, ca.certificate).post(self.path, body)
                except OSError:  # The CA is not there: no more is he.
                    return
                middle.seen.append((self.path, body, answer))
                if self.path in middle.lies:
                    with contextlib.suppress(OSError):  # Nobody need listen to the end.
                        self.wfile.write(middle.lies[self.path](answer))
                elif self.path not in middle.lost:
                    self.pass_on(answer)

            def pass_on(self, answer):
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["content-type"])
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        return Handler

    def of(self, path):
        """The requests to a path and their answers, in order."""
        return [(body, answer) for seen, body, answer in self.seen if seen == path]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
