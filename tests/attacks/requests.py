"""Group E: the certification request."""

import random

from attacker import certificates, csr, der, keys
from attacker.csr import (CHALLENGE_PASSWORD, COMMON_NAME, EXTENSION_REQUEST, ORGANIZATION,
                          SERIAL_NUMBER, attribute, body, printable, request, signed, subject,
                          utf8)
from attacker.keys import RSA_WITH, EccKey, RsaKey, pss_algorithm, rsa_spki
from catalogue import ACCEPTED, Try, row


def tried(device, forms, check):
    """A Try for each named CSR of a device."""
    honest = device.evidence()
    return [Try(what, honest.but(csr=octets), check) for what, octets in forms.items()]


@row(65, "signatures that are wrong, of another key, over something else, of another form")
def signatures(stage, verdict):
    device, other = stage.device(), EccKey()
    info, algorithm = body(device.ik, subject(device.serial)), device.ik.algorithm()
    n = device.ik.curve.n
    r, s = device.ik.numbers(info)

    def pair(a, b):
        return signed(info, algorithm, der.sequence(der.integer(a), der.integer(b)))

    good = device.ik.sign(info)
    forms = {
        "another key's": signed(info, algorithm, other.sign(info)),
        "over another request": signed(info, algorithm, device.ik.sign(info + b"\x00")),
        "over the digest": signed(info, algorithm, device.ik.sign(csr.digest(info))),
        "one bit off": signed(info, algorithm, good[:-1] + bytes([good[-1] ^ 1])),
        "empty": signed(info, algorithm, b""), "cut": signed(info, algorithm, good[:-1]),
        "an octet behind": signed(info, algorithm, good + b"\x00"),
        "r = 0": pair(0, s), "s = 0": pair(r, 0), "both 0": pair(0, 0), "r = n": pair(n, s),
        "s = n": pair(r, n), "r + n": pair(r + n, s), "s + n": pair(r, s + n), "-r": pair(-r, s),
        "-s": pair(r, -s), "1, 1": pair(1, 1), "exchanged": pair(s, r),
        "SHA-384 under ecdsa-with-SHA256": signed(info, algorithm, device.ik.sign(info, "sha384")),
        "r with a zero in front": signed(info, algorithm, der.sequence(
            der.tlv(der.INTEGER, b"\x00\x00" + r.to_bytes(32, "big")), der.integer(s))),
    }
    tries = tried(device, forms, "CSR_SIGNATURE")
    rsa = stage.device(template="L-1", ik=2048)
    info, algorithm, key = body(rsa.ik, subject(rsa.serial)), rsa.ik.algorithm(), rsa.ik
    padded = key.padded(info)
    digest_info = padded[-51:]
    forms = {
        "another key's": signed(info, algorithm, RsaKey().sign(info)),
        "garbage behind the digest (Bleichenbacher 2006)": signed(info, algorithm, key.raw(
            b"\x00\x01" + b"\xff" * 8 + b"\x00" + digest_info + bytes(256 - 11 - 51))),
        "no NULL in DigestInfo": signed(info, algorithm, key.raw(key.padded(
            info, parameters=b""))),
        "block type 2": signed(info, algorithm, key.raw(b"\x00\x02" + padded[2:])),
        "padding not ff": signed(info, algorithm, key.raw(
            padded[:5] + b"\xfe" + padded[6:])),
        "SHA-1's DigestInfo": signed(info, algorithm, key.sign(info, "sha1")),
        "0": signed(info, algorithm, bytes(256)), "1": signed(
            info, algorithm, bytes(255) + b"\x01"),
        "n and more": signed(info, algorithm, (int.from_bytes(key.sign(info), "big")
                                               + key.modulus).to_bytes(257, "big")),
        "a zero in front": signed(info, algorithm, b"\x00" + key.sign(info)),
        "shorter": signed(info, algorithm, key.sign(info)[:-1]),
        "PSS under sha256WithRSAEncryption": signed(info, algorithm, key.sign_pss(info)),
        "PKCS #1 under RSASSA-PSS": signed(info, pss_algorithm(), key.sign(info)),
        "PSS with another salt's length": signed(
            info, pss_algorithm(salt_len=32), key.sign_pss(info, salt_len=20)),
    }
    verdict.evidence(stage.target(), tries + tried(rsa, forms, "CSR_SIGNATURE"))


