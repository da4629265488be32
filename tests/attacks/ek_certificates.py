"""Group C: EK certificates and their paths.

Every certificate here is signed by a CA that the operator trusts, unless the row is about the path:
so that what refuses is the rule in question and not the signature.
"""

import functools

from attacker import certificates, der
from attacker.certificates import (ANY_EKU, CRL_SIGN, DIGITAL_SIGNATURE, EPOCH, FOREVER,
                                   KEY_AGREEMENT, KEY_CERT_SIGN, KEY_ENCIPHERMENT, SERVER_AUTH,
                                   TCG_KP_AIK, TCG_KP_EK, TCG_KP_PLATFORM, Authority, at,
                                   basic_constraints, distinguished, extended_key_usage, extension,
                                   key_usage, tpm_name)
from attacker.csr import COMMON_NAME, utf8
from attacker.evidence import SoftwareDevice
from attacker.keys import (P384, RSASSA_PSS, EccKey, Ed25519Key, RsaKey, ecc_spki, pss_algorithm,
                           rsa_spki)
from catalogue import ACCEPTED, Try, row
from genuine_test.process import GENUINE_CA, attempt
from stage import pem


@row(39, "the certificate of another EK: another key, the same n or x and something else")
def other_key(stage, verdict):
    ecc, rsa = stage.device(), stage.device(template="L-1")
    curve, n = ecc.ek.curve, rsa.ek.modulus
    x, y = ecc.ek.point
    point = b"\x04" + curve.octets(x)
    keys = {
        (ecc, "another point"): EccKey().spki(),
        (ecc, "the same x, the other y"): ecc_spki(curve, point + curve.octets(curve.p - y)),
        (ecc, "the same octets on P-384"): ecc_spki(P384, point + curve.octets(y)),
        (ecc, "the same numbers on P-384"): ecc_spki(P384, b"\x04" + P384.octets(x) + P384.octets(y)),
        (ecc, "a key of P-384"): EccKey(P384).spki(),
        (ecc, "an RSA key"): rsa.ek.spki(),
        (rsa, "another modulus"): RsaKey().spki(),
        (rsa, "the same n, exponent 3"): rsa_spki(n, 3),
        (rsa, "the same n, exponent 65539"): rsa_spki(n, 65539),
        (rsa, "n and one more octet"): rsa_spki(n << 8),
        (rsa, "n one bit off"): rsa_spki(n ^ 1 << 100),
        (rsa, "a point"): ecc.ek.spki(),
    }
    verdict.evidence(stage.target(), [
        Try(f"{device.template} {what}", device.evidence(
            ek_certificate=stage.vendor.certify(spki)), "EK_CERTIFICATE_KEY")
        for (device, what), spki in keys.items()])


@row(40, "certificates of a stranger, of a namesake, of a leaf, of themselves")
def strangers(stage, verdict):
    device = stage.device()
    stranger = Authority("Nobody's TPM Vendor")
    namesake = Authority("", subject=stage.vendor.subject)
    namesake_root = Authority("", subject=stage.root.subject)
    below_namesake = Authority("", namesake_root, subject=stage.vendor.subject)
    leaf = Authority("A leaf that issues", stage.vendor, is_ca=False)
    no_constraints = Authority("No constraints", stage.vendor, extensions=[
        key_usage(KEY_CERT_SIGN)])
    no_cert_sign = Authority("No keyCertSign", stage.vendor, extensions=[
        basic_constraints(True), key_usage(CRL_SIGN, DIGITAL_SIGNATURE)])
    other_purpose = Authority("Another purpose", stage.vendor, extensions=[
        basic_constraints(True), key_usage(KEY_CERT_SIGN), extended_key_usage(SERVER_AUTH)])
    version_1 = Authority("Version 1", stage.vendor, extensions=[])
    tries = []
    for what, issuer in {"a stranger": stranger, "a namesake": namesake,
                         "a namesake of the root": namesake_root,
                         "a namesake's namesake": below_namesake, "a leaf": leaf,
                         "a CA without basicConstraints": no_constraints,
                         "a CA that may not sign": no_cert_sign,
                         "a CA for servers": other_purpose,
                         "a CA without extensions": version_1}.items():
        evidence = device.evidence(ek_certificate=issuer.certify(device.ek))
        tries.append(Try(what, evidence, "EK_CERTIFICATE_CHAIN"))
        chain = tuple({issuer.certificate, issuer.issuer.certificate})
        tries.append(Try(f"{what}, in ekChain", evidence.but(chain=chain), "EK_CERTIFICATE_CHAIN"))
    own = Authority("", key=device.ek, subject=der.name(), extensions=[basic_constraints()])
    tries.append(Try("itself", device.evidence(ek_certificate=own.certify(device.ek)),
                     "EK_CERTIFICATE_CHAIN"))
    tries.append(Try("a signature one bit off", device.evidence(
        ek_certificate=one_bit_off(device.ek_certificate)), "EK_CERTIFICATE_CHAIN"))
    verdict.evidence(stage.target(), tries)


