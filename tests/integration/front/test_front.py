"""The front by itself: rows 89 and 96 to 108 of the threats that a front alone can answer for."""

import base64
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import stage  # noqa: E402
from genuine_test import tap  # noqa: E402

RING_SLOT = 512


def b64(octets):
    return base64.b64encode(octets).decode()


def members(**changes):
    """A request's members; a change to None leaves one out."""
    found = {"csr": b64(b"csr"), "ikPublic": b64(b"ik"), "ekPublic": b64(b"ek")}
    found.update(changes)
    return {name: value for name, value in found.items() if value is not None}


def body(**changes):
    return json.dumps(members(**changes)).encode()


class FrontCase(unittest.TestCase):
    """One front for all tests of the class."""

    config = ""

    @classmethod
    def setUpClass(cls):
        cls.front = stage.Front(cls.config)
        cls.addClassCleanup(cls.front.stop)

    def setUp(self):
        self.front.reply = self.front.default_reply
        self.front.received.clear()

    def tearDown(self):
        self.assertIsNone(self.front.process.poll(), "the front has ended:\n" + self.front.log())

    def problem(self, answer, status):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.fields["content-type"], "application/problem+json")
        found = json.loads(answer.body)
        self.assertEqual(found["status"], status)
        return found


class Endpoints(FrontCase):
    def test_challenge(self):
        """getChallenge: the evidence arrives member for member, the answer leaves as JSON"""
        answer = self.front.post("/v1/getChallenge", body(
            ekCertificate=b64(b"cert"), ekChain=[b64(b"one"), b64(b"two")], profile="other"))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.fields["content-type"], "application/json")
        found = json.loads(answer.body)
        self.assertEqual(sorted(found), ["challenge", "credential"])
        self.assertEqual(base64.b64decode(found["challenge"]), bytes(53))
        sent = self.front.received[0]
        self.assertEqual(sent["act"], stage.ACT_CHALLENGE)
        self.assertEqual((sent["csr"], sent["ikPublic"], sent["ekPublic"]), (b"csr", b"ik", b"ek"))
        self.assertEqual((sent["has"], sent["ekCertificate"]), (1, b"cert"))
        self.assertEqual(sent["ekChain"], [b"one", b"two"])
        self.assertEqual((sent["profile"], sent["challenge"], sent["ticket"]), (b"other", b"", b""))

    def test_certificate(self):
        """getCertificate: challenge and ticket go along; the profile is device by default"""
        answer = self.front.post("/v1/getCertificate", body(
            challenge=b64(bytes(53)), ticket=b64(bytes(32))))
        self.assertEqual(answer.status, 200, answer.body)
        found = json.loads(answer.body)
        self.assertTrue(found["certificate"].startswith("-----BEGIN CERTIFICATE-----\n"))
        self.assertEqual(found["chain"], "")
        sent = self.front.received[0]
        self.assertEqual((sent["act"], sent["has"]), (stage.ACT_CERTIFICATE, 0))
        self.assertEqual((sent["profile"], sent["challenge"], sent["ticket"]),
                         (b"device", bytes(53), bytes(32)))

    def test_request_numbers(self):
        """no request number comes twice, and none is 0"""
        for _ in range(5):
            self.front.post("/v1/getChallenge", body())
        numbers = [sent["request"] for sent in self.front.received]
        self.assertEqual(len(set(numbers)), 5)
        self.assertNotIn(0, numbers)

    def test_largest(self):
        """the largest members there can be pass together"""
        answer = self.front.post("/v1/getCertificate", body(
            csr=b64(bytes(8192)), ikPublic=b64(bytes(642)), ekPublic=b64(bytes(642)),
            ekCertificate=b64(bytes(4096)), ekChain=[b64(bytes(3072))] * 8, profile="p" * 32,
            challenge=b64(bytes(256)), ticket=b64(bytes(32))))
        self.assertEqual(answer.status, 200, answer.body)

    def test_ca(self):
        """GET /v1/ca is the certificate in PEM, its octets untouched"""
        answer = self.front.get("/v1/ca")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.fields["content-type"], "application/pem-certificate-chain")
        self.assertEqual(ssl.PEM_cert_to_DER_cert(answer.body.decode()), bytes(range(100)))

    def test_health_and_date(self):
        """GET /healthz answers; Date is the time; HEAD has no body"""
        answer = self.front.get("/healthz")
        self.assertEqual((answer.status, json.loads(answer.body)), (200, {"status": "ok"}))
        date = time.strftime("%a, %d %b %Y %H", time.gmtime()).lower()
        self.assertTrue(answer.fields["date"].startswith(date), answer.fields["date"])
        with self.front.connect() as connection:
            connection.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            head = stage.Answer(connection, has_body=False)
            self.assertEqual((head.status, head.fields["content-length"]), (200, "15"))
            self.assertEqual(self.front.get("/healthz", connection=connection).status, 200)

    def test_crl(self):
        """GET /v1/crl: 503 until there is one, then its octets, also of a megabyte; newest wins"""
        self.assertEqual(self.front.get("/v1/crl").status, 503)
        self.front.send_crl(os.urandom(1000000))
        newest = os.urandom(1000000)
        self.front.send_crl(newest)
        time.sleep(0.2)
        answer = self.front.get("/v1/crl")
        self.assertEqual(answer.fields["content-type"], "application/pkix-crl")
        self.assertEqual(answer.body, newest)
        self.front.send_crl(b"short", size=6)
        time.sleep(0.2)
        self.assertEqual(self.front.get("/v1/crl").body, newest)

    def test_curl(self):
        """curl, an HTTP client that we did not write, is understood"""
        done = subprocess.run(
            ["curl", "-sS", "--cacert", self.front.tls, "-H", "Content-Type: application/json",
             "--data-binary", "@-", f"https://localhost:{self.front.port}/v1/getChallenge"],
            input=body(), capture_output=True, check=True)
        self.assertIn("credential", json.loads(done.stdout))


