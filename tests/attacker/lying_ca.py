"""A CA that lies: it has the real one's TLS key, passes requests on to it, and answers what it wants."""

import contextlib
import http.server
import json
import ssl
import threading
import time
from dataclasses import dataclass, replace

from .wire import Line

JSON, PROBLEM = "application/json", "application/problem+json"


@dataclass
class Said:
    """An answer as it goes to the device. raw replaces all of it, and goes by the octet where there
    is a pause after each; endless comes behind it again and again, until nobody listens."""

    status: int
    body: bytes
    content_type: str = JSON
    fields: tuple = ()
    raw: bytes | None = None
    pause_s: float = 0
    endless: bytes = b""

    def but(self, **changes):
        return replace(self, **changes)

    def members(self, **changes):
        """The same JSON object with other members; None leaves one out."""
        found = {**json.loads(self.body), **changes}
        return self.but(body=json.dumps({k: v for k, v in found.items() if v is not None}).encode())


class LyingCa:
    """lie(path, Said) makes of the real CA's answer what the device is told. Like any CA it has a
    url and a certificate. own has answers that the real CA is not asked for. asked has the paths of
    all requests, lied those whose answer was no longer the one that lie was given; connections
    counts those that came, whatever was said on them."""

    def __init__(self, port, ca_certificate, tls_certificate, tls_key, version=None):
        self.certificate = ca_certificate
        self.honest = lambda path, said: said
        self.lie = self.honest
        self.own = {}
        self.asked, self.lied = [], []
        self.connections = 0
        self.line_of = lambda: Line(port, ca_certificate)
        self.server = self.listening()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if version:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
        context.load_cert_chain(tls_certificate, tls_key)
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.handle_error = lambda *_: None  # Handshakes that the device breaks off.
        self.port = self.server.server_port
        self.url = f"https://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def listening(self):
        ca = self

        class Server(http.server.ThreadingHTTPServer):
            def get_request(self):
                ca.connections += 1
                return super().get_request()

        return Server(("127.0.0.1", 0), self.handler())

    def lies_to(self, path, said):
        told = self.lie(path, said)
        if told is not said:
            self.lied.append(path)
        return told

    def handler(self):
        ca = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                ca.asked.append(self.path)
                self.tell(ca.lies_to(self.path, Said(404, b"{}", PROBLEM)))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ca.asked.append(self.path)
                said = ca.own.get(self.path) or self.pass_on(body)
                self.tell(ca.lies_to(self.path, said))

            def pass_on(self, body):
                line = ca.line_of()
                answer = line.post(self.path, body)
                line.close()
                return Said(answer.status, answer.body, JSON if answer.status == 200 else PROBLEM)

            def tell(self, said):
                self.close_connection = True
                if said.raw is not None:
                    self.tell_raw(said)
                    return
                self.send_response(said.status)
                self.send_header("Content-Type", said.content_type)
                for name, value in said.fields:
                    self.send_header(name, value)
                if "Content-Length" not in dict(said.fields):
                    self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)

            def tell_raw(self, said):
                if not said.pause_s:
                    self.wfile.write(said.raw)
                    self.go_on(said.endless)
                    return
                with contextlib.suppress(OSError):  # It waits no longer.
                    for octet in said.raw:
                        self.wfile.write(bytes([octet]))
                        time.sleep(said.pause_s)

            def go_on(self, octets):
                with contextlib.suppress(OSError):
                    while octets:
                        self.wfile.write(octets)

            def log_message(self, *_):
                pass

        return Handler

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