@row(42, "extendedKeyUsage any, another purpose, empty, twice, absent")
def purposes(stage, verdict):
    device = stage.device()
    forms = {"any": extended_key_usage(ANY_EKU), "serverAuth": extended_key_usage(SERVER_AUTH),
             "AIK": extended_key_usage(TCG_KP_AIK), "platform": extended_key_usage(TCG_KP_PLATFORM),
             "AIK and platform": extended_key_usage(TCG_KP_AIK, TCG_KP_PLATFORM),
             "a purpose that begins like it": extended_key_usage(TCG_KP_EK + ".1"),
             "empty": extended_key_usage(), "no sequence": extension(
                 certificates.EXTENDED_KEY_USAGE, b"\x05\x00"),
             "twice": extended_key_usage(TCG_KP_EK) * 2, "absent": None}
    tries = [Try(what, device.evidence(ek_certificate=device.certify(changes={"purpose": form})),
                 "EK_CERTIFICATE_EKU") for what, form in forms.items()]
    good = stage.device()
    good.ek_certificate = good.certify(changes={
        "purpose": extended_key_usage(SERVER_AUTH, TCG_KP_EK)})
    tries.append(Try("the right one among others", good.evidence(), ACCEPTED))
    verdict.evidence(stage.target(), tries)


@row(43, "basicConstraints and keyUsage of another kind of certificate")
def usages(stage, verdict):
    device = stage.device()
    constraints = {"cA TRUE": basic_constraints(True), "a pathLenConstraint": basic_constraints(
        False, 0), "cA TRUE, path 0": basic_constraints(True, 0),
        "a negative path": basic_constraints(False, -1),
        "cA TRUE, a negative path": basic_constraints(True, -1),
        "no sequence": extension(certificates.BASIC_CONSTRAINTS, b"\x01\x01\xff", True)}
    usage = {"keyCertSign": key_usage(KEY_AGREEMENT, KEY_CERT_SIGN), "digitalSignature":
             key_usage(DIGITAL_SIGNATURE), "cRLSign": key_usage(CRL_SIGN), "no bit": key_usage(),
             "no bit string": extension(certificates.KEY_USAGE, b"\x04\x01\x20", True)}
    tries = [Try(what, device.evidence(ek_certificate=device.certify(
        changes={"constraints": form})), "EK_CERTIFICATE_NOT_CA")
        for what, form in constraints.items()]
    tries += [Try(what, device.evidence(ek_certificate=device.certify(changes={"usage": form})),
                  "EK_CERTIFICATE_KEY_USAGE") for what, form in usage.items()]
    for changes in ({"usage": key_usage(KEY_ENCIPHERMENT)}, {"usage": None},
                    {"constraints": None}, {"usage": key_usage(KEY_ENCIPHERMENT, KEY_AGREEMENT)}):
        good = stage.device()
        good.ek_certificate = good.certify(changes=changes)
        tries.append(Try("vendors' own ways", good.evidence(), ACCEPTED))
    verdict.evidence(stage.target(), tries)