@row(66, "SHA-1, MD5, unequal hashes, two algorithms, an algorithm of another type of key")
def algorithms(stage, verdict):
    device, rsa = stage.device(), stage.device(template="L-1", ik=2048)
    tries = []
    for digest in ("sha1", "sha224"):
        tries += tried(device, {digest: device.csr(digest=digest)}, "CSR_ALGORITHM")
    for digest in ("md5", "sha1", "sha224"):
        tries += tried(rsa, {digest: rsa.csr(digest=digest)}, "CSR_ALGORITHM")
    ecc_info, rsa_info = body(device.ik, subject(device.serial)), body(rsa.ik, subject(rsa.serial))
    names = {"RSA's": rsa.ik.algorithm(), "PSS": pss_algorithm(), "Ed25519": der.sequence(
        der.oid("1.3.101.112")), "the key's OID": der.sequence(der.oid(keys.EC_PUBLIC_KEY)),
        "ecdsa-with-SHA3-256": der.sequence(der.oid("2.16.840.1.101.3.4.3.10")),
        "parameters": der.sequence(der.oid(keys.ECDSA_WITH["sha256"]), der.oid("1.2.3")),
        "ecdsa-with-Specified": der.sequence(der.oid("1.2.840.10045.4.3"), der.sequence(
            der.oid(keys.DIGEST_OIDS["sha256"])))}
    tries += tried(device, {what: signed(ecc_info, name, device.ik.sign(ecc_info))
                            for what, name in names.items()}, "CSR_ALGORITHM")
    sign = rsa.ik.sign
    names = {"ECDSA's": device.ik.algorithm(), "no NULL": der.sequence(
        der.oid(RSA_WITH["sha256"])), "rsaEncryption": der.sequence(
            der.oid(keys.RSA_ENCRYPTION), der.null()),
        "PSS, unequal hashes": pss_algorithm("sha256", "sha384"),
        "PSS, SHA-1": pss_algorithm("sha1"), "PSS, default parameters": der.sequence(
            der.oid(keys.RSASSA_PSS), der.sequence()),
        "PSS, no parameters": der.sequence(der.oid(keys.RSASSA_PSS)),
        "PSS, salt of -1": pss_algorithm(salt_len=-1),
        "PSS, salt of 65536": pss_algorithm(salt_len=65536)}
    tries += tried(rsa, {what: signed(rsa_info, name, sign(rsa_info))
                         for what, name in names.items()}, "CSR_ALGORITHM")
    verdict.evidence(stage.target(), tries)


@row(67, "the CSR's key is another than the IK, or the IK spelt otherwise")
def other_keys(stage, verdict):
    device, rsa = stage.device(), stage.device(template="L-1", ik=2048)
    n, ik = rsa.ik.modulus, device.ik
    null_in_ecc = der.sequence(der.sequence(
        der.oid(keys.EC_PUBLIC_KEY), der.oid(ik.curve.oid), der.null()),
        der.bit_string(b"\x04" + b"".join(ik.coordinates())))
    ecc = {"another key": request(EccKey(), device.serial), "an RSA key": request(
        RsaKey(), device.serial), "the EK": request(device.ek, device.serial),
        "an octet more in the curve": request(ik, device.serial, spki=null_in_ecc)}
    # ECDSA's algorithm beside a key of the other kind is refused a check earlier.
    tries = tried(device, {k: v for k, v in ecc.items() if k != "an RSA key"}, "CSR_KEY")
    tries += tried(device, {"an RSA key": ecc["an RSA key"]}, "CSR_ALGORITHM")
    forms = {"another modulus": request(RsaKey(), rsa.serial),
             "exponent 3": request(rsa.ik, rsa.serial, spki=rsa_spki(n, 3)),
             "exponent 65539": request(rsa.ik, rsa.serial, spki=rsa_spki(n, 65539)),
             "RSAES-OAEP's identifier": request(rsa.ik, rsa.serial, spki=rsa_spki(
                 n, algorithm="1.2.840.113549.1.1.7")),
             "RSASSA-PSS's identifier": request(rsa.ik, rsa.serial, spki=rsa_spki(
                 n, algorithm=keys.RSASSA_PSS)),
             "no NULL": request(rsa.ik, rsa.serial, spki=der.sequence(
                 der.sequence(der.oid(keys.RSA_ENCRYPTION)), der.bit_string(
                     der.sequence(der.integer(n), der.integer(65537))))),
             "-n": request(rsa.ik, rsa.serial, spki=rsa_spki(n - (1 << 2048)))}
    verdict.evidence(stage.target(), tries + tried(rsa, forms, "CSR_KEY") + unused_bits(device))


