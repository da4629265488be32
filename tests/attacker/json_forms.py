"""Texts that are JSON (RFC 8259), or nearly: forms of our own of the classes in which parsers differ.

A form is put in a request's place, or in that of one of its values, or of a name. Its kind says what
a strict reader makes of it; second_opinion() is another reader, for holding that against."""

import json
from dataclasses import dataclass

UNSOUND = "unsound"  # no JSON
SOUND = "sound"
BEYOND = "beyond"    # JSON by its grammar, of which each reader has its own opinion; we refuse it


@dataclass(frozen=True)
class Form:
    what: str
    octets: bytes
    kind: str
    is_string: bool = False  # or looks like one: it may stand for a name


def _forms(kind, what, texts, is_string=False):
    for text in texts:
        octets = text if isinstance(text, bytes) else text.encode()
        yield Form(f"{what} {octets[:40]!r}", octets, kind, is_string)


# ---- structures ----

SAMPLE = ('{', '"a"', ':', '[', 'true', ',', '{', '"b"', ':', '"c"', '}', ']', ',', '"d"', ':',
          'null', '}')
CLOSED_BY_ANOTHER = {"}": "])>", "]": "})>"}


def _structures():
    whole = "".join(SAMPLE)
    yield from _forms(SOUND, "structure", (whole, "{}", "[]", "[[]]", "[{}]", '{"":0}', "[null]"))
    yield from _forms(UNSOUND, "cut", (whole[:at] for at in range(1, len(whole))))
    for at, token in enumerate(SAMPLE):
        before, behind = "".join(SAMPLE[:at]), "".join(SAMPLE[at + 1:])
        yield from _forms(UNSOUND, f"token {at} left out", (before + behind,))
        yield from _forms(UNSOUND, f"token {at} twice", (before + token * 2 + behind,))
        yield from _forms(UNSOUND, f"token {at} closed by another",
                          (before + other + behind for other in CLOSED_BY_ANOTHER.get(token, "")))
        for mark in ",:":
            yield from _forms(UNSOUND, f"{mark} before token {at}", (
                before + mark + token + behind,) if token != mark else ())
    yield from _forms(UNSOUND, "structure", (
        "[,]", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1:2]", '["a":1]', "[1;2]", "(1)", "<null>", "{,}",
        '{"a":1,}', '{"a":1,,"b":2}', '{"a":1 "b":2}', '{"a" 1}', '{"a"=1}', '{"a"=>1}', '{"a",1}',
        '{"a":1;"b":2}', '{"a"}', '{"a":}', "{:1}", '{"a":1:2}', '{"a":1}}', "[1]]", "{}{}", "[][]",
        "{}[]", "{} {}", "1 2", ",", ":", "[", "]", "{", "}", "}{", "][", "*", "&", "\\", "$", "[*]",
        "[...]", "{...}", '{"a":1,...}', "=1", "{}x", "{}1", "{}null", '{}""', "[][", "{};"))


def _names():
    yield from _forms(UNSOUND, "name", (
        "{a:1}", "{'a':1}", "{`a`:1}", "{1:1}", "{-1:1}", "{1.5:1}", "{null:1}", "{true:1}", "{[]:1}",
        "{{}:1}", '{["a"]:1}', "{$a:1}", "{a-b:1}", '{"a"b:1}', '{"a" "b":1}', '{"a"+"b":1}'))
    yield from _forms(BEYOND, "name twice", (
        '{"a":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"":1,"":2}', '{"b":{"a":1,"a":2}}',
        '[{"a":1,"b":2,"a":3}]'))


def _texts():
    yield from _forms(UNSOUND, "text", (
        b"", b" ", b"\t", b"\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}", b"\xef\xbb\xbf[]",
        b"\xef\xbb{}", b"\xff\xfe", "{}".encode("utf-16"), "{}".encode("utf-16-le"),
        "{}".encode("utf-16-be"), "{}".encode("utf-32"), '{"a":1}'.encode("utf-16-be"), b"\x00",
        b"\x00{}", b"{}\x00", b"{\x00}", b"[\x00]", b'{"a"\x00:1}', b'{"a":\x00 1}', b"[1\x00]",
        b"1\x00", b"-0\x00", b"1e5\x00", b"true\x00", b"[null\x00]", b'{"a":false\x00}', b'"a"\x00',
        b"\x1a", b"{}\x1a", b"{}\x04", b"\xe9", b"[\xe9]", b"{}\xff", b"\x80", b"{\xc2\xa0}"))
    yield from _forms(UNSOUND, "comment", (
        "{}//", "{}// x\n", "//\n{}", "/**/{}", "{}/**/", "{/**/}", "[1/**/]", "[1//\n]", '{"a"/**/:1}',
        '{"a":/**/1}', "{}#", "#\n{}", "{}--", "<!-- -->{}", "{}/", "/{}", "/*{}", "{}/*"))


# ---- literals and numbers ----