@row(44, "not yet valid; ended; ends before it begins; other forms of time")
def times(stage, verdict):
    day = 86400
    device = stage.device()
    early, late = (at(2 * day), FOREVER), (EPOCH, at(-day))
    always = {"not yet valid": early, "ends before it begins": (at(-day), at(-2 * day)),
              "not yet valid, year 2050": ("20500101000000Z", FOREVER)}
    tries = [Try(what, device.evidence(ek_certificate=device.certify(validity=validity)),
                 "EK_CERTIFICATE_TIME") for what, validity in always.items()]
    bad_forms = {"a fraction": "20300101000000.5Z", "no Z": "300101000000", "an offset":
                 "300101000000+0000", "month 13": "301301000000Z", "letters": "30010100000xZ"}
    for what, form in bad_forms.items():
        certificate = device.vendor.certify(device.ek, validity=(EPOCH, form))
        tries.append(Try(what, device.evidence(ek_certificate=certificate), "EK_CERTIFICATE_TIME"))
    for validity in (late, (EPOCH, FOREVER), ("500101000000Z", FOREVER), (EPOCH, "491231235959Z"),
                     ("700101000000Z", "20500101000000Z")):
        good = stage.device()
        good.ek_certificate = good.certify(validity=validity)
        tries.append(Try(f"{validity}, expiry = ignore", good.evidence(), ACCEPTED))
    verdict.evidence(stage.target(), tries)
    strict = stage.target("enforce", endorsement={"expiry": "enforce"})
    device, good = stage.devices(2, strict)
    device.ek_certificate = device.certify(validity=late)
    verdict.evidence(strict, [
        Try("ended, expiry = enforce", device.evidence(), "EK_CERTIFICATE_TIME"),
        Try("9999, expiry = enforce", good.evidence(), ACCEPTED)])


@row(45, "on the vendor's revocation list: itself, a CA of its path; lists of others")
def revoked(stage, verdict):
    target = stage.target("revoked")
    root = Authority("Revoking Root")
    inner = Authority("Inner CA", root)
    gone = Authority("Revoked CA", root)
    revoked_ca_serial = serial_of(gone.certificate)
    bad, good, below = (SoftwareDevice(stage.serial(), vendor, "L-2")
                        for vendor in (inner, inner, gone))
    certificate = inner.certify(bad.ek)
    bad.ek_certificate = certificate
    target.trusts(root.certificate, inner.certificate, gone.certificate)
    target.lists(bad, good, below)
    verdict.evidence(target, [Try("before the list", bad.evidence(), ACCEPTED,
                                  endpoints=("getChallenge",))])
    target.trusts(inner.revocation_list([inner.last_serial]))
    target.trusts(root.revocation_list([revoked_ca_serial]))
    verdict.evidence(target, [
        Try("itself", bad.evidence(), "EK_CERTIFICATE_REVOKED"),
        Try("a CA of its path", below.evidence(), "EK_CERTIFICATE_REVOKED"),
        Try("another one of the same CA", good.evidence(), ACCEPTED)])
    expired(stage, target, verdict, root)
    refused_lists(stage, target, verdict, root)


def refused_lists(stage, target, verdict, root):
    """Lists that nobody has signed who may, and those that do not speak of their issuer's
    certificates alone and for themselves: the import refuses them, and whom they name is accepted."""
    issuer = Authority("CA whose lists are refused", root)
    target.trusts(issuer.certificate)
    for what, make in lists_to_refuse(issuer, root).items():
        named = SoftwareDevice(stage.serial(), issuer)
        target.lists(named)
        refused_import(stage, target, verdict, what, make([issuer.last_serial]))
        verdict.evidence(target, [Try(f"{what}: whom it names", named.evidence(), ACCEPTED)])
    named, other = (SoftwareDevice(stage.serial(), issuer) for _ in range(2))
    target.lists(named, other)
    target.trusts(issuer.revocation_list([serial_of(named.ek_certificate)],
                                         extensions=[issuing_point()]))
    verdict.evidence(target, [
        Try("the control: on that issuer's own list", named.evidence(), "EK_CERTIFICATE_REVOKED"),
        Try("the control: not on it", other.evidence(), ACCEPTED)])


def lists_to_refuse(issuer, root):
    """What makes a list of serials, by what is wrong with it."""
    own = issuer.revocation_list
    return {
        "a namesake's": Authority("", subject=issuer.subject).revocation_list,
        "a stranger's": Authority("Stranger").revocation_list,
        "another CA's, under its name": lambda serials: root.revocation_list(
            serials, issuer=issuer.subject),
        "a signature one bit off": lambda serials: one_bit_off(own(serials)),
        "an octet behind it": lambda serials: own(serials) + b"\x00",
        "two of them": lambda serials: own(serials) * 2, "cut": lambda serials: own(serials)[:-1],
        **{what: functools.partial(own, extensions=[form])
           for what, form in other_kinds_of_lists().items()}}


def one_bit_off(octets):
    return octets[:-1] + bytes([octets[-1] ^ 1])


