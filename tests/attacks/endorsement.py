"""Group C: endorsement keys: their areas, and who vouches for them."""

import socket

from attacker import certificates, der
from attacker.areas import TEMPLATES, TPM_ALG_AES, TPM_ALG_CFB, TPM_ALG_NULL, TPM_ALG_XOR
from attacker.certificates import extension
from attacker.evidence import SoftwareDevice
from catalogue import ACCEPTED, Try, row


@row(34, "an EK's area that is no template: each bit of attributes and policy, other templates mixed")
def templates(stage, verdict):
    tries = []
    for name in stage.some(TEMPLATES, 3):
        device = stage.device(template=name)
        evidence, area = device.evidence(), device.ek_area
        changed = [area.but(attributes=area.attributes ^ 1 << bit) for bit in range(32)]
        for at_octet in stage.some(range(len(area.policy)), 4):
            for bit in stage.some(range(8), 2):
                policy = bytearray(area.policy)
                policy[at_octet] ^= 1 << bit
                changed.append(area.but(policy=bytes(policy)))
        for other in TEMPLATES.values():
            changed += [area.but(**{name: getattr(other, name)}) for name in
                        ("name_alg", "attributes", "policy", "symmetric")
                        if getattr(other, name) != getattr(area, name)]
        tries += [Try(f"{name} changed", evidence.but(ek_public=other.tpm2b()), "EK_TEMPLATE")
                  for other in changed]
    verdict.evidence(stage.target(), tries)


@row(35, "an EK that is not restricted, does not decrypt, signs")
def other_uses(stage, verdict):
    device = stage.device()
    verdict.evidence(stage.target(), [
        Try(f"attributes {word:08x}", device.evidence(
            ek_public=device.ek_area.but(attributes=word).tpm2b()), "EK_TEMPLATE")
        for word in (0x000200B2, 0x000100B2, 0x000700B2, 0x000500B2, 0x00060072, 0x00050072)])


@row(36, "an EK with another symmetric algorithm, size or mode")
def symmetric(stage, verdict):
    tries = []
    for template in ("L-1", "L-2", "H-3"):
        device = stage.device(template=template)
        evidence = device.evidence()
        forms = [(TPM_ALG_NULL,), (TPM_ALG_XOR, 0x000B), (TPM_ALG_XOR, 0x000B, TPM_ALG_CFB)]
        forms += [(TPM_ALG_AES, bits, TPM_ALG_CFB) for bits in (0, 1, 64, 127, 129, 192, 0xFFFF)]
        forms += [(TPM_ALG_AES, 128 + 256 - device.ek_area.symmetric[1], TPM_ALG_CFB)]
        forms += [(TPM_ALG_AES, device.ek_area.symmetric[1], mode)
                  for mode in (0x10, 0x40, 0x41, 0x42, 0x44)]
        forms += [(algorithm, 128, TPM_ALG_CFB) for algorithm in (0x13, 0x26, 0x03)]
        for form in forms:
            # XOR is no algorithm of an object's: a fault of form, with a mode and without.
            check = "EK_PUBLIC_READ" if form[0] == TPM_ALG_XOR else "EK_TEMPLATE"
            tries.append(Try(f"{template} {form}", evidence.but(
                ek_public=device.ek_area.but(symmetric=form).tpm2b()), check))
    verdict.evidence(stage.target(), tries)


@row(38, "the EK is the IK's key, under the IK's area and under its own")
def same_key(stage, verdict):
    device = stage.device()
    same = device.with_ik(device.ek)
    verdict.evidence(stage.target(), [
        Try("the same octets", device.evidence(ek_public=device.ik_area.tpm2b()), "EK_TEMPLATE"),
        Try("the same key", same.evidence(), "IK_IS_NOT_EK")])