def key_ending_in(bits):
    """A key whose last coordinate ends in these bits; those of 0 may be called unused."""
    while True:
        key = EccKey()
        if f"{key.point[1]:b}".endswith(bits):
            return key


def unused_bits(device):
    """Keys whose BIT STRING has the right octets and calls the last bits unused; one that has eight
    such bits, or bits that are set, is none (X.690, 8.6.2.2, 11.2.1)."""
    tries = []
    for unused, bits, check in ((1, "0", "CSR_KEY"), (3, "000", "CSR_KEY"), (1, "1", "CSR_DER"),
                                (3, "100", "CSR_DER"), (8, "0", "CSR_DER"), (255, "0", "CSR_DER")):
        key = key_ending_in(bits)
        other = device.with_ik(key)
        spki = der.sequence(
            der.sequence(der.oid(keys.EC_PUBLIC_KEY), der.oid(key.curve.oid)),
            der.bit_string(b"\x04" + b"".join(key.coordinates()), unused))
        tries += tried(other, {f"{unused} unused bits of {bits}": request(
            key, device.serial, spki=spki)}, check)
    return tries


def long_length(octets):
    """The first length in one octet more than it needs."""
    tag, content, _ = der.take(octets)
    count = len(content).to_bytes(3, "big")
    return bytes([tag, 0x83]) + count + content


@row(68, "other encodings of the same CSR; cut, followed, nested")
def encodings(stage, verdict):
    device = stage.device()
    good = device.csr()
    tag, content, _ = der.take(good)
    info, algorithm, signature = der.values(content)
    inner = der.tlv(*info), der.tlv(*algorithm), der.tlv(*signature)
    forms = {
        "a longer length": long_length(good),
        "a longer length inside": der.sequence(long_length(inner[0]), *inner[1:]),
        "an indefinite length": b"\x30\x80" + content + b"\x00\x00",
        "a zero behind": good + b"\x00", "twice": good * 2, "cut": good[:-1],
        "a high tag number": b"\x3f\x1f" + good[1:], "empty": b"\x30\x00" * 2,
        "PEM": b"-----BEGIN CERTIFICATE REQUEST-----\n", "one octet": b"0",
        "length of 2^31": b"\x30\x84\x80\x00\x00\x00", "length of 9 octets": b"\x30\x89" + bytes(9),
        "deep": b"".join(b"\x30" + der.length(n) for n in range(4000, 0, -4)),
        "an INTEGER of 8000 octets that is cut": b"\x30\x82\x1f\x44\x02\x82\x1f\x40" + bytes(7990),
        "a padded INTEGER": signed(
            der.sequence(der.tlv(der.INTEGER, b"\x00\x00"), *(
                der.tlv(*part) for part in der.values(info[1])[1:])), inner[1], signature[1][1:]),
        "a BOOLEAN of 01": der.sequence(der.tlv(der.BOOLEAN, b"\x01"), *inner),
        "a NULL with an octet": der.sequence(b"\x05\x01\x00", *inner),
        "an OID with a padded number": der.sequence(b"\x06\x03\x2a\x80\x01", *inner),
    }
    tries = tried(device, forms, "CSR_DER")
    tries += tried(device, {f"cut at {at}": good[:at] for at in stage.some(
        range(1, len(good)), 8)}, "CSR_DER")
    signed_bits = signature[1][1:]
    fields = [der.tlv(*part) for part in der.values(info[1])]
    form = {"version 1": request(device.ik, device.serial, version=1),
            "version 255": request(device.ik, device.serial, version=255),
            "version -1": request(device.ik, device.serial, version=-1),
            "a SEQUENCE": der.sequence(), "a NULL": der.null(), "no attributes": signed(
                der.sequence(*fields[:3]), inner[1], signed_bits),
            "a field more": der.sequence(*inner, der.null()),
            "fields exchanged": der.sequence(inner[1], inner[0], inner[2]),
            "a certificate": device.ek_certificate,
            "unused bits in the signature": signed(inner[0], inner[1], signed_bits[:-1] + b"\x00",
                                                   unused=1)}
    tries += tried(device, form, "CSR_FORM")
    asks = attribute(EXTENSION_REQUEST, der.sequence())
    wrong = {"challengePassword": [attribute(CHALLENGE_PASSWORD, utf8("x"))],
             "an unknown one": [attribute("1.2.3.4", der.null())],
             "one of each": [asks, attribute(CHALLENGE_PASSWORD, utf8("x"))]}
    tries += tried(device, {what: request(device.ik, device.serial, attributes=sorted(found))
                            for what, found in wrong.items()}, "CSR_ATTRIBUTES")
    unsorted = [(ORGANIZATION, utf8("o")), (COMMON_NAME, utf8("c"))]
    tries += tried(device, {"a SET that is not sorted": request(device.ik, name=der.name(
        [(SERIAL_NUMBER, printable(device.serial))], unsorted))}, "CSR_DER")
    verdict.evidence(stage.target(), tries)


