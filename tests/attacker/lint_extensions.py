"""Samples for the lints of the extensions: each is a sound certificate with one change."""

from . import der
from .certificates import (ANY_EKU, AUTHORITY_KEY, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, KEY_USAGE,
                           SERVER_AUTH, SUBJECT_ALTERNATIVE_NAME, SUBJECT_KEY, TCG_KP_AIK,
                           TCG_KP_EK, basic_constraints, extended_key_usage, extension, key_usage)
from .device_certificate import (CLIENT_AUTH, DNS_NAME, EXTENSIONS, POLICIES, RFC822_NAME, URI,
                                 access, description, general, key_identifier, meant_names,
                                 module_name, names, point, points, policies)
from .lint_sound import ARC, CA_KEY_IDENTIFIER, FULL, IK, LEAST, OTHER_KEY, PARTS, told, written

# ---- which extensions there are ----


def without(name):
    return {name: b""}


CLIENT = der.sequence(der.oid(CLIENT_AUTH))
PURPOSE = der.oid(EXTENDED_KEY_USAGE)

written("extensions_frame", "no list", tail=b"\x05\x00")
written("extensions_frame", "two lists", tail=2 * der.sequence(*(PARTS[n] for n in EXTENSIONS)))
written("extensions_frame", "one without a value", policies=der.sequence(der.oid(POLICIES)))
written("extensions_frame", "one with a tail",
        purpose=der.sequence(PURPOSE, der.octet_string(CLIENT), der.null()))
written("extensions_frame", "critical after the value",
        purpose=der.sequence(PURPOSE, der.octet_string(CLIENT), der.boolean(True)))
written("extensions_frame", "seventeen", more=PARTS["access"] * 8)
written("extensions_strict", "a value with a tail", purpose=extension(
    EXTENDED_KEY_USAGE, CLIENT + der.null()))
written("extensions_strict", "an empty value", names=extension(SUBJECT_ALTERNATIVE_NAME, b""))
written("extensions_strict", "a length that is not the shortest", constraints=extension(
    BASIC_CONSTRAINTS, b"\x30\x81\x00", True))
told("extensions_strict", "an identifier that is not the shortest",
     policies=(bytes.fromhex("2a800301"),))
for name, part in PARTS.items():
    if name in EXTENSIONS and part:
        written("extensions_once", f"{name} twice", more=part)
for case, kind in {"nameConstraints": "2.5.29.30", "policyMappings": "2.5.29.33",
                   "policyConstraints": "2.5.29.36", "proxyCertInfo": "1.3.6.1.5.5.7.1.14"}.items():
    written("extensions_none_of_a_ca", case, more=extension(kind, der.sequence(), True))
written("extensions_none_of_a_ca", "inhibitAnyPolicy",
        more=extension("2.5.29.54", der.integer(0), True))
for case, kind in {"subjectDirectoryAttributes": "2.5.29.9", "issuerAltName": "2.5.29.18",
                   "CT poison": "1.3.6.1.4.1.11129.2.4.3", "of nobody": f"{ARC}.99"}.items():
    written("extensions_known", case, more=extension(kind, der.sequence()))
for name in ("constraints", "usage", "purpose", "subject_key", "authority_key"):
    written("extensions_required", f"no {name}", **without(name))
written("extensions_required", "an empty list", tail=der.sequence())
for first, second in zip(EXTENSIONS, EXTENSIONS[1:]):
    if PARTS[second]:
        written("extensions_order", f"{second} before {first}",
                **{first: PARTS[second], second: PARTS[first]})


def critical(kind, content, truth):
    return der.sequence(der.oid(kind), der.boolean(truth), der.octet_string(content))


written("critical_default", "FALSE, written out",
        purpose=critical(EXTENDED_KEY_USAGE, CLIENT, False))
written("critical_default", "FALSE for TRUE",
        constraints=critical(BASIC_CONSTRAINTS, der.sequence(), False))
written("critical_exact", "extKeyUsage", purpose=critical(EXTENDED_KEY_USAGE, CLIENT, True))
written("critical_exact", "subjectAltName", names=critical(
    SUBJECT_ALTERNATIVE_NAME, der.sequence(*meant_names(FULL)), True))
written("critical_exact", "basicConstraints not", constraints=basic_constraints(critical=False))
written("critical_exact", "keyUsage not", usage=extension(KEY_USAGE, der.bit_string(b"\x80", 7)))

# ---- the fixed ones ----

written("basic_constraints", "a CA", constraints=basic_constraints(True))
written("basic_constraints", "a CA, with pathLen", constraints=basic_constraints(True, 0))
written("basic_constraints", "pathLen alone", constraints=basic_constraints(False, 0))
written("basic_constraints", "FALSE, written out", constraints=extension(
    BASIC_CONSTRAINTS, der.sequence(der.boolean(False)), True))
