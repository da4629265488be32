"""Group N: the device program, and an interposer on its bus who has keys of his own (tpm_responses.py
has a TPM that lies)."""

import hashlib
import re
from dataclasses import dataclass

from attacker.areas import IK_ATTRIBUTES_NODA, identity_area
from attacker.interposer import Interposer, flipped
from attacker.keys import P256, P384, EccKey, RsaKey, openssl
from attacker.lying_tpm import (TPM_CC_ACTIVATE_CREDENTIAL, TPM_CC_CREATE, TPM_CC_CREATE_PRIMARY,
                                TPM_CC_LOAD, TPM_CC_NV_READ, TPM_CC_READ_PUBLIC, TPM_CC_SIGN, LyingTpm)
from attacker.tpm_messages import Command, Response, is_done, name_of, number, take, with_attributes
from catalogue import row
from devices import CA_REFUSED, DONE, IK, NO_TPM, P384_EK, RSA_EK, TPM_REFUSED
from genuine_test.process import attempt
from tpm_states import Fresh


@dataclass(frozen=True)
class Place:
    """One kind of response, to a command for that handle; where it has none, to any."""

    name: str
    code: int
    handle: int | None = None

    def has(self, command):
        return number(command[6:10]) == self.code and (
            self.handle is None or number(command[10:14]) == self.handle)


TPM_RH_OWNER, TPM_RH_ENDORSEMENT = 0x40000001, 0x4000000B

STORAGE_KEY_MADE = Place("storage key made", TPM_CC_CREATE_PRIMARY, TPM_RH_OWNER)
EK_MADE = Place("EK made", TPM_CC_CREATE_PRIMARY, TPM_RH_ENDORSEMENT)
KEY_CREATED, KEY_LOADED = Place("key created", TPM_CC_CREATE), Place("key loaded", TPM_CC_LOAD)
RSA_EK_READ = Place("RSA EK read", TPM_CC_READ_PUBLIC, RSA_EK)
P384_EK_READ = Place("P-384 EK read", TPM_CC_READ_PUBLIC, P384_EK)
IK_READ = Place("IK read", TPM_CC_READ_PUBLIC, IK)
SIGNED = Place("signed", TPM_CC_SIGN)
OPENED = Place("credential opened", TPM_CC_ACTIVATE_CREDENTIAL)
CERTIFICATE_READ = Place("certificate read", TPM_CC_NV_READ)