def wanted_extensions():
    """What a request might ask for: none of it is granted."""
    def san(tag, octets):
        return certificates.extension(certificates.SUBJECT_ALTERNATIVE_NAME, der.sequence(
            der.context(tag, octets, constructed=tag in (0, 4))))

    constraints, usage = certificates.basic_constraints, certificates.key_usage
    purpose, any_of = certificates.extended_key_usage, certificates.extension
    return {
        "cA TRUE": constraints(True), "pathLen": constraints(True, 5),
        "keyCertSign": usage(5), "cRLSign": usage(6), "all uses": usage(0, 1, 2, 3, 4, 5, 6),
        "any purpose": purpose(certificates.ANY_EKU), "serverAuth": purpose(
            certificates.SERVER_AUTH), "AIK": purpose(certificates.TCG_KP_AIK),
        "DNS": san(2, b"*.example"), "IP": san(7, b"\x7f\x00\x00\x01"),
        "URI": san(6, b"spiffe://example/admin"), "mail": san(1, b"root@example"),
        "otherName": san(0, der.oid("1.2.3") + der.context(0, utf8("admin"))),
        "directoryName": san(4, der.name([(COMMON_NAME, utf8("admin"))])),
        "AKI": any_of(certificates.AUTHORITY_KEY, der.sequence()),
        "SKI": any_of(certificates.SUBJECT_KEY, der.octet_string(bytes(20))),
        "nameConstraints": any_of("2.5.29.30", der.sequence(), True),
        "policies": any_of("2.5.29.32", der.sequence(der.sequence(der.oid("2.5.29.32.0")))),
        "unknown, critical": any_of("1.2.3.4.5", der.null(), True), "no sequence": der.null()}


@row(69, "extensionRequest for anything: ignored, and the certificate has none of it")
def extensions(stage, verdict):
    target = stage.target()
    plain = stage.device()
    expected = extension_oids(issued(target, plain, plain.evidence()))
    for what, wanted in wanted_extensions().items():
        device = stage.device()
        asked = device.csr(attributes=[attribute(EXTENSION_REQUEST, der.sequence(wanted))])
        found = extension_oids(issued(target, device, device.evidence(csr=asked)))
        verdict.note(what, found == expected, True, f"{found} instead of {expected}")