def _literals():
    yield from _forms(SOUND, "literal", ("true", "false", "null", "[true,false,null]"))
    yield from _forms(UNSOUND, "literal", (
        "tru", "True", "TRUE", "tRue", "truee", "true1", "true false", "fals", "False", "falsee", "nul",
        "Null", "NULL", "nulll", "nil", "none", "None", "undefined", "yes", "no", "on", "t", "f", "n",
        "[nul]", "[tru", "-true", "+null", "!true", "a", "null,", "new Date()"))


def _numbers():
    yield from _forms(SOUND, "number", (
        "0", "-0", "1", "-1", "10", "0.5", "-0.5", "0.0", "1e1", "1E1", "1e+1", "1E-1", "0e0", "-0e-0",
        "1e007", "1.5e300", "1e-400", "123456789", "9223372036854775807", "-9223372036854775808",
        "0." + "0" * 500 + "1", "1." + "3" * 3000, "[0,-0,1e2]"))
    yield from _forms(UNSOUND, "number", (
        "00", "01", "-01", "-00", "012", "0123.4", "0777", "+1", "+0", "++1", "--1", "-+1", "-", "+",
        "-a", "- 1", ".5", "-.5", ".", "-.", "1.", "-1.", "0.", "1.e1", "0.e1", "2.e+3", ".e1", "1..2",
        "1.2.3", "1e", "1E", "1e+", "1e-", "0e", "0e+", "1ee1", "1e1e1", "1e+-1", "1e 1", "e1",
        "1e1.5", "1.5e", "1.5e+", "0x10", "0X1F", "-0x1", "0b1", "0o7", "1_000", "1,000", "1 000", "1'000",
        "1a",
        "1f", "1L", "1n", "0x", "1/2", "1+1", "1%", "NaN", "-NaN", "nan", "NAN", "Infinity",
        "-Infinity", "+Infinity", "Inf", "inf", "-inf", "INF", "\uff11", "\u0661", "1\u0660", "\u00b2",
        "\\u0031", "[1e]", "[-]", "[01]", "[.1]", "[1.]", "[+1]", "[NaN]", "[-Infinity]", "[0x1]",
        "9" * 400 + "."))
    yield from _forms(BEYOND, "number", (
        "1e400", "-1e400", "1E+309", "1e99999999999999999999", "9223372036854775808",
        "-9223372036854775809", "9" * 400, "-" + "9" * 20000, "[1e999]"))


# ---- strings ----

ESCAPES = '"\\/bfnrtu'  # RFC 8259, 7


def _strings():
    yield from _forms(UNSOUND, "control character", (
        b'"x%cy"' % octet for octet in range(0x20)), is_string=True)
    yield from _forms(UNSOUND, "escape", (
        f'"\\{chr(code)}"' for code in range(0x20, 0x80) if chr(code) not in ESCAPES), is_string=True)
    yield from _forms(UNSOUND, "escape", (
        b'"\\"', b'"\\\\\\"', b'"\\\n"', b'"\\\x00"', b'"\\\t"', b'"\\\xc3\xa9"', b'"\\\xff"', b'"\\u"',
        b'"\\u0"', b'"\\u00"', b'"\\u004"', b'"\\u004g"', b'"\\ug041"', b'"\\u00G1"', b'"\\u 041"',
        b'"\\u+041"', b'"\\u-041"', b'"\\u0x41"', b'"\\u{41}"', b'"\\u00_1"', b'"\\u\\u0041"',
        b'"\\U00000041"', b'"\\u\xef\xbc\x90\xef\xbc\x90\xef\xbc\x94\xef\xbc\x91"', b'"\\ud83d\\u"',
        b'"\\ud83d\\ude0"', b'"\\ud83d\\ude0g"', b'"\\ud83d\\x"', b'"\\ud83d\\"', b'"\\x41"',
        b'"\\101"', b'"\\0"'), is_string=True)
    yield from _forms(UNSOUND, "quotes", (
        '"', '"a', 'a"', "'a'", '"a\'', "`a`", '"a" "b"', '"a""b"', '"a"+"b"', '"a"b', "\u201ca\u201d",
        '\\"a\\"', "%22a%22", "&quot;a&quot;", '"a\nb"', "''", "'", "\u201c\u201d", "\u00aba\u00bb",
        'b"a"', 'u"a"', '"""a"""'), is_string=True)
    yield from _forms(SOUND, "string", (
        '""', '"!"', '"\x7f"', '"\\""', '"\\\\"', '"\\/!"', '"\\b\\f\\n\\r\\t"', '"\\u0021"',
        '"\\u001f"', '"\\u00e9"', '"\\u00E9"', '"\u00e9"', '"\u20ac"', '"\U0001f600"',
        '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"',
        '"\\ud800\\udc00"', '"\\udbff\\udfff"', '"\\ufffe"', '"\\uffff"', '"\ufffe"', '"\uffff"',
        '"\U0010ffff"', '"\u2028\u2029"', '"\ufeff"', '"\\ufeff"', '"\x80"', '"//"', '"/* */"',
        '"[{,:"', '"\\u005cu0041"', '"\\\\u0000"', '"' + "-" * 20000 + '"'), is_string=True)
    yield from _forms(BEYOND, "string", (
        '"\\ud800"', '"\\udbff"', '"\\udc00"', '"\\udfff"', '"\\uDC00\\uD800"', '"\\udc00\\udc00"',
        '"\\ud800\\ud800"', '"\\ud800x"', '"\\ud800\\u0041"', '"\\ud800\\n"', '"\\ud800\\ud800\\udc00"',
        '"\\ud800\\udc00\\udc00"', '"x\\ud83d"', '"\\ud83d \\ude00"', '"\\u0000"', '"a\\u0000b"',
        '"\\ud800\\u0000"'), is_string=True)


