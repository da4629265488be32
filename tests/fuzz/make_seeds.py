#!/usr/bin/env python3
"""make_seeds.py: makes the seeds of all fuzz targets anew: tests/fuzz/corpus and tests/fuzz/fixed.

    tests/fuzz/make_seeds.py BUILD

Text is written here; binary forms by our own writers (make_seeds, make_device_seeds of BUILD); the
responses of a TPM are recorded from swtpm. Keys are new each time. What the fuzzer found stays: only
files of the same names are replaced. Real EK certificates are never written here: `make fuzz` adds
those of GENUINE_TEST_DATA at run time.
"""

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
EK_CHAIN_FIRST = 0x01C00100  # the NV indices of an EK chain, as in endorsement_key.c
sys.path.insert(0, str(HERE.parent / "integration"))


def seed(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def b64(octets):
    return base64.b64encode(octets).decode()


def lines(*text):
    return "\r\n".join(text) + "\r\n\r\n"


def encodings():
    for name, text in {"empty": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foobar": "Zm9vYmFy",
                       "trailing-bits": "Zh==", "no-padding": "Zg", "url": "_-8=", "space": "Zg ==",
                       "padding-inside": "Zg==Zg==", "long": b64(bytes(range(256)))}.items():
        seed("base64", name, text)
    for name, text in {"lower": "00ff", "upper": "00FF", "odd": "0", "sign": "+1", "prefix": "0x00",
                       "long": bytes(range(256)).hex()}.items():
        seed("hexadecimal", name, text)


def heads():
    host = "Host: ca.example:8443"
    json_type = "Content-Type: application/json"
    for name, head in {
            "challenge": lines("POST /v1/challenge HTTP/1.1", host, json_type, "Content-Length: 3000",
                               "User-Agent: genuine-device/0.1.0", "Accept: */*"),
            "certificate": lines("POST /v1/certificate HTTP/1.1", host, json_type,
                                 "Content-Length: 65536", "Connection: close"),
            "get": lines("GET /v1/ca HTTP/1.1", host), "head": lines("HEAD /v1/crl HTTP/1.1", host),
            "health": lines("GET /v1/health HTTP/1.1", host, "Connection: keep-alive, close"),
            "chunked": lines("POST /v1/challenge HTTP/1.1", host, "Transfer-Encoding: chunked"),
            "smuggled": lines("POST / HTTP/1.1", host, "Content-Length: 5",
                              "Transfer-Encoding: chunked"),
            "two-lengths": lines("POST / HTTP/1.1", host, "Content-Length: 5", "Content-Length: 5"),
            "folded": lines("GET / HTTP/1.1", host, "X: a", " b"),
            "space-before-colon": lines("GET / HTTP/1.1", "Host : a"),
            "bare-lf": "GET / HTTP/1.1\nHost: a\n\n", "absolute": lines("GET http://a/ HTTP/1.1", host),
            "expect": lines("POST / HTTP/1.1", host, "Expect: 100-continue"),
            "gzip": lines("POST /v1/challenge HTTP/1.1", host, json_type, "Content-Encoding: gzip",
                          "Content-Length: 9"),
            "many": lines("GET / HTTP/1.1", host, *["X: y"] * 101)}.items():
        seed("http_head", name, head)


def requests():
    octets = b64(b"octets")
    challenge = {"csr": octets, "ikPublic": octets, "ekPublic": octets, "ekCertificate": octets,
                 "ekChain": [octets, octets], "profile": "device"}
    certificate = challenge | {"challenge": octets, "ticket": b64(bytes(32))}
    for name, act, body in [
            ("challenge", b"\1", challenge), ("certificate", b"\0", certificate),
            ("least", b"\1", {key: octets for key in ("csr", "ikPublic", "ekPublic")}),
            ("null", b"\1", challenge | {"ekCertificate": None}),
            ("number", b"\1", challenge | {"csr": 1e308}),
            ("unknown", b"\1", challenge | {"more": True}),
            ("deep", b"\1", challenge | {"ekChain": [[[[[]]]]]}), ("array", b"\1", [])]:
        seed("request_json", name, act + json.dumps(body).encode())
    seed("request_json", "duplicate", b'\1{"csr":"","csr":""}')
    seed("request_json", "escapes", b'\1{"csr":"\\u0000\\ud800\\"\\/","profile":"\xc3\xa4"}')


def ca_answers():
    for name, body in {
            "challenge": {"credential": b64(bytes(100)), "challenge": b64(bytes(53))},
            "certificate": {"certificate": "-----BEGIN CERTIFICATE-----\nAA==\n", "chain": ""},
            "problem": {"type": "about:blank", "title": "Forbidden", "status": 403,
                        "detail": "tab\tand ä", "reference": "0c6f2b8e41d7a935"},
            "wrong-types": {"credential": 1, "challenge": [], "detail": {}}}.items():
        seed("ca_answer", name, json.dumps(body))
    seed("ca_answer", "duplicate", '{"chain":"","chain":"","certificate":""}')


def configurations():
    everything = """# a comment
[ca]
name = Example
laboratory = no
crl_url = http://ca.example/v1/crl
issuer_url = http://ca.example/v1/ca
crl_days = 7
hosts = ca.example, 192.0.2.1, 2001:db8::1
[front]
listen = [::]:8443
workers = 2
tls = 1.2
explain = yes
rate_per_prefix = 600
rate_all = 60000
[endorsement]
trust = both
expiry = warn
accept = L-1, L-2, H-3
[identity]
binding = manifest
serial_pattern = SN-[0-9]{4}
rekey = supersede
overlap = 24h
[identity-key]
accept = p256, rsa2048
[process]
uid_base = 61150
[profile device]
organization = Example
organizational_unit = Line 1
validity_days = 365
hardware_module_type = 1.3.6.1.4.1.311
uri = urn:example:{serial}
dns = {serial}.example.com
"""
    seed("configuration", "everything", everything)
    for number, line in enumerate(everything.splitlines()):
        if "=" in line:
            section = next(above for above in reversed(everything.splitlines()[:number])
                           if above.startswith("["))
            seed("configuration", f"line-{number}", f"[ca]\nname = A\n{section}\n{line}\n"
                 if section != "[ca]" else f"[ca]\n{line}\n")
    for name, text in {"least": "[ca]\nname = A\n", "twice": "[ca]\nname = A\nname = B\n",
                       "unknown": "[ca]\nname = A\nmore = 1\n", "no-section": "name = A\n",
                       "not-utf8": b"[ca]\nname = \xff\n", "crlf": "[ca]\r\nname = A\r\n",
                       "first": "[ca]\nname=A\n[identity]\nbinding = first\nexpected = e.txt\n",
                       "pattern": "[ca]\nname=A\n[identity]\nserial_pattern = ((a*)*)*{9}\n",
                       "two-profiles": "[ca]\nname=A\n[profile device]\norganization=A\n"
                                       "[profile vpn]\norganization=B\n"}.items():
        seed("configuration", name, text)


def manifests(area):
    ek_id = "ab" * 32
    for name, text in {
            "csv": f"serial,ek_id,profile,group\nSN-1,{ek_id},device,g\n# c\n\nSN-2,{ek_id.upper()},,\n",
            "csv-public": f"ek_public,serial\n{b64(area)},SN-1\n",
            "csv-quoted": f'serial,ek_id\n"SN-1",{ek_id}\n', "csv-short": "serial,ek_id\nSN-1\n",
            "csv-header": "serial,serial\n", "crlf": "serial,ek_id\r\n", "bom": "\ufeffserial,ek_id\n",
            "json": json.dumps({"serial": "SN-1", "ek_id": ek_id}) + "\n"
                    + json.dumps({"ek_public": b64(area), "group": "ä"}) + "\n",
            "json-two": json.dumps({"ek_id": ek_id, "ek_public": ""}) + "\n",
            "json-wrong": '{"ek_id":1}\n', "json-twice": '{"ek_id":"","ek_id":""}\n'}.items():
        seed("manifest", name, text)
    certificate = next((CORPUS / "ek_certificate").glob("of-root")).read_bytes()
    seed("manifest", "csv-certificate", f"ek_certificate,serial\n{b64(certificate)},SN-1\n")
    seed("nv_certificate", "bare", certificate + b"\xff" * 100)
    seed("nv_certificate", "chain", certificate * 2 + bytes(10))
    header = b"\x10\x01\x00" + (len(certificate) + 2).to_bytes(2, "big")
    seed("nv_certificate", "short-header", header + certificate)
    seed("nv_certificate", "full-header", header + b"\x10\x02" + certificate + b"\x00\xff")
    for marks in ("ek-only,hints,sha1,manufacturer=IFX,manufacturer=53544D20", "unknown", ""):
        root = (HERE / "fixed" / "root.der").read_bytes()
        crl = (CORPUS / "trust_import" / "list").read_bytes().removeprefix(root)
        pem = f"-----BEGIN CERTIFICATE-----\n{b64(root)}\n-----END CERTIFICATE-----\n"
        seed("trust_import", f"marks-{len(marks)}", f"marks: {marks}\n{pem}")
        seed("trust_import", f"marks-{len(marks)}-list", f"marks: {marks}\n{pem}".encode() + crl)
    seed("trust_import", "marks-alone", "ek-only,sha1,manufacturer=INTC")


def device_states():
    whole = {"version": 1, "ca": "https://ca.example:8443", "serial": "SN-0001", "profile": "device",
             "handle": "0x81020002", "parent": "0x81000001", "ek": "L-1", "ek_id": "ab" * 32}
    seed("state", "whole", json.dumps(whole))
    seed("state", "least", '{"version":1}')
    for name, change in {"handle": {"handle": "0x81000001"}, "url": {"ca": "http://a"},
                         "serial": {"serial": "-"}, "ek": {"ek": "L-9"}, "version": {"version": 2},
                         "type": {"serial": 1}}.items():
        seed("state", "wrong-" + name, json.dumps(whole | change))


def others():
    seed("expected", "some", "# a comment\nSN-0001\n\nSN-0002\n")
    seed("expected", "wrong", "SN-0001\nsn\n")
    seed("expected", "no-end", "SN-0001")
    for name, text in {"comment": "# c\n", "wrong": "current 00 11\n", "no-current": "former a b 1\n"}.items():
        seed("ticket_keys", name, text)
    for name, octets in {
            "null": "0500", "sequence": "30030101ff", "indefinite": "30800000", "long-length": "308100",
            "padded-integer": "02020001", "negative": "0201ff", "set": "3106020101020102",
            "set-unordered": "3106020102020101", "bits": "03020780", "bits-wrong": "03020701",
            "oid": "06032b0601", "oid-padded": "06028001", "utc": "170d3236313132333130323033305a",
            "high-tag": "1f8101", "private": "c00100", "context": "a003020100",
            "deep": "3020301e301c301a30183016301430123010300e300c300a300830063004300230000500"}.items():
        seed("der", name, bytes.fromhex(octets))


def of_programs(build):
    for program in (["make_seeds", HERE], ["make_device_seeds", HERE, "certificates"]):
        subprocess.run([build / "tests" / "fuzz" / program[0], *program[1:]], check=True)


def of_tpms(build):
    """Two TPMs, whose persistent EK is RSA or P-256; one without certificates, and with a chain."""
    from genuine_test.tpm import Tpm
    from genuine_test.vendor import Vendor

    def record(tpm, what, name):
        subprocess.run([build / "tests" / "fuzz" / "make_device_seeds", HERE, what, name],
                       check=True, env=tpm.env)

    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        vendor = Vendor(scratch / "vendor")
        for algorithm in ("rsa", "ecc"):
            tpm = Tpm(scratch / algorithm, vendor)
            record(tpm, "endorsement_key", f"persistent-{algorithm}")
            tpm.tool("tpm2_evictcontrol", "-C", "o", "-c", "0x81010001")
            record(tpm, "endorsement_key", f"made-{algorithm}")
            tpm.tool("tpm2_createek", "-c", "0x81010001", "-G", algorithm, "-u", scratch / "ek.pub")
            record(tpm, "identity_key", f"new-{algorithm}")
            record(tpm, "activation", f"honest-{algorithm}")
            record(tpm, "identity_key", f"handle-taken-{algorithm}")
            tpm.stop()
        tpm = Tpm(scratch / "bare", None)
        record(tpm, "endorsement_key", "bare-persistent")
        tpm.tool("tpm2_evictcontrol", "-C", "o", "-c", "0x81010001")
        record(tpm, "endorsement_key", "bare-made")
        tpm.write_certificate(EK_CHAIN_FIRST, HERE / "fixed" / "intermediate.der")
        tpm.write_certificate(EK_CHAIN_FIRST + 1, HERE / "fixed" / "root.der")
        record(tpm, "endorsement_key", "bare-with-chain")
        tpm.stop()


def main():
    build = Path(sys.argv[1])
    of_programs(build)
    encodings()
    heads()
    requests()
    ca_answers()
    configurations()
    manifests((CORPUS / "tpm2b_public" / "template-1").read_bytes())
    device_states()
    others()
    of_tpms(build)


if __name__ == "__main__":
    main()