def issued(target, device, evidence):
    """The certificate that evidence brings, as DER."""
    answer = target.line.post("/v1/getCertificate",
                              evidence.json(**target.ticket_members(evidence)))
    assert answer.status == 200, answer
    return keys.openssl("x509", "-outform", "der", stdin=answer.json["certificate"].encode())


def extension_oids(certificate):
    """[(OID, whether critical, value)], without what differs from key to key and serial to serial."""
    tbs = der.values(der.values(der.take(certificate)[1])[0][1])
    found = []
    for _, content in der.values(der.take(tbs[-1][1])[1]):
        parts = der.values(content)
        kind = parts[0][1].hex()
        found.append((kind, len(parts) == 3, "" if kind == "551d0e" else parts[-1][1].hex()))
    return sorted(found)


@row(71, "no serialNumber, two, one in a shared RDN, of another string type, elsewhere")
def subjects(stage, verdict):
    device = stage.device()
    number = (SERIAL_NUMBER, printable(device.serial))
    name = (COMMON_NAME, utf8(device.serial))
    forms = {"empty": der.name(), "a CN alone": der.name([name]),
             "twice": der.name([number], [number]), "two of them": der.name(
                 [number], [(SERIAL_NUMBER, printable("SN-OTHER"))]),
             "in one RDN with CN": der.name(sorted([number, name])),
             "twice in one RDN": der.name(sorted([number, (SERIAL_NUMBER, printable("SN-A"))])),
             "IA5String": der.name([(SERIAL_NUMBER, der.tlv(0x16, device.serial.encode()))]),
             "BMPString": der.name([(SERIAL_NUMBER, der.tlv(
                 0x1E, device.serial.encode("utf-16-be")))]),
             "T61String": der.name([(SERIAL_NUMBER, der.tlv(0x14, device.serial.encode()))]),
             "an INTEGER": der.name([(SERIAL_NUMBER, der.integer(7))]),
             "an OCTET STRING": der.name([(SERIAL_NUMBER, der.octet_string(b"SN-1"))]),
             "in organizationalUnit": der.name([("2.5.4.11", printable(device.serial))]),
             "an OID that begins like it": der.name([("2.5.4.5.1", printable(device.serial))])}
    verdict.evidence(stage.target(), tried(device, {
        what: request(device.ik, name=form) for what, form in forms.items()}, "CSR_SUBJECT"))


@row(72, "serials with other characters, too long, empty; another's pattern")
def serials(stage, verdict):
    device = stage.device()
    texts = ["", "-SN", "SN-", "-", "sn-1", "SN_1", "SN 1", "SN.1", "SN/1", "../SN", "SN%n", "SN*",
             "SN'", 'SN"', "SN;--", "SN\\", "A" * 64, "SN\n1", "SN\r1", "SN\t1", "SN\x1b[31m",
             "SN\x7f", "SN=1", "SN,1", "SN+1", "SN<1", "SN\u200b1", "ＳＮ", "SN\u202e1", "SN\u00e9",
             "SN\u0410", "SN\u2010" + "1", "SN1\u0000", "\u0000", "SN\u00001", "A" * 300]
    forms = {repr(text): request(device.ik, name=der.name([(SERIAL_NUMBER, utf8(text))]))
             for text in texts}
    forms["not UTF-8"] = request(device.ik, name=der.name([(SERIAL_NUMBER, utf8(b"SN\xff"))]))
    forms["printable with NUL"] = request(device.ik, name=der.name(
        [(SERIAL_NUMBER, printable("SN\x00"))]))
    tries = tried(device, forms, "SERIAL_FORM")
    for octet in stage.some(range(256), 12):
        if chr(octet) not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-":
            tries += tried(device, {f"octet {octet:02x}": request(device.ik, name=der.name(
                [(SERIAL_NUMBER, utf8(b"S" + bytes([octet]) + b"N"))]))}, "SERIAL_FORM")
    verdict.evidence(stage.target(), tries)
    pattern = stage.target("pattern", identity={"serial_pattern": "PX-[0-9]{4}"})
    device, good = stage.devices(2, pattern)
    good.serial = "PX-0001"
    pattern.ca.lists(f"PX-0001,{EccKey().curve.size * '00'},,\n")
    tries = [Try(f"pattern: {text}", device.evidence(serial=text), "SERIAL_PATTERN")
             for text in ("SN-0001", "PX-001", "PX-00001", "APX-0001", "PX-000A")]
    tries.append(Try("pattern: PX-0001", device.evidence(serial="PX-0001"), ACCEPTED,
                     endpoints=("getChallenge",)))
    verdict.evidence(pattern, tries)


