"""TPM vendors that sign whatever the attacker wants: roots, intermediates, EK certificates, lists."""

import hashlib
import secrets
import time

from . import der
from .csr import COMMON_NAME, ORGANIZATION, utf8
from .keys import EccKey

BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
SUBJECT_ALTERNATIVE_NAME, AUTHORITY_KEY, SUBJECT_KEY = "2.5.29.17", "2.5.29.35", "2.5.29.14"
CRL_NUMBER, AUTHORITY_ACCESS, CRL_POINTS = "2.5.29.20", "1.3.6.1.5.5.7.1.1", "2.5.29.31"
DELTA_CRL, ISSUING_POINT = "2.5.29.27", "2.5.29.28"
TCG_KP_EK, TCG_KP_PLATFORM, TCG_KP_AIK = "2.23.133.8.1", "2.23.133.8.2", "2.23.133.8.3"
ANY_EKU, SERVER_AUTH = "2.5.29.37.0", "1.3.6.1.5.5.7.3.1"
TPM_MANUFACTURER, TPM_MODEL, TPM_VERSION = "2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"

DIGITAL_SIGNATURE, KEY_ENCIPHERMENT, KEY_AGREEMENT, KEY_CERT_SIGN, CRL_SIGN = 0, 2, 4, 5, 6

EPOCH = "19700101000000Z"
FOREVER = "99991231235959Z"


def at(seconds_from_now):
    """A Time of RFC 5280, 4.1.2.5, counted from now."""
    moment = time.gmtime(time.time() + seconds_from_now)
    form = "%y%m%d%H%M%SZ" if moment.tm_year < 2050 else "%Y%m%d%H%M%SZ"
    return time.strftime(form, moment)


def extension(kind, content, critical=False):
    return der.sequence(der.oid(kind), *([der.boolean(True)] if critical else []),
                        der.octet_string(content))


def basic_constraints(is_ca=False, path_len=None, critical=True):
    parts = [der.boolean(True)] if is_ca else []
    parts += [der.integer(path_len)] if path_len is not None else []
    return extension(BASIC_CONSTRAINTS, der.sequence(*parts), critical)


def key_usage(*bits):
    word = sum(0x80 >> bit for bit in bits)
    unused = 7 - max(bits, default=7)
    return extension(KEY_USAGE, der.bit_string(bytes([word]) if bits else b"", unused if bits else 0),
                     True)


def extended_key_usage(*purposes):
    return extension(EXTENDED_KEY_USAGE, der.sequence(*map(der.oid, purposes)))


def tpm_name(manufacturer="id:49424D00", model="laboratory", version="id:00010000"):
    """subjectAltName of TCG EK Credential Profile 3.2.9: one directoryName."""
    names = der.name([(TPM_MANUFACTURER, utf8(manufacturer))], [(TPM_MODEL, utf8(model))],
                     [(TPM_VERSION, utf8(version))])
    return extension(SUBJECT_ALTERNATIVE_NAME, der.sequence(der.context(4, names)), True)


def key_identifier(key):
    return hashlib.sha1(key.spki()).digest()


def leaf_extensions(usage=KEY_AGREEMENT):
    """What an EK certificate has, by name, so that one can be exchanged or left out."""
    return {"constraints": basic_constraints(), "usage": key_usage(usage),
            "purpose": extended_key_usage(TCG_KP_EK), "name": tpm_name()}


def distinguished(name):
    return der.name([(ORGANIZATION, utf8("Laboratory"))], [(COMMON_NAME, utf8(name))])


class Authority:
    """A CA of a vendor: the root of one, or below issuer."""

    def __init__(self, name, issuer=None, *, key=None, path_len=None, is_ca=True,
                 validity=(EPOCH, FOREVER), digest="sha256", extensions=None, subject=None):
        self.key = key or EccKey()
        self.subject = subject or distinguished(name)
        self.issuer = issuer or self
        if extensions is None:
            extensions = [basic_constraints(is_ca, path_len), key_usage(KEY_CERT_SIGN, CRL_SIGN),
                          extension(SUBJECT_KEY, der.octet_string(key_identifier(self.key)))]
        self.certificate = self.issuer.issue(self.key.spki(), extensions, subject=self.subject,
                                             validity=validity, digest=digest)

    def issue(self, spki, extensions, *, subject=None, validity=(EPOCH, FOREVER), digest="sha256",
              serial=None, version=2, inner=None, outer=None, sign=None):
        """Signs whatever it is told to. inner and outer: the AlgorithmIdentifiers."""
        algorithm = inner or self.key.algorithm(digest)
        self.last_serial = serial if serial is not None else secrets.randbits(120)
        tbs = der.sequence(
            *([der.context(0, der.integer(version))] if version else []),
            der.integer(self.last_serial), algorithm, self.subject,
            der.sequence(*map(der.time, validity)), subject if subject is not None else der.name(),
            spki, *([der.context(3, der.sequence(*extensions))] if extensions else []))
        sign = sign or (lambda octets: self.key.sign(octets, digest))
        return der.sequence(tbs, outer or algorithm, der.bit_string(sign(tbs)))

    def certify(self, key, *, usage=KEY_AGREEMENT, changes=None, **how):
        """An EK certificate; changes are exchanged in its extensions, None leaves one out."""
        parts = {**leaf_extensions(usage), **(changes or {})}
        spki = key if isinstance(key, bytes) else key.spki()
        return self.issue(spki, [part for part in parts.values() if part], **how)

    def revocation_list(self, serials, *, issuer=None, this=-3600, following=86400 * 30,
                        extensions=()):
        """RFC 5280, 5; extensions come beside the cRLNumber."""
        revoked = [der.sequence(der.integer(serial), der.time(at(-3600))) for serial in serials]
        tbs = der.sequence(
            der.integer(1), self.key.algorithm(), issuer or self.subject, der.time(at(this)),
            der.time(at(following)), *([der.sequence(*revoked)] if revoked else []),
            der.context(0, der.sequence(extension(CRL_NUMBER, der.integer(1)), *extensions)))
        return der.sequence(tbs, self.key.algorithm(), der.bit_string(self.key.sign(tbs)))