for bit in range(1, 8):
    written("key_usage", f"bit {bit} as well", usage=key_usage(0, bit))
written("key_usage", "none", usage=key_usage())
written("key_usage", "keyCertSign for digitalSignature", usage=key_usage(5))
written("key_usage", "bits of 0 at the end",
        usage=extension(KEY_USAGE, der.bit_string(b"\x80"), True))


def purposes(lint, what, *content):
    written(lint, what, purpose=extension(EXTENDED_KEY_USAGE, der.sequence(*content)))


purposes("ext_key_usage_frame", "empty")
purposes("ext_key_usage_frame", "INTEGER", der.integer(1))
purposes("ext_key_usage_frame", "INTEGER behind clientAuth", der.oid(CLIENT_AUTH), der.integer(1))
written("ext_key_usage_frame", "no list",
        purpose=extension(EXTENDED_KEY_USAGE, der.oid(CLIENT_AUTH)))
purposes("ext_key_usage_not_any", "any", der.oid(ANY_EKU))
purposes("ext_key_usage_not_any", "clientAuth and any", der.oid(CLIENT_AUTH), der.oid(ANY_EKU))
for purpose in (TCG_KP_EK, TCG_KP_AIK):
    purposes("ext_key_usage_not_tcg", f"{purpose}", der.oid(purpose))
    purposes("ext_key_usage_not_tcg", f"clientAuth and {purpose}",
             der.oid(CLIENT_AUTH), der.oid(purpose))
written("ext_key_usage_client_auth", "serverAuth", purpose=extended_key_usage(SERVER_AUTH))
written("ext_key_usage_client_auth", "serverAuth as well",
        purpose=extended_key_usage(CLIENT_AUTH, SERVER_AUTH))
written("ext_key_usage_client_auth", "twice", purpose=extended_key_usage(CLIENT_AUTH, CLIENT_AUTH))


def key_identifiers(lint, what, *content):
    written(lint, what, authority_key=extension(AUTHORITY_KEY, der.sequence(*content)))


def tagged(number, content):
    return der.context(number, content, constructed=False)


OWN_IDENTIFIER = key_identifier(IK)
for case, content in {
        "another key's": der.octet_string(key_identifier(OTHER_KEY)),
        "the CA's": der.octet_string(CA_KEY_IDENTIFIER),
        "19 octets": der.octet_string(OWN_IDENTIFIER[:19]),
        "21 octets": der.octet_string(OWN_IDENTIFIER + b"\0"),
        "BIT STRING": der.bit_string(OWN_IDENTIFIER)}.items():
    written("subject_key_identifier_is_hash", case, subject_key=extension(SUBJECT_KEY, content))
key_identifiers("authority_key_identifier_frame", "empty")
key_identifiers("authority_key_identifier_frame", "with the CA's number",
                tagged(0, CA_KEY_IDENTIFIER), tagged(2, b"\x01"))
key_identifiers("authority_key_identifier_frame", "OCTET STRING",
                der.octet_string(CA_KEY_IDENTIFIER))
key_identifiers("authority_key_identifier_exact", "the device's own", tagged(0, OWN_IDENTIFIER))
key_identifiers("authority_key_identifier_exact", "no octets", tagged(0, b""))
key_identifiers("authority_key_identifier_exact", "19 octets", tagged(0, CA_KEY_IDENTIFIER[:19]))

# ---- subjectAltName ----

MODULE, DNS, URI_NAME = meant_names(FULL)
TYPE, SERIAL = FULL.module_type, FULL.serial


def alternative(lint, what, *general_names, sound=FULL):
    written(lint, what, sound, names=names(*general_names))


written("subject_alt_name_presence", "none", **without("names"))
alternative("subject_alt_name_presence", "one that is not meant", DNS, sound=LEAST)
alternative("subject_alt_name_kinds", "empty")
alternative("subject_alt_name_kinds", "no module", DNS, URI_NAME)
alternative("subject_alt_name_kinds", "no DNS name", MODULE, URI_NAME)
alternative("subject_alt_name_kinds", "no URI", MODULE, DNS)
alternative("subject_alt_name_kinds", "in another order", URI_NAME, DNS, MODULE)
alternative("subject_alt_name_kinds", "two DNS names", MODULE, DNS, DNS, URI_NAME)
alternative("subject_alt_name_kinds", "a mailbox as well", MODULE, DNS, URI_NAME,
            general(RFC822_NAME, "root@example.com"))
for case, module in {
        "another device's serial": module_name(TYPE, "SN-0002"),
        "a serial that goes on": module_name(TYPE, "SN-00011"),
        "another type": module_name("1.3.6.1.4.1.312", SERIAL),
        "a userPrincipalName's kind": module_name(TYPE, SERIAL, kind="1.3.6.1.4.1.311.20.2.3"),
        "a tail": module_name(TYPE, SERIAL, more=der.null()),
        "empty": der.context(0)}.items():
    alternative("hardware_module_name", case, module, DNS, URI_NAME)