def refused_import(stage, target, verdict, what, octets):
    path = stage.folder / "list.crl"
    path.write_bytes(octets)
    tried = []
    verdict.unchanged(target, lambda: tried.append(target.ca.tries("trust", "import", path)),
                      f"{what}: the record")
    verdict.note(f"import of a list: {what}", tried[0].status != 0, tried[0].status == 0, tried[0])


def issuing_point(*fields, critical=True):
    """IssuingDistributionPoint (RFC 5280, 5.2.5)."""
    return extension(certificates.ISSUING_POINT, der.sequence(*fields), critical)


def other_kinds_of_lists():
    """By what makes them another kind of list than a CA's own, complete one."""
    indirect = der.context(4, b"\xff", constructed=False)
    return {
        "an indirect one": issuing_point(indirect),
        "an indirect one, not critical": issuing_point(indirect, critical=False),
        "a delta": extension(certificates.DELTA_CRL, der.integer(1), True),
        "a delta, not critical": extension(certificates.DELTA_CRL, der.integer(1)),
        "an unknown critical extension": extension("1.2.3.4.5", der.null(), True),
        "a distribution point that does not read": extension(
            certificates.ISSUING_POINT, der.null(), True),
        "such a one, not critical": extension(certificates.ISSUING_POINT, der.null()),
        "two distribution points": issuing_point() * 2}


def expired(stage, target, verdict, root):
    """A list counts for as long as it is imported, also behind its nextUpdate; an issuer without a
    list refuses nobody."""
    former, without = Authority("CA with a former list", root), Authority("CA without a list", root)
    bad, good, other = (SoftwareDevice(stage.serial(), vendor)
                        for vendor in (former, former, without))
    bad.ek_certificate = former.certify(bad.ek)
    target.trusts(former.certificate, without.certificate)
    target.lists(bad, good, other)
    target.trusts(former.revocation_list([former.last_serial], this=-30 * 86400, following=-86400))
    verdict.evidence(target, [
        Try("on a list whose nextUpdate is past", bad.evidence(), "EK_CERTIFICATE_REVOKED"),
        Try("not on a list whose nextUpdate is past", good.evidence(), ACCEPTED),
        Try("of an issuer without a list", other.evidence(), ACCEPTED)])


def serial_of(certificate):
    fields = der.values(der.values(der.take(certificate)[1])[0][1])
    return int.from_bytes(fields[1][1], "big")


@row(46, "another manufacturer than the anchor's; malformed; absent")
def manufacturers(stage, verdict):
    target = stage.target("manufacturer")
    root = Authority("Infineon-like Root")
    target.trusts(root.certificate, marks="manufacturer=49465800")
    bad = SoftwareDevice(stage.serial(), root)
    ok = SoftwareDevice(stage.serial(), root)
    target.lists(bad, ok)
    forms = {"another": tpm_name("id:494E5443"), "no id": tpm_name("49465800"),
             "short": tpm_name("id:494658"), "long": tpm_name("id:4946580000"),
             "no hex": tpm_name("id:4946580g"), "a NUL inside": tpm_name("id:49465800\x00"),
             "nothing": tpm_name(""), "absent": None,
             "another name form": extension(certificates.SUBJECT_ALTERNATIVE_NAME, der.sequence(
                 der.context(2, b"id:49465800", constructed=False)), True),
             "two, the wrong one first": extension(
                 certificates.SUBJECT_ALTERNATIVE_NAME, der.sequence(der.context(4, der.name(
                     [(certificates.TPM_MANUFACTURER, utf8("id:494E5443"))],
                     [(certificates.TPM_MANUFACTURER, utf8("id:49465800"))]))), True)}
    tries = [Try(what, bad.evidence(ek_certificate=bad.certify(changes={"name": form})),
                 "EK_CERTIFICATE_MANUFACTURER") for what, form in forms.items()]
    ok.ek_certificate = ok.certify(changes={"name": tpm_name("id:49465800")})
    tries.append(Try("the anchor's", ok.evidence(), ACCEPTED))
    verdict.evidence(target, tries)


HINTS_MAX, HINTS_TOGETHER_MAX = 8, 24576


def line_of_authorities(root, count, **how):
    """[root, CA 1, … CA count], each below the one before."""
    found = [root]
    for number in range(count):
        found.append(Authority(f"CA {number} of {count}", found[-1], **how))
    return found