@row(74, "another device's serial, asked for with an EK of one's own")
def anothers_serial(stage, verdict):
    one, two = stage.devices(2)
    target = stage.target()
    verdict.evidence(target, [Try("before the other has it", one.evidence(serial=two.serial),
                                  ACCEPTED, "SERIAL_BINDING")])
    verdict.evidence(target, [Try("the other", two.evidence(), ACCEPTED)])
    verdict.evidence(target, [
        Try("after it", one.evidence(serial=two.serial), ACCEPTED, "SERIAL_BINDING"),
        Try("a serial that nobody has", one.evidence(serial="SN-NOBODY"), ACCEPTED,
            "SERIAL_BINDING"),
        Try("its own", one.evidence(), ACCEPTED)])


@row(75, "names of others in the CSR's subject: the certificate's is built from the serial alone")
def names(stage, verdict):
    target = stage.target()
    others = {"CN of everybody": (COMMON_NAME, utf8("*.example")),
              "CN of the CA": (COMMON_NAME, utf8("Laboratory Device CA")),
              "O of somebody": (ORGANIZATION, utf8("Somebody Else")),
              "CN of another serial": (COMMON_NAME, utf8("SN-00001")),
              "a CN that breaks lines": (COMMON_NAME, utf8("a\r\n\x1b[31mb\x00c")),
              "a CN of 4000 octets": (COMMON_NAME, utf8("x" * 4000))}
    for what, other in others.items():
        device = stage.device()
        name = der.name([other], [(SERIAL_NUMBER, printable(device.serial))])
        certificate = issued(target, device, device.evidence(csr=request(device.ik, name=name)))
        subject_of = keys.openssl("x509", "-inform", "der", "-noout", "-subject", "-nameopt",
                                  "RFC2253", stdin=certificate).decode().strip()
        expected = f"subject=CN={device.serial},serialNumber={device.serial},O=Laboratory"
        verdict.note(what, subject_of == expected, True, subject_of)


@row(76, "a CSR of more than 8 KiB; SEQUENCEs 30, 2 000, 10 000 deep; an OID, an INTEGER of 7 000 octets")
def large(stage, verdict):
    device = stage.device()
    inside = request(device.ik, device.serial, attributes=[attribute(EXTENSION_REQUEST, nested(30))])
    tries = tried(device, {"8193 octets": bytes(8193), "20000 octets": bytes(20000),
                           "10 000 deep": nested(10000), "nothing": b""}, "MEMBER_SIZE")
    # More levels than 2 000 of definite length have no room in 8 KiB.
    tries += tried(device, {"2 000 deep": nested(2000), "30 deep inside": inside}, "CSR_DER")
    verdict.evidence(stage.target(), tries)
    one, two = stage.devices(2)
    big_oid = request(one.ik, one.serial, attributes=[attribute(
        EXTENSION_REQUEST, der.tlv(der.OID, b"\x2a" + b"\x03" * 7000))])
    big_integer = request(two.ik, two.serial, attributes=[attribute(
        EXTENSION_REQUEST, der.integer(random.getrandbits(56000) | 1 << 55999))])
    verdict.evidence(stage.target(), [
        Try("an OID of 7 000 octets that nobody reads", one.evidence(csr=big_oid), ACCEPTED),
        Try("an INTEGER of 7 000 octets that nobody reads", two.evidence(csr=big_integer),
            ACCEPTED)])


def nested(depth):
    content = der.null()
    for _ in range(depth):
        content = der.sequence(content)
    return content