for case, text in {
        "a wildcard": "*.example.com", "a label that is empty": "a..example.com",
        "a dot last": "example.com.", "a dot first": ".example.com",
        "an underscore": "a_b.example.com",
        "a space": "a b.example.com", "NUL": "a\0.example.com", "not ASCII": "ä.example.com",
        "a label of 64": "a" * 64 + ".example.com",
        "254 octets": ".".join(["a" * 50] * 4) + "." + "a" * 50}.items():
    told("dns_name_form", case, dns=text)
alternative("dns_name_exact", "another device's", MODULE, general(DNS_NAME, "sn-0002.example.com"),
            URI_NAME)
alternative("dns_name_exact", "empty", MODULE, general(DNS_NAME, ""), URI_NAME)
for case, text in {"no scheme": "//example.com/SN-0001", "a colon first": ":example",
                   "a space": "urn:example:SN 0001", "DEL": "urn:example:\x7f", "NUL": "urn:a\0",
                   "not ASCII": "urn:example:ä"}.items():
    told("uri_form", case, uri=text)
alternative("uri_exact", "another device's", MODULE, DNS, general(URI, "urn:example:SN-0002"))
alternative("uri_exact", "empty", MODULE, DNS, general(URI, ""))

# ---- certificatePolicies ----

FIRST, *REST = FULL.policies


def information(identifier, *qualifiers):
    return der.sequence(der.oid(identifier), *qualifiers)


def policy_list(lint, what, *content):
    written(lint, what, policies=extension(POLICIES, der.sequence(*content)))


policy_list("policies_frame", "empty")
policy_list("policies_frame", "a qualifier", information(FIRST, der.sequence()),
            *map(information, REST))
policy_list("policies_frame", "identifiers alone", *map(der.oid, FULL.policies))
told("policies_not_any", "any as well", policies=(FIRST, "2.5.29.32.0"))
told("policies_not_any", "any alone", policies=("2.5.29.32.0",))
told("policies_once", "one twice", policies=(FIRST, REST[0], FIRST))
written("policies_exact", "one fewer", policies=policies(FIRST, *REST[:-1]))
written("policies_exact", "one more", policies=policies(FIRST, *REST, f"{ARC}.3"))
written("policies_exact", "another order", policies=policies(*reversed(FULL.policies)))
written("policies_exact", "vouched for by another", policies=policies(f"{ARC}.1.1", *REST))
written("policies_exact", "none", **without("policies"))

# ---- where the list and the CA's certificate are ----

REASONS = der.context(1, b"\x06\x40", constructed=False)
OCSP = "1.3.6.1.5.5.7.48.1"
LIST, ISSUER = FULL.crl_url, FULL.issuer_url

written("crl_distribution_point_frame", "empty", crl=points())
written("crl_distribution_point_frame", "with reasons", crl=points(point(LIST, REASONS)))
written("crl_distribution_point_frame", "with a cRLIssuer", crl=points(
    point(LIST, der.context(2, der.context(4, FULL.issuer)))))
written("crl_distribution_point_frame", "two points", crl=points(point(LIST), point(LIST)))
written("crl_distribution_point_frame", "two URIs in one", crl=points(der.sequence(der.context(
    0, der.context(0, general(URI, LIST), general(URI, LIST))))))
written("crl_distribution_point_frame", "a DNS name", crl=points(der.sequence(der.context(
    0, der.context(0, general(DNS_NAME, LIST))))))
told("crl_distribution_point_frame", "no scheme", crl_url="ca.example.com/v1/crl")
told("crl_distribution_point_frame", "a space", crl_url="http://ca.example.com/v1/c rl")
written("crl_distribution_point_exact", "another", crl=points(point(LIST + "2")))
written("crl_distribution_point_exact", "none", **without("crl"))
written("crl_distribution_point_exact", "one that is not meant", LEAST, crl=PARTS["crl"])

written("authority_info_access_frame", "empty", access=access())
written("authority_info_access_frame", "OCSP", access=access(
    description(ISSUER, method=OCSP)))
written("authority_info_access_frame", "OCSP as well", access=access(
    description(ISSUER), description(ISSUER, method=OCSP)))
written("authority_info_access_frame", "with a tail",
        access=access(description(ISSUER, der.null())))
written("authority_info_access_frame", "twice",
        access=access(description(ISSUER), description(ISSUER)))
told("authority_info_access_frame", "no scheme", issuer_url="ca.example.com/v1/ca")
written("authority_info_access_exact", "another", access=access(description(ISSUER + "2")))
written("authority_info_access_exact", "none", **without("access"))
written("authority_info_access_exact", "one that is not meant", LEAST, access=PARTS["access"])