class Refusals(FrontCase):
    def test_403_is_one_body(self):
        """row 89: all 403s are one answer; nothing but reference and Date varies"""
        seen = set()
        references = set()
        for check in (0, 6, 7, 20, 25, 35, 102, 128, 130, 131, 134, 144):
            self.front.reply = lambda request, _: [stage.frame(
                stage.ANSWER, request, stage.refusal(check, f"saw {check}", "SN-1"))]
            answer = self.front.post("/v1/getChallenge", body())
            found = self.problem(answer, 403)
            references.add(found.pop("reference"))
            answer.fields.pop("date")
            seen.add((json.dumps(found), json.dumps(answer.fields)))
        self.assertEqual(len(seen), 1, seen)
        self.assertEqual(len(references), 12)
        self.assertEqual({len(text) for text in references}, {16})

    def test_reference_in_log_and_ring(self):
        """the reference of an answer is in the log and in the ring, with what was seen"""
        self.front.reply = lambda request, _: [stage.frame(
            stage.ANSWER, request, stage.refusal(25, "another key", "SN-77"))]
        reference = self.problem(self.front.post("/v1/getChallenge", body()), 403)["reference"]
        line = [line for line in self.front.log().splitlines() if reference in line]
        self.assertEqual(len(line), 1)
        for word in ("403", "E_CSR_KEY", "CSR_KEY", "127.0.0.1", "getChallenge", "SN-77", "another key"):
            self.assertIn(word, line[0])
        self.front.ring.seek(0)
        ring = self.front.ring.read()
        slots = [ring[i:i + RING_SLOT] for i in range(0, len(ring), RING_SLOT)]
        slot = [slot for slot in slots if slot[9:17] == bytes.fromhex(reference)]
        self.assertEqual(len(slot), 1)
        self.assertIn(b"another key", slot[0])
        self.assertIn(b"127.0.0.1", slot[0])

    def test_statuses(self):
        """400 says what it saw; 409 says start-again; 429 and 503 say when to come again"""
        def refuse(check, retry_after=0):
            self.front.reply = lambda request, _: [stage.frame(
                stage.ANSWER, request, stage.refusal(check, "the CSR ends early", "", retry_after))]
            return self.front.post("/v1/getChallenge", body())
        self.assertIn("the CSR ends early", self.problem(refuse(1), 400)["detail"])
        found = self.problem(refuse(98), 409)
        self.assertIn("start-again", found["detail"])
        self.assertNotIn("CSR", found["detail"])
        waits = {int(refuse(141, 40).fields["retry-after"]) for _ in range(8)}
        self.assertTrue(all(40 <= wait <= 62 for wait in waits), waits)
        self.assertGreater(len(waits), 1, "Retry-After is not spread")
        unavailable = refuse(143)
        self.assertNotIn("CSR", self.problem(unavailable, 503)["detail"])
        self.assertGreaterEqual(int(unavailable.fields["retry-after"]), 2)

    def test_log_injection(self):
        """row 104: what a stranger writes is one escaped line in the log, and never echoed raw"""
        evil = b"/v1/\x1b[31m"
        answer = self.front.exchange(b"GET " + evil + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(answer.status, 400)
        self.front.exchange(b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                            b"Content-Type: text/\x9b31m;\xff\r\nX-Request-Id: \xe2\x80\xae\r\n\r\n")
        answer = self.front.post("/v1/getChallenge", b'{"a\\nfront: refused\\u001b[2J": 1}')
        self.assertEqual(self.problem(answer, 400)["detail"].isprintable(), True)
        for line in self.front.log_path.read_bytes().splitlines():
            self.assertTrue(line.startswith(b"front: "), line)
            self.assertTrue(all(32 <= octet < 127 for octet in line), line)


class Json(FrontCase):
    config = "rate_per_prefix = 100000"

    def refused(self, octets, *words, act="getChallenge"):
        found = self.problem(self.front.post(f"/v1/{act}", octets), 400)
        for word in words:
            self.assertIn(word, found["detail"])
        self.assertEqual(self.front.received, [], "it reached the verifier")

    def test_form(self):
        """rows 96, 97: what is not one JSON object is refused"""
        for octets in (b"", b"{", b"[]", b"null", b'""', b"{}x", body() + body(), b"\xef\xbb\xbf" + body(),
                       b'{"csr":NaN}', b'{"csr":1e400}', b'{"csr":"\\ud800"}', b'{"csr":"\xff"}',
                       b'{"csr":"\\u0000"}', b"{'csr':1}", b'{"csr":1,}', b"{\"csr\":\"\n\"}",
                       b"[" * 60000, b'{"csr":' * 9000):
            with self.subTest(octets[:40]):
                self.refused(octets)

    def test_schema(self):
        """row 97: duplicates, unknown members, wrong types, missing members"""
        self.refused(b'{"csr":"YQ==","csr":"YQ=="}', "duplicate")
        self.refused(b'{"csr":"YQ==","\\u0063sr":"YQ=="}', "duplicate")
        self.refused(body(serial="SN-1"), "serial is not a member")
        self.refused(body(ticket=b64(bytes(32))), "ticket is not a member")
        self.refused(body(csr=1), "csr is not a string")
        self.refused(body(csr=[[[[[[[[[]]]]]]]]]), "csr is not a string")
        self.refused(b'{"csr":null}', "csr is not a string")
        self.refused(body(ekChain="x"), "ekChain is not an array")
        self.refused(body(ekChain=[b64(b"x"), 1]), "ekChain[1] is not a string")
        self.refused(body(profile=1), "profile is not a string")
        for name in ("csr", "ikPublic", "ekPublic"):
            self.refused(body(**{name: None}), f"{name} is missing")
        self.refused(body(ticket=b64(bytes(32))), "challenge is missing", act="getCertificate")
        self.refused(body(challenge=b64(bytes(53))), "ticket is missing", act="getCertificate")

    def test_base64(self):
        """row 80: base64 is canonical"""
        self.refused(body(csr="YQ"), "padding")
        self.refused(body(csr="YQ=\n"), "white space")
        self.refused(body(csr=" YQ=="), "white space")
        self.refused(body(csr="YR=="), "trailing bits")
        self.refused(body(csr="_-8="), "URL alphabet")
        self.refused(body(csr="Y!=="), "no base64 digit")
        self.refused(body(csr="YQ==YQ=="), "base64")

    def test_sizes(self):
        """each member has its size; an empty EK certificate is not no EK certificate"""
        self.refused(body(csr=b64(bytes(8193))), "csr has 8193")
        self.refused(body(csr=""), "csr has 0")
        self.refused(body(ekCertificate=""), "ekCertificate has 0")
        self.refused(body(ekCertificate=b64(bytes(4097))), "ekCertificate")
        self.refused(body(ikPublic=b64(bytes(643))), "ikPublic")
        self.refused(body(ekPublic=b64(bytes(643))), "ekPublic")
        self.refused(body(ekChain=[b64(b"x")] * 9), "ekChain has 9")
        self.refused(body(ekChain=[b64(bytes(12289))] * 2), "ekChain has 24578")
        self.refused(body(profile=""), "profile")
        self.refused(body(profile="p" * 33), "profile")
        for size in (31, 33):
            self.refused(body(challenge=b64(bytes(53)), ticket=b64(bytes(size))), "ticket has",
                         act="getCertificate")
        self.refused(body(challenge=b64(bytes(257)), ticket=b64(bytes(32))), "challenge has",
                     act="getCertificate")

    def test_same_request(self):
        """row 80: order, white space and escapes are JSON's own business"""
        octets = b' {\n"ekPublic" : "ZWs=", "\\u0069kPublic":"\\u0061Ws=", "csr":"Y3Ny" } \n'
        self.assertEqual(self.front.post("/v1/getChallenge", octets).status, 200)
        self.assertEqual(self.front.received[0]["ikPublic"], b"ik")


class Http(FrontCase):
    config = "rate_per_prefix = 100000"

    def closes(self, octets, *statuses):
        with self.front.connect() as connection:
            connection.sendall(octets)
            answer = stage.Answer(connection)
            self.assertIn(answer.status, statuses, answer.body)
            self.assertTrue(answer.is_last)
            connection.unwrap()

    def test_malformed(self):
        """rows 98, 99: malformed heads are answered 400 and the connection is closed"""
        host = b"Host: x\r\n"
        line = b"GET /healthz HTTP/1.1\r\n"
        post = b"POST /v1/getChallenge HTTP/1.1\r\nContent-Type: application/json\r\n"
        for octets in (
                line + b"\r\n", line + host + host + b"\r\n", line + b"Host:\r\n\r\n",
                line + host + b" folded\r\n\r\n", line + host + b"X: a\r\n\tb\r\n\r\n",
                line + host + b"X : a\r\n\r\n", line + host + b"nocolon\r\n\r\n",
                line + host + b": empty\r\n\r\n", line + host + b"X: a\0b\r\n\r\n",
                line + host + b"X: a\rb\r\n\r\n", line + b"Host: x\n\r\n", b"GET /healthz HTTP/1.1\n",
                line + host + b"X: y\r\n" * 100 + b"\r\n", line + host + b"X: " + b"y" * 8192,
                b"\r\n" + line + host + b"\r\n", b"GET  /healthz HTTP/1.1\r\n" + host + b"\r\n",
                b"GET /healthz HTTP/1.0\r\n" + host + b"\r\n", b"GET /healthz\r\n" + host + b"\r\n",
                b"GET /healthz HTTP/2.0\r\n" + host + b"\r\n", b"GET healthz HTTP/1.1\r\n" + host + b"\r\n",
                b"GET http://x/healthz HTTP/1.1\r\n" + host + b"\r\n",
                b"CONNECT x:443 HTTP/1.1\r\n" + host + b"\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", line + host + b"Content-Length: 5\r\n\r\n",
                line + host + b"Transfer-Encoding: chunked\r\n\r\n",
                post + host + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
                post + host + b"Content-Length: 2, 2\r\n\r\n{}", post + host + b"Content-Length: +2\r\n\r\n{}",
                post + host + b"Content-Length: 0x2\r\n\r\n{}", post + host + b"Content-Length:\r\n\r\n{}",
                post + host + b"Content-Length: 99999999999999999999\r\n\r\n{}",
                post + host + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                post + host + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"):
            with self.subTest(octets[:70]):
                self.closes(octets, 400)

    def test_bodies(self):
        """rows 98, 103: chunks 501, encodings and other types 415, over 64 KiB 413"""
        post = b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\n"
        json_type = b"Content-Type: application/json\r\n"
        self.closes(post + json_type + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", 501)
        self.closes(post + json_type + b"Transfer-Encoding: xchunked\r\n\r\n", 501)
        self.closes(post + json_type + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n", 415)
        self.closes(post + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415)
        self.closes(post + b"Content-Length: 2\r\n\r\n{}", 415)
        self.closes(post + json_type + b"Content-Length: 65537\r\n\r\n" + bytes(65537), 413)
        answer = self.front.post("/v1/getChallenge", body().ljust(65536))
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.front.post("/v1/getChallenge", b"").status, 400)
        answer = self.front.post("/v1/getChallenge", body(),
                                 fields="Content-Type: Application/JSON; charset=UTF-8\r\n")
        self.assertEqual(answer.status, 200)

    def test_routes(self):
        """row 99: unknown paths 404, other methods 405 with Allow, and the connection goes on"""
        with self.front.connect() as connection:
            for path in ("/", "//", "/v1", "/v1/getChallenge/", "/v1//ca", "/v1/%63a", "/v1/../v1/ca",
                         "/v1/%2e%2e/ca", "/V1/CA", "/v1/ca?", "/v1/getchallenge"):
                self.assertEqual(self.front.get(path, connection=connection).status, 404, path)
            for method in ("GET", "PUT", "DELETE", "TRACE", "OPTIONS", "get"):
                answer = self.front.exchange(f"{method} /v1/getChallenge HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
                                             connection=connection)
                self.assertEqual((answer.status, answer.fields["allow"]), (405, "post"), method)
            answer = self.front.exchange(b"POST /v1/ca HTTP/1.1\r\nHost: x\r\n\r\n", connection=connection)
            self.assertEqual((answer.status, answer.fields["allow"]), (405, "get, head"))

    def test_lying_length(self):
        """row 98: what is more than Content-Length is the next request; what is less waits in vain"""
        with self.front.connect() as connection:
            octets = body()
            connection.sendall(
                b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%sgarbage\r\n\r\n" % (len(octets), octets))
            self.assertEqual(stage.Answer(connection).status, 200)
            self.assertEqual(stage.Answer(connection).status, 400)
        self.assertEqual(len(self.front.received), 1)

    def test_pipelining(self):
        """pipelined requests are answered in order, one at a time"""
        octets = body()
        post = (b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(octets)) + octets
        with self.front.connect() as connection:
            connection.sendall((post + b"GET /v1/ca HTTP/1.1\r\nHost: x\r\n\r\n" +
                                b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n") * 10)
            statuses = [stage.Answer(connection).status for _ in range(30)]
        self.assertEqual(statuses, [200, 200, 404] * 10)

    def test_octet_by_octet(self):
        """a request that comes octet by octet is understood"""
        octets = body()
        post = (b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(octets)) + octets
        with self.front.connect() as connection:
            for i in range(len(post)):
                connection.sendall(post[i:i + 1])
            self.assertEqual(stage.Answer(connection).status, 200)

    def test_crumbs(self):
        """a request in thousands of records of one octet, each as dear as a full one, is cut off"""
        octets = body(csr=b64(bytes(2000)))
        post = (b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(octets)) + octets
        with self.front.connect() as connection, self.assertRaises(OSError):
            for i in range(len(post)):
                connection.sendall(post[i:i + 1])
            stage.Answer(connection)
        self.assertEqual(self.front.received, [])

    def test_keep_alive(self):
        """a connection carries several requests, at most 100, and ends by Connection: close"""
        with self.front.connect() as connection:
            for _ in range(99):
                self.assertFalse(self.front.get("/healthz", connection=connection).is_last)
            self.assertTrue(self.front.get("/healthz", connection=connection).is_last)
            self.assertLess(stage.is_closed(connection), 1)
        with self.front.connect() as connection:
            answer = self.front.exchange(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n",
                                         connection=connection)
            self.assertTrue(answer.is_last)


class Tls(FrontCase):
    config = "rate_per_prefix = 100000"

    def s_client(self, *options, text="GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.front.port}", "-CAfile", self.front.tls,
             "-ign_eof", *options], input=text.encode(), capture_output=True, timeout=15, check=False)
        return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")

    def test_version(self):
        """row 102: TLS 1.3 with X25519 and AES-128-GCM; 1.2 and below are refused"""
        told = self.s_client()
        for words in ("TLSv1.3", "X25519", "TLS_AES_128_GCM_SHA256", "HTTP/1.1 200", "Compression: NONE"):
            self.assertIn(words, told)
        for option in ("-tls1_2", "-tls1_1"):
            self.assertNotIn("HTTP/1.1", self.s_client(option))

    def test_no_resumption(self):
        """row 102: no ticket is given, so no session comes back and there is no early data"""
        told = self.s_client()
        self.assertNotIn("Post-Handshake New Session Ticket", told)
        self.assertNotIn("Max Early Data: 1", told)
        context = self.front.context()
        with self.front.connect(context) as connection:
            self.front.get("/healthz", connection=connection)
            session = connection.session
            self.assertFalse(session is not None and session.has_ticket)

    def test_no_client_certificate(self):
        """row 102: no client certificate is asked for"""
        self.assertIn("No client certificate CA names sent", self.s_client())

    def test_alpn(self):
        """http/1.1 is the one application protocol; h2 alone is refused"""
        context = self.front.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.front.connect(context) as connection:
            self.assertEqual(connection.selected_alpn_protocol(), "http/1.1")
        context.set_alpn_protocols(["h2"])
        with self.assertRaises(ssl.SSLError):
            self.front.connect(context).close()

    def test_garbage(self):
        """row 102: what is not TLS, or a ClientHello without end, ends the connection"""
        for octets in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(65536), bytes(1000),
                       b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(20000)):
            with socket.create_connection(("127.0.0.1", self.front.port)) as plain:
                try:
                    plain.sendall(octets)
                except OSError:
                    pass
                self.assertIsNotNone(stage.is_closed(plain))


class Slow(FrontCase):
    config = "rate_per_prefix = 100000"

    def dribble(self, connection, octets, ended):
        """One octet a second until the peer ends; how long it took."""
        begin = time.monotonic()
        try:
            for octet in octets:
                connection.sendall(bytes([octet]))
                connection.settimeout(1)
                try:
                    if not connection.recv(1):
                        break
                except TimeoutError:
                    pass
        except OSError:
            pass
        ended.append(time.monotonic() - begin)

    def test_slowloris(self):
        """row 100: whoever dribbles, in handshake, head, body or not at all, is closed within 10 s"""
        post = (b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 60000\r\n\r\n")
        plain = socket.create_connection(("127.0.0.1", self.front.port))
        line, fields, content, idle = [self.front.connect() for _ in range(4)]
        fields.sendall(post[:40])
        content.sendall(post)
        self.front.get("/healthz", connection=idle)
        ended = []
        ways = [(plain, b"\x16\x03\x01\x40\x00" + bytes(100)), (line, b"G" * 100), (fields, b"X" * 100),
                (content, b" " * 100)]
        threads = [threading.Thread(target=self.dribble, args=(way, octets, ended)) for way, octets in ways]
        for thread in threads:
            thread.start()
        closed_s = stage.is_closed(idle, 15)
        for thread in threads:
            thread.join()
        self.assertEqual(len(ended), 4)
        for taken_s in ended + [closed_s]:
            self.assertTrue(5 < taken_s < 10.5, (ended, closed_s))
        for connection in [plain, line, fields, content, idle]:
            connection.close()

    def test_slow_reader(self):
        """row 100: who does not read an answer is closed; the front's memory does not grow with it"""
        self.front.send_crl(bytes(8 * 1024 * 1024))
        time.sleep(0.2)
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", self.front.port))
        with self.front.connect(plain=plain) as connection:
            connection.sendall(b"GET /v1/crl HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            time.sleep(10.5)
            got = 0
            try:
                while more := connection.recv(65536):
                    got += len(more)
            except OSError:
                pass
        self.assertLess(got, 8 * 1024 * 1024)

    def test_readers_of_former_lists(self):
        """row 100: a list is held for its slow readers until the one after the next one comes"""
        size = 4 * 1024 * 1024
        readers = []
        for _ in range(3):
            self.front.send_crl(bytes(size))
            time.sleep(0.3)
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.connect(("127.0.0.1", self.front.port))
            connection = self.front.connect(plain=plain)
            connection.sendall(b"GET /v1/crl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            time.sleep(0.3)
            readers.append(connection)
        got = []
        for connection in readers:
            total = 0
            with connection, contextlib.suppress(OSError):
                while more := connection.recv(65536):
                    total += len(more)
            got.append(total > size)
        self.assertEqual(got, [False, True, True])

    def test_crowd(self):
        """row 100: beside 1000 slow connections a good client is served within a second"""
        crowd = []
        for _ in range(1000):
            plain = socket.create_connection(("127.0.0.1", self.front.port))
            plain.sendall(b"\x16\x03\x01")
            crowd.append(plain)
        times = []
        for _ in range(20):
            begin = time.monotonic()
            self.assertEqual(self.front.post("/v1/getChallenge", body()).status, 200)
            times.append(time.monotonic() - begin)
        for plain in crowd:
            plain.close()
        self.assertLess(max(times), 1)


class Descriptors(unittest.TestCase):
    def test_few(self):
        """row 110: with few descriptors the slowest make room, and good clients are served"""
        front = stage.Front("rate_per_prefix = 100000", descriptors=64)
        self.addCleanup(front.stop)
        crowd = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(100)]
        for _ in range(5):
            self.assertEqual(front.get("/healthz").status, 200)
        for plain in crowd:
            plain.close()
        self.assertIsNone(front.process.poll())


class Verifier(unittest.TestCase):
    def start(self, config="rate_per_prefix = 100000"):
        front = stage.Front(config)
        self.addCleanup(front.stop)
        return front

    def test_silent(self):
        """row 141: a verifier that does not answer: 503 after 5 s; its late answer finds nobody"""
        front = self.start()
        front.reply = lambda request, found: []
        begin = time.monotonic()
        with front.connect() as connection:
            answer = front.post("/v1/getChallenge", body(), connection=connection)
            self.assertEqual(answer.status, 503)
            self.assertTrue(4.5 < time.monotonic() - begin < 6.5)
            self.assertIn("retry-after", answer.fields)
            late = front.received[0]["request"]
            front.upstream.send(stage.frame(stage.ANSWER, late, stage.challenge()))
            front.reply = front.default_reply
            self.assertEqual(front.post("/v1/getChallenge", body(), connection=connection).status, 200)

    def test_in_flight(self):
        """more than 64 requests in flight: 503 at once for what is over"""
        front = self.start()
        front.reply = lambda request, found: []
        waiting = []
        for _ in range(64):
            connection = front.connect()
            octets = body()
            connection.sendall(b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
                               b"\r\nContent-Length: %d\r\n\r\n%s" % (len(octets), octets))
            waiting.append(connection)
        while len(front.received) < 64:
            time.sleep(0.02)
        begin = time.monotonic()
        self.assertEqual(front.post("/v1/getChallenge", body()).status, 503)
        self.assertLess(time.monotonic() - begin, 1)
        for connection in waiting:
            connection.close()

    def test_taken(self):
        """row 140: a verifier that sends what no honest one sends ends the front"""
        wrong = {
            "another kind": lambda request: stage.frame(stage.ANSWER, request, stage.certificate()),
            "unknown check": lambda request: stage.frame(stage.ANSWER, request, stage.refusal(999)),
            "trailing": lambda request: stage.frame(stage.ANSWER, request, stage.challenge() + b"x"),
            "no answer": lambda request: stage.frame(stage.EVIDENCE, request, b""),
            "short": lambda request: b"\x00\x03",
            "escape in saw": lambda request: stage.frame(
                stage.ANSWER, request, stage.refusal(25, "\x1b[2J")),
        }
        for name, make in wrong.items():
            with self.subTest(name):
                front = self.start()
                front.reply = lambda request, found, make=make: [make(request)]
                try:
                    front.post("/v1/getChallenge", body())
                except (AssertionError, OSError):
                    pass
                self.assertEqual(front.has_ended(), 1, front.log())
                self.assertIn("a peer is taken", front.log())

    def test_not_utf8(self):
        """a certificate that is no text ends the front too"""
        front = self.start()
        front.reply = lambda request, found: [stage.frame(
            stage.ANSWER, request, stage.certificate(b"\xff\xfe"))]
        try:
            front.post("/v1/getCertificate", body(challenge=b64(bytes(53)), ticket=b64(bytes(32))))
        except (AssertionError, OSError):
            pass
        self.assertEqual(front.has_ended(), 1, front.log())


class Quota(unittest.TestCase):
    def test_rate(self):
        """row 106: what is over the rate is 429 with a Retry-After, and the rest goes on"""
        front = stage.Front("rate_per_prefix = 30")
        self.addCleanup(front.stop)
        with front.connect() as connection:
            answers = [front.get("/healthz", connection=connection) for _ in range(40)]
        statuses = [answer.status for answer in answers]
        self.assertIn(statuses.count(200), (29, 30, 31))
        self.assertEqual(set(statuses), {200, 429})
        waits = [int(answer.fields["retry-after"]) for answer in answers if answer.status == 429]
        self.assertTrue(all(1 <= wait <= 10 for wait in waits), waits)
        time.sleep(2.5)
        self.assertEqual(front.get("/healthz").status, 200)

    def test_log_is_bounded(self):
        """a flood of refusals does not fill the log"""
        front = stage.Front("rate_per_prefix = 100000")
        self.addCleanup(front.stop)
        for _ in range(10):
            with front.connect() as connection:
                for _ in range(99):
                    self.assertEqual(front.get("/x", connection=connection).status, 404)
        self.assertLess(len(front.log().splitlines()), 250)


class Supervisor(unittest.TestCase):
    def start(self, *arguments, **how):
        front = stage.Front(*arguments, **how)
        self.addCleanup(front.stop)
        return front

    def test_nothing_before_commit(self):
        """nothing is accepted before the commit"""
        front = self.start(commit=False)
        with socket.create_connection(("127.0.0.1", front.port)) as plain:
            plain.sendall(b"x")
            self.assertIsNone(stage.is_closed(plain, 1))

    def test_refused_load(self):
        """a broken load is refused with a line; the former one stays in force"""
        front = self.start()
        front.item(stage.CONFIGURATION, b"[front]\nworkers = many\n")
        kind, why = front.end_load()
        self.assertEqual(kind, stage.LOAD_REFUSED)
        self.assertIn("line 2", why)
        other, other_key = stage.make_certificate(front.folder, "other")
        own, own_key = front.tls, front.key
        front.key = other_key
        front.load()
        kind, why = front.end_load()
        self.assertEqual((kind, why), (stage.LOAD_REFUSED,
                         "TLS: the TLS key does not belong to the TLS certificate"))
        front.tls, front.key = own_key, own_key
        front.load()
        self.assertEqual(front.end_load()[0], stage.LOAD_REFUSED)
        front.tls = own
        self.assertEqual(front.get("/healthz").status, 200)

    def test_reload(self):
        """a new certificate and configuration serve new connections; open ones go on"""
        front = self.start()
        with front.connect() as before:
            front.tls, front.key = stage.make_certificate(front.folder, "second")
            front.load("explain = yes")
            self.assertEqual(front.end_load()[0], stage.LOADED)
            front.control.send(stage.frame(stage.ABANDON))
            front.reload("explain = yes")
            self.assertEqual(front.get("/healthz", connection=before).status, 200)
            front.reply = lambda request, _: [stage.frame(stage.ANSWER, request, stage.refusal(25))]
            with front.connect() as after:
                found = json.loads(front.post("/v1/getChallenge", body(), connection=after).body)
        self.assertEqual(found["reason"], "E_CSR_KEY")

    def test_tls12(self):
        """tls = 1.2 permits TLS 1.2 as well, without tickets or resumption"""
        front = self.start("tls = 1.2")
        context = front.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with front.connect(context) as connection:
            self.assertEqual(connection.version(), "TLSv1.2")
            self.assertEqual(front.get("/healthz", connection=connection).status, 200)
            session = connection.session
            self.assertFalse(session.has_ticket)
        plain = socket.create_connection(("127.0.0.1", front.port))
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            self.assertFalse(connection.session_reused)

    def test_stop(self):
        """stop: the request in hand is answered, nothing new is taken, exit 0"""
        front = self.start()
        seen = threading.Event()

        def slow(request, found):
            seen.set()
            time.sleep(1)
            return front.default_reply(request, found)

        front.reply = slow
        idle = front.connect()
        with front.connect() as connection:
            octets = body()
            connection.sendall(b"POST /v1/getChallenge HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
                               b"\r\nContent-Length: %d\r\n\r\n%s" % (len(octets), octets))
            seen.wait(5)
            front.control.send(stage.frame(stage.STOP))
            self.assertEqual(stage.Answer(connection).status, 200)
            self.assertLess(stage.is_closed(connection), 1)
        self.assertLess(stage.is_closed(idle), 1)
        self.assertEqual(front.has_ended(), 0, front.log())

    def test_stop_is_bounded(self):
        """stop: a peer that will not end is cut off after 5 s"""
        front = self.start()
        with front.connect() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost")
            time.sleep(0.2)
            front.control.send(stage.frame(stage.STOP))
            self.assertEqual(front.has_ended(7), 0, front.log())

    def test_supervisor_gone(self):
        """without its supervisor the front ends"""
        front = self.start()
        front.control.close()
        self.assertEqual(front.has_ended(), 1)

    def test_taken_supervisor(self):
        """a frame that is none of the supervisor's ends the front"""
        for message in (b"x", stage.frame(99), stage.frame(stage.LOAD, 0, b"\x63"),
                        stage.frame(stage.LOAD, 0, b"\x02"), stage.frame(stage.COMMIT),
                        stage.frame(stage.CRL, 0, b"\x00")):
            with self.subTest(message):
                front = self.start()
                front.control.send(message)
                self.assertEqual(front.has_ended(), 1)


class Sandbox(unittest.TestCase):
    def test_state(self):
        """in force it has seccomp, no new privileges, is not dumpable, has no descriptor too many"""
        front = stage.Front()
        self.addCleanup(front.stop)
        status = Path(f"/proc/{front.process.pid}/status").read_text()
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("NoNewPrivs:\t1", status)
        time.sleep(0.5)  # The connection that asked for /healthz is gone then.
        folder = f"/proc/{front.process.pid}/fd"
        numbers = [(name, os.readlink(f"{folder}/{name}")) for name in os.listdir(folder)]
        # 0 to 2, two channels, the loop and its pipe, ring and listening socket.
        self.assertLessEqual(len(numbers), 10, numbers)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_user(self):
        """started as root it becomes its own user and serves as that"""
        front = stage.Front(uid=61151)
        self.addCleanup(front.stop)
        status = Path(f"/proc/{front.process.pid}/status").read_text()
        self.assertIn("Uid:\t61151\t61151\t61151\t61151", status)
        self.assertEqual(front.post("/v1/getChallenge", body()).status, 200)
        self.assertEqual(front.post("/v1/getChallenge", b"{").status, 400)
        self.assertNotIn("cannot be written", front.log())

    def test_usage(self):
        """started by hand it says who starts it"""
        done = subprocess.run([stage.FRONT], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"genuine-ca serve", done.stderr)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    tap.main()
