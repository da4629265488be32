"""Samples for the lints of the fields: each is a sound certificate with one change."""

from dataclasses import replace

from . import der
from .csr import COMMON_NAME, ORGANIZATION, SERIAL_NUMBER, printable, utf8
from .device_certificate import UNIT, moment, parts, subject, to_be_signed
from .keys import (EC_PUBLIC_KEY, ECDSA_WITH, EXPONENT, P256, RSA_ENCRYPTION, RSA_WITH, EccKey,
                   ecc_spki, pss_algorithm, rsa_spki)
from .lint_sound import (BEGINS, CA_BEGINS, CA_ENDS, CA_KEY, ECDSA_SHA384, EK, ENDS, FULL, LEAST,
                         NUMBER, OTHER_KEY, RSA, RSA_SHA256, big, modulus, octets, told, written)

WHOLE = to_be_signed(FULL)

told("size", "a URI of 3,000 octets", uri="urn:" + "a" * 2996)

octets("der_strict", "an octet after the end", WHOLE + b"\x00")
octets("der_strict", "the last octet cut off", WHOLE[:-1])
octets("der_strict", "nothing at all", b"")
octets("der_strict", "an indefinite length", b"\x30\x80" + der.take(WHOLE)[1] + b"\x00\x00")
written("der_strict", "a length that is not the shortest", version=bytes.fromhex("a08103020102"))
written("der_strict", "a number with a needless octet of 0", number=der.tlv(2, b"\0" + NUMBER))
told("der_strict", "the CA's name with an RDN that is not in order", issuer=der.name(
    [(COMMON_NAME, utf8("Example CA")), (ORGANIZATION, utf8("Example"))]))

written("tbs_frame", "no key", spki=b"")
written("tbs_frame", "no extensions", tail=b"")
written("tbs_frame", "NULL after the extensions", after=der.null())
written("tbs_frame", "a number that is an OCTET STRING", number=der.octet_string(NUMBER))
octets("tbs_frame", "an OCTET STRING of all of it", der.octet_string(WHOLE))

written("version", "1, left out", version=b"")
written("version", "2", version=der.context(0, der.integer(1)))
written("version", "4", version=der.context(0, der.integer(3)))
written("version", "twice", version=der.context(0, der.integer(2), der.integer(2)))

written("no_issuer_unique_id", "one", unique_ids=der.context(1, b"\0\xff", constructed=False))
written("no_subject_unique_id", "one", unique_ids=der.context(2, b"\0\xff", constructed=False))

# ---- serialNumber, signature, issuer ----

told("number_len", "15 octets", number=NUMBER[:15])
told("number_len", "17 octets", number=NUMBER + b"\x01")
told("number_len", "1 octet", number=b"\x40")
told("number_positive", "negative", number=b"\xc0" + NUMBER[1:])
told("number_positive", "the lowest", number=b"\x80" + bytes(15))
told("number_positive", "the second bit not set", number=b"\x3f" + NUMBER[1:])
written("number_exact", "the last bit turned",
        number=der.tlv(der.INTEGER, NUMBER[:-1] + bytes([NUMBER[-1] ^ 1])))

told("signature_algorithm_known", "SHA-1 with ECDSA", algorithm=der.sequence(
    der.oid(ECDSA_WITH["sha1"])))
told("signature_algorithm_known", "SHA-1 with RSA", algorithm=der.sequence(
    der.oid(RSA_WITH["sha1"]), der.null()))
told("signature_algorithm_known", "ECDSA with NULL", algorithm=der.sequence(
    der.oid(ECDSA_WITH["sha256"]), der.null()))
told("signature_algorithm_known", "RSA without NULL", algorithm=der.sequence(
    der.oid(RSA_WITH["sha256"])))
told("signature_algorithm_known", "RSASSA-PSS", algorithm=pss_algorithm())
written("signature_algorithm_exact", "SHA-384 for SHA-256", signature=ECDSA_SHA384)
written("signature_algorithm_exact", "RSA for ECDSA", signature=RSA_SHA256)

told("issuer_not_empty", "empty", issuer=der.name())
written("issuer_exact", "another name", issuer=der.name([(COMMON_NAME, utf8("Example CB"))]))
written("issuer_exact", "PrintableString",
        issuer=der.name([(COMMON_NAME, printable("Example CA"))]))

# ---- validity ----


def utc(text):
    return der.tlv(der.UTC_TIME, text.encode())


def generalized(text):
    return der.tlv(der.GENERALIZED_TIME, text.encode())