def hundred_namesakes(stage, target, root):
    """All of them imported: whichever has signed, no more than eight signatures are verified."""
    namesakes = [Authority("", root, subject=distinguished("One of a hundred")) for _ in range(100)]
    target.trusts(*(ca.certificate for ca in namesakes))
    stranger = Authority("", subject=distinguished("One of a hundred"))
    device = SoftwareDevice(stage.serial(), stranger)
    target.lists(device)
    return [Try("a hundred namesakes, none of them right", device.evidence(), "EK_CERTIFICATE_CHAIN"),
            Try("and eight more as hints", device.evidence(chain=tuple(
                ca.certificate for ca in namesakes[:8])), "EK_CERTIFICATE_CHAIN")]


def crossed(stage, target, root):
    """A CA with a certificate of a stranger's root and one of ours: the first that fits is taken, for
    the work is bounded."""
    theirs = Authority("Cross CA", Authority("Stranger's Root"))
    ours = Authority("", root, key=theirs.key, subject=theirs.subject)
    device = SoftwareDevice(stage.serial(), theirs)
    target.lists(device)
    pair = (ours.certificate, theirs.certificate)
    return [Try("a cross certificate, ours first", device.evidence(chain=pair), ACCEPTED),
            Try("a cross certificate, a stranger's first", device.evidence(chain=pair[::-1]),
                "EK_CERTIFICATE_CHAIN")]


def paths_of_each_length(stage, target, root):
    tries = []
    for count in range(0, 11):
        line = line_of_authorities(root, count)
        device = SoftwareDevice(stage.serial(), line[-1])
        target.lists(device)
        is_short = count + 2 <= 7  # The leaf, the CAs and the root.
        if count > HINTS_MAX:  # Those next to the root the operator has.
            target.trusts(*(ca.certificate for ca in line[1:count - HINTS_MAX + 1]))
        chain = tuple(ca.certificate for ca in line[1:])[-HINTS_MAX:]
        tries.append(Try(f"a path of {count + 2}", device.evidence(chain=chain),
                         ACCEPTED if is_short else "EK_CERTIFICATE_CHAIN"))
        if count > 1 and is_short:
            backwards = SoftwareDevice(stage.serial(), line[-1])
            target.lists(backwards)
            tries.append(Try(f"a path of {count + 2}, backwards",
                             backwards.evidence(chain=chain[::-1]), ACCEPTED))
    return tries


def authority_of_size(name, size, root):
    """A CA whose certificate has so many octets. Signatures differ by an octet or two."""
    padding = size - 500
    while True:
        found = Authority(name, root, extensions=[
            basic_constraints(True), key_usage(KEY_CERT_SIGN),
            extension("1.2.3.4.5", bytes(padding))])
        if len(found.certificate) == size:
            return found
        padding += (size - len(found.certificate) > 2) * (size - len(found.certificate) - 2)


def hints_of_the_limit(stage, target, root):
    """All hints together have at most 24 KiB. The last one is needed: so all of them were read."""
    size = HINTS_TOGETHER_MAX // HINTS_MAX
    large = authority_of_size("A large CA", size, root)
    idle = authority_of_size("Another large CA", size, root).certificate
    more = authority_of_size("A CA that is too large", size + 1, root).certificate
    chain = [idle] * (HINTS_MAX - 1) + [large.certificate]
    device, other = (SoftwareDevice(stage.serial(), large) for _ in range(2))
    target.lists(device, other)
    return [Try("hints of 24576 octets", device.evidence(chain=chain), ACCEPTED),
            Try("hints of 24577 octets", other.evidence(chain=[more, *chain[1:]]), "MEMBER_SIZE"),
            Try("a hint of 24577 octets", other.evidence(
                chain=[der.sequence(bytes(HINTS_TOGETHER_MAX - 3))]), "MEMBER_SIZE")]