@row(53, "no EK certificate: trust = both, vendor, manifest")
def without_certificate(stage, verdict):
    for trust, number in (("both", 3), ("vendor", 1), ("manifest", 2)):
        target = stage.target(trust if trust != "both" else "main",
                              **({} if trust == "both" else {"endorsement": {"trust": trust}}))
        device, broken = stage.devices(2, target)
        device.ek_certificate = None
        is_enough = trust == "manifest"
        verdict.evidence(target, [Try(
            f"trust = {trust}", device.evidence(verdict=(number, 1)),
            ACCEPTED if is_enough else "EK_CERTIFICATE_PRESENT")])
        if is_enough:
            broken.ek_certificate = b"no certificate at all"
            verdict.evidence(target, [Try("a certificate that nobody reads", broken.evidence(
                verdict=(number, 1)), ACCEPTED)])


@row(54, "a genuine TPM of a trusted vendor that is in no manifest")
def unlisted(stage, verdict):
    stranger = SoftwareDevice(stage.serial(), stage.vendor)
    listed = stage.device()
    verdict.evidence(stage.target(), [
        Try("an EK that nobody listed", stranger.evidence(), ACCEPTED, "EK_LISTED"),
        Try("with the serial of a listed one", stranger.evidence(serial=listed.serial), ACCEPTED,
            "EK_LISTED")])
    expected = stage.folder / "unlisted-expected"
    expected.write_text(f"{stranger.serial}\n")
    expected.chmod(0o644)
    first = stage.target("unlisted", identity={"binding": "first", "expected": str(expected)})
    verdict.evidence(first, [Try("whose serial is expected, binding = first", stranger.evidence(
        verdict=(3, 3)), ACCEPTED, "EK_LISTED")])


@row(55, "other spellings of a listed EK's area")
def spellings(stage, verdict):
    device = stage.device(template="L-1")
    area = device.ek_area
    forms = [area.but(attributes=area.attributes ^ bit) for bit in (0x40, 0x400)]
    forms += [area.but(policy=bytes(32)), area.but(exponent=65537),
              TEMPLATES["H-1"].but(unique=area.unique, attributes=0x000300B2)]
    verdict.evidence(stage.target(), [
        Try("another spelling", device.evidence(ek_public=form.tpm2b()), "EK_TEMPLATE")
        for form in forms])


@row(56, "a ban of EK, IK or serial that comes after the challenge")
def banned(stage, verdict):
    target = stage.target()
    for kind in ("ek", "ik", "serial"):
        device = stage.device()
        evidence = device.evidence()
        value = {"ek": device.ek_id, "ik": device.ik_id, "serial": device.serial}[kind]
        verdict.evidence(target, [Try(f"before the ban of the {kind}", evidence, ACCEPTED,
                                      endpoints=("getChallenge",))])
        old = target.header()
        target.ca.does("ban", "add", kind, value)
        verdict.evidence(target, [Try(f"the {kind} is banned", evidence, "NOT_BANNED",
                                      endpoints=("getCertificate",), header=header)
                                  for header in (old, None)])
        target.ca.does("ban", "remove", kind, value)
        verdict.evidence(target, [Try("the ticket from before", evidence, "NO_LATER_CHANGE",
                                      endpoints=("getCertificate",), header=old)])
        verdict.evidence(target, [Try("lifted", evidence, ACCEPTED,
                                      endpoints=("getCertificate",))])


@row(57, "addresses in the certificate: nobody is called")
def addresses(stage, verdict):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(1)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        uri = der.context(6, url.encode(), constructed=False)
        access = extension(certificates.AUTHORITY_ACCESS, der.sequence(
            *(der.sequence(der.oid(kind), uri) for kind in
              ("1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"))))
        points = extension(certificates.CRL_POINTS, der.sequence(der.sequence(
            der.context(0, der.context(0, uri)))))
        device = stage.device()
        device.ek_certificate = device.certify(changes={"access": access, "points": points})
        verdict.evidence(stage.target(), [Try("AIA and CRL distribution point", device.evidence(),
                                              ACCEPTED)])
        try:
            listener.accept()
            verdict.hold("no connection", False, "somebody called")
        except TimeoutError:
            pass


# ---- D ----