BEFORE, AFTER = moment(BEGINS), moment(ENDS)
NO_TIMES = {
    "no seconds": utc("2701150800Z"),
    "a zone": utc("270115080000+0000"),
    "no Z": utc("270115080000"),
    "a small z": utc("270115080000z"),
    "a fraction": generalized("20270115080000.5Z"),
    "the 30th of February": utc("270230080000Z"),
    "the 29th of February of 2027": utc("270229080000Z"),
    "month 13": utc("271315080000Z"),
    "month 0": utc("270015080000Z"),
    "hour 24": utc("270115240000Z"),
    "a leap second": utc("270115075960Z"),
    "no digit": utc("2701151.0000Z"),
    "the year of four digits in UTCTime": utc("20270115080000Z"),
    "the year of two digits in GeneralizedTime": generalized("270115080000Z"),
    "INTEGER": der.integer(BEGINS),
}

written("validity_frame", "three times", validity=der.sequence(BEFORE, AFTER, AFTER))
written("validity_frame", "one time", validity=der.sequence(BEFORE))
written("validity_frame", "empty", validity=der.sequence())
for case, time in NO_TIMES.items():
    written("not_before_form", case, validity=der.sequence(time, AFTER))
    written("not_after_form", case, validity=der.sequence(BEFORE, time))
written("not_before_form", "hour 32 of the day before",
        validity=der.sequence(utc("270114320000Z"), AFTER))
written("not_after_form", "hour 31 of the day before",
        validity=der.sequence(BEFORE, utc("280114315959Z")))
written("not_before_type", "GeneralizedTime before 2050",
        validity=der.sequence(generalized("20270115080000Z"), AFTER))
written("not_after_type", "GeneralizedTime before 2050",
        validity=der.sequence(BEFORE, generalized("20280115075959Z")))
told("validity_order", "ends a second before it begins", not_after=BEGINS - 1)
told("not_before_within_ca", "a second before the CA's", not_before=CA_BEGINS - 1)
told("not_after_within_ca", "a second after the CA's", not_after=CA_ENDS + 1)
written("not_before_within_ca", "UTCTime of 1950",
        validity=der.sequence(utc("500115080000Z"), AFTER))
for case, second in (("early", -1), ("late", 1)):
    written("not_before_exact", f"a second {case}",
            validity=der.sequence(moment(BEGINS + second), AFTER))
    written("not_after_exact", f"a second {case}",
            validity=der.sequence(BEFORE, moment(ENDS + second)))

# ---- subject ----

O, OU, SN, CN = ((ORGANIZATION, utf8("Example")), (UNIT, utf8("Line 1")),
                 (SERIAL_NUMBER, printable("SN-0001")), (COMMON_NAME, utf8("SN-0001")))


def named(lint, what, *attributes, sound=FULL):
    """A subject of these attributes, each in an RDN of its own."""
    written(lint, what, sound, subject=der.name(*([attribute] for attribute in attributes)))


def rdn_of(*attribute):
    return der.set_of(der.sequence(*attribute))


def subject_with(last):
    """O, OU, serialNumber, and then that RDN."""
    return der.sequence(*(rdn_of(der.oid(kind), value) for kind, value in (O, OU, SN)), last)


written("subject_frame", "an attribute with a tail",
        subject=subject_with(rdn_of(der.oid(CN[0]), CN[1], der.null())))
written("subject_frame", "an attribute without a value", subject=der.sequence(
    rdn_of(der.oid(COMMON_NAME))))
written("subject_frame", "an RDN that is a SEQUENCE", subject=der.sequence(
    der.sequence(der.sequence(der.oid(COMMON_NAME), utf8("SN-0001")))))
written("subject_frame", "an empty RDN", subject=der.sequence(der.set_of()))
named("subject_frame", "nine RDNs", O, OU, SN, CN, O, OU, SN, CN, O)
written("subject_single_valued", "serialNumber and CN in one RDN", subject=der.sequence(
    rdn_of(der.oid(O[0]), O[1]), rdn_of(der.oid(OU[0]), OU[1]),
    der.set_of(*sorted(der.sequence(der.oid(kind), value) for kind, value in (SN, CN)))))
written("subject_single_valued", "serialNumber once more beside CN", subject=subject_with(
    der.set_of(*(der.sequence(der.oid(kind), value) for kind, value in (CN, SN)))))
named("subject_attributes", "empty")
named("subject_attributes", "no O", OU, SN, CN)
named("subject_attributes", "no OU", O, SN, CN)
named("subject_attributes", "no serialNumber", O, OU, CN)
named("subject_attributes", "no CN", O, OU, SN)
named("subject_attributes", "CN before serialNumber", O, OU, CN, SN)
named("subject_attributes", "serialNumber twice", O, OU, SN, SN)
named("subject_attributes", "CN twice", O, OU, SN, CN, CN)
named("subject_attributes", "a country as well", ("2.5.4.6", printable("DE")), O, OU, SN, CN)
named("subject_attributes", "an OU that is not meant", O, OU, SN, CN, sound=LEAST)