@row(47, "paths of 1 to 12, circles, a hundred namesakes, cross certificates, too many hints")
def paths(stage, verdict):
    target = stage.target("paths")
    root = Authority("Long Root")
    target.trusts(root.certificate, marks="hints")
    tries = paths_of_each_length(stage, target, root)
    alone = SoftwareDevice(stage.serial(), root)
    own = Authority("", key=alone.ek, subject=der.name(), extensions=[basic_constraints()])
    target.lists(alone)
    tries.append(Try("a path of 1: it vouches for itself", alone.evidence(
        ek_certificate=own.certify(alone.ek)), "EK_CERTIFICATE_CHAIN"))
    tries += hundred_namesakes(stage, target, root)
    tries += crossed(stage, target, root)
    a = Authority("Circle A")
    b = Authority("Circle B", a)
    a_by_b = Authority("", b, key=a.key, subject=a.subject)
    device = SoftwareDevice(stage.serial(), a)
    target.lists(device)
    tries.append(Try("a circle", device.evidence(chain=(a_by_b.certificate, b.certificate)),
                     "EK_CERTIFICATE_CHAIN"))
    same = [Authority("", root, subject=distinguished("Namesake")) for _ in range(8)]
    # Eight signatures are verified and no more: with the root's own that is seven namesakes.
    for count, expected in ((7, ACCEPTED), (8, "EK_CERTIFICATE_CHAIN")):
        device = SoftwareDevice(stage.serial(), same[count - 1])
        target.lists(device)
        tries.append(Try(f"{count} namesakes, the last one right", device.evidence(
            chain=tuple(ca.certificate for ca in same[:count])), expected))
    limited = Authority("Path 0", root, path_len=0)
    below = Authority("Below path 0", limited)
    device = SoftwareDevice(stage.serial(), below)
    target.lists(device)
    tries.append(Try("a pathLenConstraint that is passed", device.evidence(
        chain=(below.certificate, limited.certificate)), "EK_CERTIFICATE_CHAIN"))
    hint = same[0].certificate
    direct = SoftwareDevice(stage.serial(), root)  # It needs no hint.
    target.lists(direct)
    tries += [Try("nine hints", direct.evidence(chain=(hint,) * 9), "MEMBER_SIZE"),
              Try("a hint that is no certificate", direct.evidence(chain=(b"\x30\x80\x00\x00",)),
                  "EK_CHAIN_DER"),
              Try("a hint with an octet behind it", direct.evidence(chain=(hint + b"\x00",)),
                  "EK_CHAIN_DER")]
    tries += hints_of_the_limit(stage, target, root)
    verdict.evidence(target, tries)
    hidden = SoftwareDevice(stage.serial(), Authority("Hinted", stage.root))
    stage.target().lists(hidden)
    verdict.evidence(stage.target(), [Try(
        "a good hint under an anchor not marked hints", hidden.evidence(
            chain=(hidden.vendor.certificate,)), "EK_CERTIFICATE_CHAIN")])


@row(49, "SHA-1 and MD5 below the anchor; algorithms of another form")
def weak_signatures(stage, verdict):
    target = stage.target("weak")
    root = Authority("Weak Root", key=RsaKey())
    marked = Authority("Marked Root", key=RsaKey())
    target.trusts(root.certificate, marks="hints")
    target.trusts(marked.certificate, marks="sha1,hints")
    device = SoftwareDevice(stage.serial(), root)
    old = SoftwareDevice(stage.serial(), marked)
    target.lists(device, old)
    tries = below_weak_authorities(stage, target, root, marked)
    for digest in ("sha1", "md5"):
        tries.append(Try(f"{digest} in the leaf", device.evidence(
            ek_certificate=device.certify(digest=digest)), "EK_CERTIFICATE_ALGORITHM"))
    for digest in ("sha256", "sha384", "sha512"):
        fine = SoftwareDevice(stage.serial(), root)
        target.lists(fine)
        fine.ek_certificate = fine.certify(digest=digest)
        tries.append(Try(digest, fine.evidence(), ACCEPTED))
    old.ek_certificate = old.certify(digest="sha1")
    tries.append(Try("sha1 under an anchor marked sha1", old.evidence(), ACCEPTED))
    tries.append(Try("md5 under an anchor marked sha1", old.evidence(
        ek_certificate=old.certify(digest="md5")), "EK_CERTIFICATE_ALGORITHM"))
    mismatched = device.certify(inner=root.key.algorithm("sha256"),
                                outer=root.key.algorithm("sha384"))
    tries.append(Try("two AlgorithmIdentifiers that differ",
                     device.evidence(ek_certificate=mismatched), "EK_CERTIFICATE_CHAIN"))
    fine = SoftwareDevice(stage.serial(), root)
    target.lists(fine)
    tries.append(Try("RSASSA-PSS as it should be", pss(fine, root, "sha256", "sha256", 32), ACCEPTED))
    verdict.evidence(target, tries + odd_signatures(device, root) + ecdsa_in_ber(stage, target))
    verdict.evidence(target, ed25519(stage, target))


