"""HTTPS by hand: connections that stay open, many requests in flight, and octets of any form."""

import json
import re
import socket
import ssl
import time

IN_FLIGHT = 16
SILENT_S = 0.25
IDLE_S = 3  # The server ends connections that are idle for longer than this and some.


class Answer:
    def __init__(self, status, head, body):
        self.status, self.head, self.body = status, head, body
        self.first = None  # What was answered before the same was asked again, if it was.

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def reference(self):
        found = re.search(rb'"reference": ?"([0-9a-f]{16})"', self.body)
        return found[1].decode() if found else None

    def __repr__(self):
        return f"{self.status} {self.body[:200]!r}"


class Ended(Exception):
    """The server ended the connection before an answer was whole."""


class Connection:
    def __init__(self, address, context):
        plain = socket.create_connection(address, timeout=30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.rest = b""
        self.used_at = time.monotonic()

    def send(self, octets):
        self.socket.sendall(octets)

    def more(self):
        octets = self.socket.recv(65536)
        if not octets:
            raise Ended(self.rest[:200])
        self.rest += octets

    def answer(self):
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            self.more()
        head = self.rest[:end].lower()
        length = int(re.search(rb"content-length: *(\d+)", head)[1])
        while len(self.rest) < end + 4 + length:
            self.more()
        body = self.rest[end + 4:end + 4 + length]
        self.rest = self.rest[end + 4 + length:]
        self.used_at = time.monotonic()
        return Answer(int(head.split(b" ")[1]), head, body)

    def close(self):
        self.socket.close()


class Line:
    """A way to one CA: opens connections as they are needed, and keeps them."""

    def __init__(self, port, ca_pem):
        self.address = ("127.0.0.1", port)
        self.context = ssl.create_default_context(cafile=str(ca_pem))
        self.open = []

    def connection(self):
        return Connection(self.address, self.context)

    def close(self):
        while self.open:
            self.open.pop().close()

    def post(self, path, body):
        return self.posts([(path, body)])[0]

    def posts(self, requests):
        """Answers to (path, body) in their order, IN_FLIGHT at a time."""
        answers = []
        for first in range(0, len(requests), IN_FLIGHT):
            answers += self._flight(requests[first:first + IN_FLIGHT])
        return answers

    def _flight(self, requests):
        """What breaks off leaves no connection behind on which an answer may still come."""
        try:
            return self._fly(requests)
        except Exception:
            self.close()
            raise

    def drop_idle(self):
        """Each by its own time: a flight of one request uses one connection and no other."""
        for connection in list(self.open):
            if time.monotonic() - connection.used_at > IDLE_S:
                connection.close()
                self.open.remove(connection)

    def _fly(self, requests):
        self.drop_idle()
        while len(self.open) < len(requests):
            self.open.append(self.connection())
        used = []
        for connection, (path, body) in zip(self.open, requests):
            connection.send(b"POST %s HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                            % (path.encode(), len(body), body))
            used.append(connection)
        answers = []
        for connection in used:
            answer = connection.answer()
            if b"connection: close" in answer.head:
                connection.close()
                self.open.remove(connection)
            answers.append(answer)
        return answers

    def raw(self, octets):
        """Sends octets on a connection of their own: (answers until it ends or is silent, whether
        the server ended it)."""
        connection = self.connection()
        connection.socket.settimeout(SILENT_S)
        answers = []
        try:
            connection.send(octets)
            while True:
                answers.append(connection.answer())
        except (Ended, ConnectionError, ssl.SSLError):
            return answers, True
        except TimeoutError:
            return answers, False
        finally:
            connection.close()