class Exchanges:
    """A fresh device at the real CA, on a bus whose interposer has keys of his own. An input is a run
    in which at least one response was another than the TPM's."""

    def __init__(self, stage, verdict, serial, ek="ecc"):
        self.verdict = verdict
        self.device = Fresh(stage, serial)
        self.device.ek = ek
        self.bus = LyingTpm(self.device.tpm.port)
        stage.callback(self.bus.stop)
        of_ek = (RsaKey(), "sha256") if ek == "rsa" else (EccKey(P384), "sha384")
        self.with_ek, self.with_ik = Interposer(*of_ek), Interposer(EccKey(P256), "sha256")
        self.counted = set()

    def has_no_persistent_ek(self):
        for handle in (RSA_EK, P384_EK):
            self.device.tpm.tool("tpm2_evictcontrol", "-C", "owner", "-c", hex(handle))
        self.device.persistent = self.device.tpm.handles("persistent")

    def tells(self, place, numbers, what, change, status, words="", leaves=()):
        """In the responses of the place with these numbers, change is made. leaves: the kinds of
        handles that stay in the TPM."""
        seen = []

        def lie(code, count, response):
            if not place.has(self.bus.command) or not is_done(response):
                return response
            seen.append(response)
            return change(code, response) if len(seen) in numbers else response

        if self.run(f"{place.name} {numbers}: {what}", lie, len(numbers), status, words, leaves):
            self.counted.add(place)

    def run(self, what, lie, lies, status, words="", leaves=(), rewrite=None):
        """A run that is told so many lies; how many it was told. What was not sent is no input."""
        self.bus.begin(lie)
        self.bus.rewrite = rewrite or self.bus.rewrite
        result = self.device.provisions(tcti=self.bus.tcti)
        exchanges, told = self.bus.exchanges, self.bus.lies
        self.bus.begin(self.bus.honest)
        known = [him.salted_sessions(exchanges) for him in (self.with_ek, self.with_ik)]
        left = self.device.tpm.leftovers()
        is_right = (told == lies and result.status == status and re.search(words, result.errors)
                    and not any(map(any, known)) and not self.is_certified()
                    and set(left) == set(leaves) and self.is_tidy_but_for_one_key()
                    and (self.is_installed(known) if status == DONE
                         else not self.device.device.certificate.exists()))
        tell = self.verdict.note if told else self.verdict.hold
        tell(what, is_right, is_accepted=result.status == DONE,
             saw=f"{told} lies of {lies}; known {known}; left {left}; {result}")
        self.device.forget()
        return told

    def is_tidy_but_for_one_key(self):
        new = set(self.device.tpm.handles("persistent")) - set(self.device.persistent)
        return new <= {IK} and self.device.lockouts() == self.device.counter

    def is_installed(self, known):
        """There was a session, and it was none of his; the certificate is for the TPM's own key."""
        return known == [[False], [False]] and self.has_own_certificate()

    def has_own_certificate(self):
        """The installed one, against what the TPM itself says of the key that it holds there."""
        device, public = self.device.device, self.device.tpm.folder / "held.pem"
        self.device.tpm.tool("tpm2_readpublic", "-c", device.handle, "-f", "pem", "-o", public)
        held = openssl("pkey", "-pubin", "-in", public, "-pubout")
        return held == openssl("x509", "-in", device.certificate, "-noout", "-pubkey")

    def is_certified(self):
        """Whether the CA has certified a key of his, or knows it for a device's."""
        key_id = hashlib.sha256(self.with_ik.key.spki()).hexdigest()
        return any(self.device.v.target.count(
            f"SELECT count(*) FROM {table} WHERE ik_id = X'{key_id}'")
            for table in ("certificate", "binding_ik"))

    def is_believed(self):
        """A control: tools that believe the bus salt a session to his key, and he reads it."""
        self.bus.begin(lambda code, count, response: self.with_ek.exchanged(code, response)
                       if P384_EK_READ.has(self.bus.command) else response)
        context, env = self.device.tpm.folder / "session.ctx", {"TPM2TOOLS_TCTI": self.bus.tcti}
        attempt("tpm2_startauthsession", "--hmac-session", "-c", hex(P384_EK), "-g", "sha384", "-S",
                context, env=env)
        attempt("tpm2_getrandom", "-S", context, "--hex", "8", env=env)
        known = self.with_ek.salted_sessions(self.bus.exchanges)
        self.bus.begin(self.bus.honest)
        self.verdict.note("a control: who believes the bus is read", known == [True], True, known)
        self.device.tpm.tool("tpm2_dictionarylockout", "--clear-lockout")
        self.device.forget()


# What ESYS says where a Name is not that of its area: it believes nothing of such a response, and
# so the handle in it is known to nobody. A resource manager clears that object away.
NO_NAME, UNKNOWN = r"the connection to the TPM failed \(0x70011\)", ("transient",)
TAMPERED = "see that nobody has tampered with TPM or bus"
NOT_AS_SENT = "open the CA's credential.*" + TAMPERED
BOTH = ((1,), (2,), (1, 2))  # A key is shown twice: to ESYS, and to us.


@row(166, "a bus that exchanges the EK's, the IK's or the certificate's octets")
def exchanged(stage, verdict):
    parts = [p384_ek_read, ek_made, certificate_read, storage_key_made, ik_exchanged]
    if stage.is_full:
        parts.append(rsa_ek_read)  # Which the TPM has to make, each time.
    counted = set().union(*(part(stage, verdict).counted for part in parts))
    verdict.hold("each place", counted == {
        RSA_EK_READ, P384_EK_READ, IK_READ, EK_MADE, STORAGE_KEY_MADE, KEY_CREATED, KEY_LOADED, OPENED,
        CERTIFICATE_READ}, counted)