def below_weak_authorities(stage, target, root, marked):
    """Sound EK certificates, of CAs whose own certificates are signed with these."""
    tries = []
    for digest, anchor, what in (("sha1", root, ""), ("md5", root, ""),
                                 ("md5", marked, " under an anchor marked sha1"),
                                 ("sha1", marked, " under an anchor marked sha1")):
        weak = Authority(f"Weak CA, {digest}{what}", anchor, digest=digest)
        device = SoftwareDevice(stage.serial(), weak)
        target.lists(device)
        is_excused = digest == "sha1" and anchor is marked
        tries.append(Try(f"{digest} in a CA{what}", device.evidence(chain=(weak.certificate,)),
                         ACCEPTED if is_excused else "EK_CERTIFICATE_ALGORITHM"))
    return tries


def odd_signatures(device, root):
    """RSASSA-PSS (RFC 4055) with parameters that nobody should use."""
    forms = {"SHA-1, and in its mask": ("sha1", "sha1", 20), "MD5": ("md5", "md5", 16)}
    tries = [Try(f"RSASSA-PSS with {what}", pss(device, root, *form), "EK_CERTIFICATE_ALGORITHM")
             for what, form in forms.items()]
    defaults = der.sequence(der.oid(RSASSA_PSS), der.sequence())
    tries.append(Try("RSASSA-PSS that states nothing: SHA-1", pss(
        device, root, "sha1", "sha1", 20, algorithm=defaults), "EK_CERTIFICATE_ALGORITHM"))
    tries.append(Try("RSASSA-PSS, another salt than it states", pss(
        device, root, "sha256", "sha256", 20, algorithm=pss_algorithm("sha256", "sha256", 32)),
        "EK_CERTIFICATE_CHAIN"))
    tries.append(Try("RSASSA-PSS, another mask than it states", pss(
        device, root, "sha256", "sha384", 32, algorithm=pss_algorithm("sha256", "sha256", 32)),
        "EK_CERTIFICATE_CHAIN"))
    return tries


def pss(device, root, digest, mask, salt_len, algorithm=None):
    algorithm = algorithm or pss_algorithm(digest, mask, salt_len)
    return device.evidence(ek_certificate=device.certify(
        inner=algorithm, sign=lambda octets: root.key.sign_pss(octets, digest, salt_len, mask)))


def ecdsa_in_ber(stage, target):
    """r and s in other encodings than DER's, which others would read as the same signature."""
    root = Authority("ECDSA Root")
    target.trusts(root.certificate)
    device = SoftwareDevice(stage.serial(), root)
    target.lists(device)

    def padded(number):
        content = der.take(der.integer(number))[1]
        return der.tlv(der.INTEGER, b"\x00" + content)

    def long_form(*parts):
        content = b"".join(parts)
        return b"\x30\x82" + len(content).to_bytes(2, "big") + content

    forms = {"r padded": lambda r, s: der.sequence(padded(r), der.integer(s)),
             "s padded": lambda r, s: der.sequence(der.integer(r), padded(s)),
             "a long length": lambda r, s: long_form(der.integer(r), der.integer(s)),
             "an indefinite length": lambda r, s: b"\x30\x80" + der.integer(r) + der.integer(s)
             + b"\x00\x00",
             "an octet behind": lambda r, s: der.sequence(der.integer(r), der.integer(s)) + b"\x00",
             "a third number": lambda r, s: der.sequence(*map(der.integer, (r, s, 1)))}
    sound = SoftwareDevice(stage.serial(), root)
    target.lists(sound)
    sound.ek_certificate = sound.certify(sign=lambda octets: der.sequence(
        *map(der.integer, root.key.numbers(octets))))
    tries = [Try("ECDSA in DER", sound.evidence(), ACCEPTED)]
    for what, form in forms.items():
        certificate = device.certify(sign=lambda octets: form(*root.key.numbers(octets)))
        tries.append(Try(f"ECDSA, {what}", device.evidence(ek_certificate=certificate),
                         "EK_CERTIFICATE_CHAIN"))
    return tries


def ed25519(stage, target):
    """A CA's key that signs by no accepted algorithm, below an anchor that does."""
    root = Authority("Root above Ed25519")
    target.trusts(root.certificate, marks="hints")
    edwards = Authority("Ed25519 CA", root, key=Ed25519Key())
    device = SoftwareDevice(stage.serial(), edwards)
    target.lists(device)
    return [Try("Ed25519", device.evidence(chain=(edwards.certificate,)), "EK_CERTIFICATE_CHAIN")]