named("organization_type", "PrintableString", (ORGANIZATION, printable("Example")), OU, SN, CN)
told("organization_type", "no UTF-8", organization=b"\xc3\x28")
told("organization_type", "UTF-8 of a surrogate", organization=b"\xed\xa0\x80")
told("organization_len", "65 octets", organization="O" * 65)
told("organization_len", "empty", organization="")
named("organization_exact", "another", (ORGANIZATION, utf8("Exomple")), OU, SN, CN)
named("organizational_unit_type", "PrintableString", O, (UNIT, printable("Line 1")), SN, CN)
told("organizational_unit_type", "no UTF-8", unit=b"\xc3\x28")
told("organizational_unit_len", "65 octets", unit="U" * 65)
named("organizational_unit_len", "empty", O, (UNIT, utf8("")), SN, CN)
named("organizational_unit_exact", "another", O, (UNIT, utf8("Line 2")), SN, CN)
named("serial_number_type", "UTF8String", O, OU, (SERIAL_NUMBER, utf8("SN-0001")), CN)
for case, serial in {"lower case": "sn-0001", "64 octets": "S" * 64, "a space": "SN 0001",
                     "a hyphen first": "-SN", "a hyphen last": "SN-", "empty": ""}.items():
    told("serial_number_form", case, serial=serial)
named("serial_number_exact", "another device's, with its CN",
      O, OU, (SERIAL_NUMBER, printable("SN-0002")), (COMMON_NAME, utf8("SN-0002")))
named("common_name_type", "PrintableString", O, OU, SN, (COMMON_NAME, printable("SN-0001")))
named("common_name_is_serial", "another device's", O, OU, SN, (COMMON_NAME, utf8("SN-0002")))
named("common_name_is_serial", "the serial with more", O, OU, SN, (COMMON_NAME, utf8("SN-00011")))
told("subject_is_not_issuer", "a CA whose name is the device's", issuer=subject(FULL))

# ---- subjectPublicKeyInfo ----

POINT = b"\x04" + b"".join(EccKey(P256, 11).coordinates())
EC_ALGORITHM = der.sequence(der.oid(EC_PUBLIC_KEY), der.oid(P256.oid))
RSA_ALGORITHM = der.sequence(der.oid(RSA_ENCRYPTION), der.null())
RSA_KEY = der.sequence(der.integer(modulus(2048)), der.integer(EXPONENT))

told("spki_frame", "a BIT STRING with an unused bit", spki=der.sequence(
    EC_ALGORITHM, der.bit_string(POINT[:-1] + bytes([POINT[-1] & 0xFE]), 1)))
told("spki_frame", "NULL after the key", spki=der.sequence(
    EC_ALGORITHM, der.bit_string(POINT), der.null()))
told("spki_algorithm", "secp256k1", spki=ecc_spki(P256, POINT, der.oid("1.3.132.0.10")))
told("spki_algorithm", "no curve", spki=ecc_spki(P256, POINT, der.null()))
told("spki_algorithm", "Ed25519", spki=der.sequence(
    der.sequence(der.oid("1.3.101.112")), der.bit_string(bytes(range(32)))))
told("spki_algorithm", "RSA without NULL", RSA, spki=der.sequence(
    der.sequence(der.oid(RSA_ENCRYPTION)), der.bit_string(RSA_KEY)))
told("spki_algorithm", "RSASSA-PSS", RSA, spki=der.sequence(
    pss_algorithm(), der.bit_string(RSA_KEY)))
told("spki_point", "compressed", spki=ecc_spki(P256, b"\x02" + POINT[1:33]))
told("spki_point", "hybrid", spki=ecc_spki(P256, b"\x06" + POINT[1:]))
told("spki_point", "infinity", spki=ecc_spki(P256, b"\x00"))
told("spki_point", "of P-384's size", spki=ecc_spki(P256, POINT + bytes(32)))
told("spki_point", "an octet short", spki=ecc_spki(P256, POINT[:-1]))
told("spki_modulus", "even", RSA, spki=rsa_spki(modulus(2048) - 1))
for bits in (1024, 2040, 2056, 8192):
    told("spki_modulus", f"{bits} bits", RSA if bits < 8192 else LEAST, spki=big(bits))
told("spki_modulus", "2047 bits", RSA, spki=rsa_spki(modulus(2048) - (1 << 2047) | 1 << 2046))
told("spki_modulus", "negative", RSA, spki=rsa_spki(-modulus(2048)))
told("spki_modulus", "an octet after the key", RSA, spki=der.sequence(
    RSA_ALGORITHM, der.bit_string(RSA_KEY + b"\0")))
for exponent in (1, 3, EXPONENT + 2, 1 << 32 | 1):
    told("spki_exponent", f"{exponent}", RSA, spki=rsa_spki(modulus(2048), exponent))
told("spki_is_not_ca", "the CA's", spki=CA_KEY)
told("spki_is_not_ek", "the EK", spki=EK)
written("spki_exact", "another key", spki=OTHER_KEY,
        subject_key=parts(replace(FULL, spki=OTHER_KEY))["subject_key"])
