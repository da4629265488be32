"""DER as the attacker wants it: what a standard asks for, or anything else."""

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8, SEQUENCE, SET, PRINTABLE, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x30, 0x31, 0x13, 0x17, 0x18


def length(count):
    """X.690, 10.1: minimal and definite."""
    if count < 0x80:
        return bytes([count])
    octets = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag, *parts):
    content = b"".join(parts)
    return bytes([tag]) + length(len(content)) + content


def sequence(*parts):
    return tlv(SEQUENCE, *parts)


def set_of(*parts):
    """In the order given: sorting is the caller's, and so is not sorting."""
    return tlv(SET, *parts)


def integer(number):
    size = max(1, (number.bit_length() + 8) // 8)
    return tlv(INTEGER, number.to_bytes(size, "big", signed=number < 0))


def boolean(truth):
    return tlv(BOOLEAN, b"\xff" if truth else b"\x00")


def null():
    return tlv(NULL)


def oid(dotted):
    first, second, *rest = (int(part) for part in dotted.split("."))
    octets = b""
    for number in [first * 40 + second, *rest]:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        octets += bytes(reversed(digits))
    return tlv(OID, octets)


def bit_string(octets, unused=0):
    return tlv(BIT_STRING, bytes([unused]), octets)


def octet_string(*parts):
    return tlv(OCTET_STRING, *parts)


def context(number, *parts, constructed=True):
    return tlv((0xA0 if constructed else 0x80) | number, *parts)


def time(text):
    """UTCTime for 13 characters, GeneralizedTime for any other number (X.680, 46 and 47)."""
    return tlv(UTC_TIME if len(text) == 13 else GENERALIZED_TIME, text.encode())


def name(*relative_names):
    """A Name of RDNs, each a list of (OID, value's TLV)."""
    return sequence(*(set_of(*(sequence(oid(kind), value) for kind, value in rdn))
                      for rdn in relative_names))


def take(octets):
    """(tag, content, what follows) of the first value; definite lengths alone."""
    tag, count, head = octets[0], octets[1], 2
    if count & 0x80:
        head += count & 0x7F
        count = int.from_bytes(octets[2:head], "big")
    return tag, octets[head:head + count], octets[head + count:]


def values(octets):
    """All the values that stand side by side: [(tag, content)]."""
    found = []
    while octets:
        tag, content, octets = take(octets)
        found.append((tag, content))
    return found