def p384_ek_read(stage, verdict):
    """What is not the certificate's key is passed over: the TPM makes that key, and no session is
    begun with his."""
    e = Exchanges(stage, verdict, "SN-EK-P384")
    e.is_believed()
    for numbers in BOTH:
        e.tells(P384_EK_READ, numbers, "his key", e.with_ek.exchanged, DONE, "made anew")
        e.tells(P384_EK_READ, numbers, "his key under the EK's Name", lambda code, response:
                e.with_ek.exchanged(code, response, False), DONE, "made anew")
        # The first Name is the one that ESYS goes by: the TPM knows the key under another.
        e.tells(P384_EK_READ, numbers, "another Name", flipped("name"),
                *((TPM_REFUSED, NOT_AS_SENT) if 1 in numbers else (DONE, "persistent")))
    e.tells(RSA_EK_READ, (1, 2), "his key, which nobody wants", Interposer(
        RsaKey(), "sha256").exchanged, DONE, "persistent")
    return e


def rsa_ek_read(stage, verdict):
    e = Exchanges(stage, verdict, "SN-EK-RSA", "rsa")
    for numbers in BOTH:
        e.tells(RSA_EK_READ, numbers, "his key", e.with_ek.exchanged, DONE, "made anew")
    return e


def ek_made(stage, verdict):
    """Where no EK is persistent. An EK without a certificate is what is left then, and this CA
    wants one."""
    e = Exchanges(stage, verdict, "SN-EK-MADE")
    e.has_no_persistent_ek()
    e.tells(EK_MADE, (1,), "his key", e.with_ek.exchanged, CA_REFUSED, "passed over")
    e.tells(EK_MADE, (1,), "his key under the EK's Name", lambda code, response:
            e.with_ek.exchanged(code, response, False), NO_TPM, NO_NAME, UNKNOWN)
    e.tells(EK_MADE, (1,), "another Name", flipped("name"), NO_TPM, NO_NAME, UNKNOWN)
    return e


def certificate_read(stage, verdict):
    e = Exchanges(stage, verdict, "SN-EK-NV")
    for numbers in BOTH:  # The certificate comes in two parts.
        e.tells(CERTIFICATE_READ, numbers, "a bit", flipped("data"), CA_REFUSED, "the CA refused")
    e.tells(OPENED, (1,), "a bit of the ticket", flipped("information"), NO_TPM,
            r"open the CA's credential: the connection to the TPM failed")
    return e


def storage_key_made(stage, verdict):
    """Nothing is encrypted to it, and what it protects, the TPM tells by its private half."""
    e = Exchanges(stage, verdict, "SN-SRK")
    for numbers in BOTH:  # It is made twice: for the key to be made, and to be loaded.
        e.tells(STORAGE_KEY_MADE, numbers, "his key", e.with_ik.exchanged, DONE, "persistent")
    for numbers in BOTH[:2]:
        e.tells(STORAGE_KEY_MADE, numbers, "another Name", flipped("name"), NO_TPM, NO_NAME, UNKNOWN)
    return e


def ik_exchanged(stage, verdict):
    e = Exchanges(stage, verdict, "SN-IK")
    e.tells(KEY_CREATED, (1,), "his key", e.with_ik.exchanged, DONE, "a new one is made")
    e.tells(KEY_LOADED, (1,), "another Name", flipped("name"), NO_TPM, NO_NAME, UNKNOWN)
    for numbers in BOTH:
        e.tells(IK_READ, numbers, "his key", e.with_ik.exchanged, TPM_REFUSED, TAMPERED)
    return e


@row(167, "a bus that exchanges the IK when it is made, loaded, read, signs: never another key's"
     " certificate", is_slow=True)
def exchanged_key(stage, verdict):
    e = Exchanges(stage, verdict, "SN-IK-MADE")
    made(e)
    loaded(e)
    read(Exchanges(stage, verdict, "SN-IK-READ"))
    signed(Exchanges(stage, verdict, "SN-IK-SIGNED"))
    his_all_along(Exchanges(stage, verdict, "SN-IK-HIS"))
    e.device.works(verdict, "told the truth again", tcti=e.bus.tcti)