def _utf8():
    """What UTF-8 is not (RFC 3629, 3 and 4), in a string."""
    octets = {
        "overlong": ("c080", "c1bf", "c0af", "e08080", "e09fbf", "e080af", "f0808080", "f08fbfbf",
                     "f08080af", "f880808080", "fc8080808080"),
        "a surrogate": ("eda080", "edadbf", "edae80", "edb080", "edbfbf", "eda0bdedb880",
                        "edb880eda0bd"),
        "above 10FFFF": ("f4908080", "f48fc080", "f5808080", "f7bfbfbf", "f888808080", "fc8480808080",
                         "fe", "ff", "feff", "fffe", "fe8080808080"),
        "a lone continuation": ("80", "bf", "8080", "c3a9a9", "e282acac", "f09f988080", "4180"),
        "truncated": ("c3", "e2", "e282", "f0", "f09f", "f09f98", "c3c3a9", "e282e282ac", "c341",
                      "e24141", "e28241", "f0414141", "f09f4141", "f09f9841", "e9", "fc", "c328a9")}
    for what, found in octets.items():
        yield from _forms(UNSOUND, what, (b'"x%sy"' % bytes.fromhex(each) for each in found),
                          is_string=True)
        yield from _forms(UNSOUND, f"{what}, at the end", (
            b'"%s"' % bytes.fromhex(each) for each in found), is_string=True)


# ---- white space ----

SPACES = (" ", "\t", "\n", "\r")
NO_SPACES = (b"\x0b", b"\x0c", b"\x00", b"\x08", b"\x1c", b"\x1f", b"\x7f", b"\x85", b"\xa0",
             b"\xc2\x85", b"\xc2\xa0", b"\xe1\x9a\x80", b"\xe2\x80\x8b", b"\xe2\x80\xa8",
             b"\xe2\x80\xa9",
             b"\xe3\x80\x80", b"\xef\xbb\xbf", b"\\n", b"&#32;", b"_")


def _white_space():
    tokens = (b"{", b'"a"', b":", b"1", b"}")
    for at in range(len(tokens) + 1):
        yield from _forms(UNSOUND, f"no white space, before token {at}", (
            b"".join(tokens[:at]) + other + b"".join(tokens[at:]) for other in NO_SPACES))
    yield from _forms(SOUND, "white space", (space.join(("", *SAMPLE, "")) for space in SPACES))


def forms():
    """All of them, each octets once."""
    found = {}
    for source in (_structures, _names, _texts, _literals, _numbers, _strings, _utf8, _white_space):
        for form in source():
            found.setdefault(form.octets, form)
    return list(found.values())


def second_opinion(octets):
    """What Python's reader, held to RFC 8259, makes of it: (whether it is JSON, the value)."""
    def refuse(constant):
        raise ValueError(constant)

    try:
        return True, json.loads(octets.decode(), parse_constant=refuse)
    except (ValueError, RecursionError):
        return False, None


# ---- one request, in other spellings ----


def escaped(text, form="\\u{:04x}"):
    """A string of which each character is an escape."""
    return '"' + "".join(form.format(ord(character)) for character in text) + '"'


def half_escaped(text):
    """Every second character as it is; a solidus by its own escape."""
    halves = (f"\\u{ord(c):04X}" if at % 2 else c for at, c in enumerate(text))
    return '"' + "".join("\\/" if c == "/" else c for c in halves) + '"'


def spelt(members, string=json.dumps, space="", order=sorted):
    """An object of strings and arrays of strings, each string and each gap spelt as told."""
    def value(of):
        if isinstance(of, str):
            return [string(of)]
        return ["[", *separated([value(each) for each in of]), "]"]

    def separated(parts):
        return [token for at, part in enumerate(parts) for token in ([","] if at else []) + part]

    pairs = [[string(name), ":", *value(members[name])] for name in order(members)]
    return space.join(("", "{", *separated(pairs), "}", "")).encode()


def spellings(members):
    """{what: the same object in other words}, all of which are the same request."""
    found = {"as short as can be": spelt(members), "names and values escaped": spelt(members, escaped),
             "escapes in capitals": spelt(members, lambda text: escaped(text, "\\u{:04X}")),
             "every second one": spelt(members, half_escaped),
             "backwards": spelt(members, order=lambda names: sorted(names, reverse=True)),
             "all white space": spelt(members, space=" \t\r\n" * 20)}
    found |= {f"{space!r} everywhere": spelt(members, space=space) for space in SPACES}
    return found