# Of the product's list a copy: a word that it forgets is missed here.
SOFTWARE_WORDS = (
    "swtpm", "simulator", "software tpm", "virtual tpm", "vtpm", "emulat", "google cloud", "ou=cloud",
    "ek/ak ca", "amazon web services", "nitrotpm", "azure virtual", "globalvirtualtpm", "vmware",
    "qemu", "libtpms", "aliyun", "alibaba cloud", "nutanix")
ORGANIZATIONAL_UNIT = "2.5.4.11"


def names_with(word):
    """Names in which the word stands: as it is, in capitals inside another, in two octets a letter."""
    kind, text = COMMON_NAME, word
    if word.startswith("ou="):
        kind, text = ORGANIZATIONAL_UNIT, word.removeprefix("ou=")
    return {"as it is": der.name([(kind, utf8(text))]),
            "in capitals": der.name([(kind, utf8(f"{text} Root 7".upper()))]),
            "as BMPString": der.name([(kind, der.tlv(0x1E, text.encode("utf-16-be")))])}


def software_authorities(stage):
    """CAs with a word in the subject, and some with it in the issuer alone."""
    for word in SOFTWARE_WORDS:
        for what, name in stage.some(names_with(word).items(), 1):
            root = Authority("", subject=name)
            yield word, what, root
            if stage.is_full:
                yield word, f"{what}, in the issuer", Authority("Intermediate", root)


def imported(folder, path):
    return attempt(GENUINE_CA, "-C", folder, "trust", "import", path)


def has_imported_nothing(folder):
    listed = attempt(GENUINE_CA, "-C", folder, "--json", "trust", "list").output
    return listed.strip() in ("[]", "[\n]")


@row(50, "makers of software TPMs, imported into a CA that is no laboratory's")
def software_vendors(stage, verdict):
    folder, path = stage.folder / "production", stage.folder / "software-vendor.der"
    made = attempt(GENUINE_CA, "-C", folder, "init", "--name", "Production")
    verdict.hold("init", made.status == 0, made)
    for word, what, authority in software_authorities(stage):
        path.write_bytes(authority.certificate)
        tried = imported(folder, path)
        is_told = f'"{word}"' in tried.errors and "laboratory" in tried.errors
        verdict.note(f"{word}, {what}", tried.status != 0 and is_told, tried.status == 0, tried)
    root = Authority("", subject=names_with("swtpm")["as it is"])
    path.write_bytes(pem(stage.root.certificate) + pem(root.certificate))
    tried = imported(folder, path)
    verdict.note("behind a maker of chips, in one file", tried.status != 0, tried.status == 0, tried)
    verdict.hold("nothing is imported", has_imported_nothing(folder))
    path.write_bytes(stage.root.certificate)
    tried = imported(folder, path)
    verdict.note("a maker of chips", tried.status == 0, True, tried)


@row(51, "EK certificates that are no certificate, or more than one")
def malformed(stage, verdict):
    device = stage.device()
    good = device.ek_certificate
    content = good[4:]
    forms = {"an octet behind": good + b"\x00", "two": good * 2, "indefinite":
             b"\x30\x80" + content + b"\x00\x00", "PEM": pem(good), "PEM's first line":
             b"-----BEGIN CERTIFICATE-----\n",
             "cut": good[:-1], "a SEQUENCE": b"\x30\x00", "a NULL": b"\x05\x00",
             "deep": b"\x30\x82\x03\xe8" * 200, "a CSR": device.csr(),
             "NV padding": good + b"\xff" * 16, "an NV header": b"\x10\x01\x00" + good}
    tries = [Try(what, device.evidence(ek_certificate=form), "EK_CERTIFICATE_DER")
             for what, form in forms.items()]
    tries += [Try(f"cut at {at_octet}", device.evidence(ek_certificate=good[:at_octet]),
                  "EK_CERTIFICATE_DER") for at_octet in stage.some(range(1, len(good)), 8)]
    tries.append(Try("empty", device.evidence(ek_certificate=b""), "MEMBER_SIZE"))
    tries.append(Try("4097 octets", device.evidence(ek_certificate=bytes(4097)), "MEMBER_SIZE"))
    verdict.evidence(stage.target(), tries)