def made(e):
    """An area that is not the private half's: the TPM does not load it."""
    e.tells(KEY_CREATED, (1,), "his key", e.with_ik.exchanged, DONE, "a new one is made")
    e.tells(KEY_CREATED, (1, 2), "his key, each time", e.with_ik.exchanged, TPM_REFUSED,
            "does not take back the key that it has just made")
    e.tells(KEY_CREATED, (1,), "a bit of the private half", flipped("private"), DONE,
            "a new one is made")
    for attributes in (IK_ATTRIBUTES_NODA & ~0x10, IK_ATTRIBUTES_NODA & ~0x02,
                       IK_ATTRIBUTES_NODA | 0x00010000, IK_ATTRIBUTES_NODA | 0x00020000):
        e.tells(KEY_CREATED, (1,), f"attributes {attributes:08x}", attributed(attributes), TPM_REFUSED,
                "the TPM made another key than it was asked for.*" + TAMPERED)


def attributed(attributes):
    def change(code, response):
        told = Response.of(code, response)
        return told.but(public=with_attributes(told.parameters["public"], attributes)).octets()
    return change


def loaded(e):
    e.tells(KEY_LOADED, (1,), "a bit of the Name", flipped("name"), NO_TPM, NO_NAME, UNKNOWN)
    e.tells(KEY_LOADED, (1,), "his key's Name", lambda code, response: Response.of(
        code, response).but(name=name_of(his_area(e))).octets(), NO_TPM, NO_NAME, UNKNOWN)


def his_area(e):
    return identity_area(e.with_ik.key).tpmt()


def read(e):
    """The area is the one that was made, both times, or it is nobody's."""
    for numbers in BOTH:
        for what, change in (
                ("his key", e.with_ik.exchanged),
                ("his key under the IK's Name", lambda code, response: e.with_ik.exchanged(
                    code, response, False)),
                ("other attributes", attributed(IK_ATTRIBUTES_NODA | 0x00010000))):
            e.tells(IK_READ, numbers, what, change, TPM_REFUSED,
                    "does not show the key that it was told to keep.*" + TAMPERED)
        # The first Name is the one that ESYS goes by.
        e.tells(IK_READ, numbers, "another Name", flipped("name"),
                *((TPM_REFUSED, NOT_AS_SENT) if 1 in numbers else (DONE, "persistent")))


def signed(e):
    """The request's signature, and the one that the installed files are tried with."""
    for numbers in ((1,), (2,)):
        for parameter in ("r", "s"):
            e.tells(SIGNED, numbers, f"a bit of {parameter}", flipped(parameter), TPM_REFUSED,
                    "the TPM's signature does not verify with the identity key.*" + TAMPERED)
    e.tells(SIGNED, (1,), "by his key", his_signature(e), TPM_REFUSED, "does not verify.*" + TAMPERED)


def his_signature(e):
    """Over the digest that the TPM was to sign."""
    def change(code, response):
        digest, _ = take(Command.of(e.bus.command).parameters)
        numbers = e.with_ik.key.numbers_of(digest)
        return Response.of(code, response).but(**{
            name: P256.octets(value) for name, value in zip("rs", numbers)}).octets()
    return change


def his_all_along(e):
    """One key of his in all responses, and his signature under the request; the TPM is given its
    own area to load. The CA's ticket is for his Name then, and no key of that Name is in the TPM."""
    true = []

    def lie(code, count, response):
        if not is_done(response):
            return response
        if KEY_CREATED.has(e.bus.command):
            true.append(Response.of(code, response).parameters["public"])
            return e.with_ik.exchanged(code, response)
        if KEY_LOADED.has(e.bus.command):
            return Response.of(code, response).but(name=name_of(his_area(e))).octets()
        if IK_READ.has(e.bus.command):
            return e.with_ik.exchanged(code, response)
        return his_signature(e)(code, response) if SIGNED.has(e.bus.command) else response

    # Made, loaded, read twice, signed.
    e.run("his key in all responses", lie, 5, TPM_REFUSED, NOT_AS_SENT, rewrite=lambda code, command: (
        command.replace(his_area(e), true[-1]) if code == TPM_CC_LOAD else command))
