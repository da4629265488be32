"""The operator's socket: what a client of ours sends to a server, and a server of ours to a command."""

import contextlib
import os
import signal
import socket
import struct
import threading
import time

from genuine_test import tap
from genuine_test.ca import Ca

OPERATOR, OPERATOR_END = 48, 50  # types of message
ANSWER_MAX = 65536


class Client(tap.Case):
    """Frames that no command sends, and acts that take long."""

    def setUp(self):
        self.ca = Ca(self.folder / self.id().rpartition(".")[2])
        self.ca.start()
        self.addCleanup(self.ca.stop)

    @contextlib.contextmanager
    def client(self):
        """A client of our own making, which sends frames."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(20)
            client.connect(str(self.ca.folder / "control"))
            yield client

    @staticmethod
    def frame(request, *words):
        verb, *arguments = [struct.pack(">I", len(word)) + word.encode() for word in words]
        head = struct.pack(">HQ", OPERATOR, request)
        return head + verb + bytes([len(arguments)]) + b"".join(arguments)

    def asks(self, request, *words):
        """Sends one frame of a client's own making; the answer's octets."""
        with self.client() as client:
            client.send(self.frame(request, *words))
            return client.recv(ANSWER_MAX)

    def test_records_cannot_be_forged(self):
        """a client of the control socket cannot add a record: the verb is the supervisor's own"""
        before = self.ca.tells("audit", "verify")
        for request in (1, 2 ** 32 - 2):
            self.assertIn(b"the supervisor's own", self.asks(request, "audit add", "reload"))
        for request in (2 ** 32 - 1, 2 ** 64 - 1):
            self.assertEqual(self.asks(request, "audit add", "reload"), b"", "hung up on")
        self.assertEqual(self.ca.tells("audit", "verify"), before)

    @contextlib.contextmanager
    def act_under_way(self):
        """The store, stopped, is at an operator's act; a client that can ask the supervisor."""
        store = self.ca.roles()["store"][0]
        with self.client() as client:
            self.asked(client, "status")  # Answered outside of any load.
            client.recv(ANSWER_MAX)
            os.kill(store, signal.SIGSTOP)
            try:
                client.send(self.frame(1, "store status"))
                self.assertIn(b"at work on an operator's command", self.asked(client, "reload"))
                yield client
            finally:
                os.kill(store, signal.SIGCONT)
            self.assertEqual(client.recv(ANSWER_MAX)[2:10], struct.pack(">Q", 1), "the act's row")
            self.assertEqual(client.recv(ANSWER_MAX)[2:10], struct.pack(">Q", 1), "its end")
        self.assertEqual(self.ca.roles()["store"], [store], "it was not cut off")

    def asked(self, client, *words):
        client.send(self.frame(2, *words))
        return client.recv(ANSWER_MAX)

    def assert_at_hand(self, client):
        """The supervisor does not wait for the store; it would for twice as long as we do."""
        client.settimeout(10)
        self.assertIn(b"roles_working", self.asked(client, "status"))
        self.assertEqual(client.recv(ANSWER_MAX)[2:10], struct.pack(">Q", 2), "its end")

    def test_reload_during_an_act(self):
        """SIGHUP while the store is at an operator's act: the reload waits, and then it is done"""
        before = len(self.ca.daemon.told())

        def says(words):
            return words in self.ca.daemon.told()[before:]

        with self.act_under_way() as client:
            self.ca.daemon.signal(signal.SIGHUP)
            self.ca.daemon.wait_for(lambda: says("the reload waits"), "waiting")
            self.assert_at_hand(client)
            self.assertFalse(says(": reloaded"))
        self.ca.daemon.wait_for(lambda: says(": reloaded"), "reload")

    def test_tls_renewal_during_an_act(self):
        """a TLS certificate that falls due while the store is at an operator's act waits as well"""
        file = self.ca.folder / "genuine.conf"
        for host in (f"{number}.example" for number in range(5)):
            file.write_text(file.read_text().replace("hosts = ", f"hosts = {host}, "))
            self.ca.does("reload")
            with self.act_under_way() as client:
                is_late = self.ca.serves_as(host)  # The renewal was there before the act.
                time.sleep(1.5)
                self.assert_at_hand(client)
                self.assertEqual(self.ca.serves_as(host), is_late)
            self.ca.daemon.wait_for(lambda: self.ca.serves_as(host), f"certificate for {host}")
            if not is_late:
                return
        self.fail("each renewal was there before the act")


class Unanswered(tap.Case):
    """An import by a server that is not ours, which answers its end as the test says, or not."""

    def setUp(self):
        self.ca = Ca(self.folder / self.id().rpartition(".")[2])
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(self.listening.close)
        self.listening.bind(str(self.ca.folder / "control"))
        self.listening.listen()
        self.listening.settimeout(20)

    def serve(self, answer_to_end):
        """Serves one client; answer_to_end is the body of that answer, or None for none."""
        client = self.listening.accept()[0]
        with client:
            while frame := client.recv(ANSWER_MAX):
                is_end = b"device import end" in frame
                body = answer_to_end if is_end else b"\1\0" + struct.pack(">I", 0)
                if body is None:
                    return
                client.send(struct.pack(">H", OPERATOR_END) + frame[2:10] + body)

    def imports(self, answer_to_end):
        manifest = self.folder / "manifest.csv"
        manifest.write_text(f"serial,ek_id,profile,group\nSN-0001,{1:064x},,\n")
        server = threading.Thread(target=self.serve, args=(answer_to_end,))
        server.start()
        result = self.ca.tries("device", "import", manifest)
        server.join()
        self.assertEqual(result.status, 1, result)
        return result.errors

    def test_import_that_nobody_answers(self):
        """an import whose end has no answer may be done: the sentence says so, and where to look"""
        for answer in (None, b"not an answer"):
            with self.subTest(answer):
                errors = self.imports(answer)
                self.assertIn("whether it was imported is not known", errors)
                self.assertIn("device list", errors)
                self.assertNotIn("nothing was imported", errors)

    def test_import_that_is_refused(self):
        """an import whose end is refused was not done, and the sentence says so"""
        text = b"row 1 is not permitted"
        errors = self.imports(b"\0\0" + struct.pack(">I", len(text)) + text)
        self.assertIn("line 2 is not permitted; nothing was imported", errors)


if __name__ == "__main__":
    tap.main()
