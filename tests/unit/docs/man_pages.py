#!/usr/bin/env python3
"""man-pages: the man pages have every command, option, configuration key and JSON member.

The names are read from the tables in the code. What a page says of them is for people to read; that
it says something is asked here.
"""

import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
SUPERVISOR, STORE, DEVICE = (SOURCE / "src" / name for name in ("supervisor", "store", "device"))
CONFIGURATION = SOURCE / "src" / "lib" / "process" / "configuration_key.c"


def read(path):
    return path.read_text(encoding="utf-8")


def page(name):
    return read(SOURCE / "docs" / "man" / f"{name}.1.scd")


def members(files):
    """Names of JSON members: literals of json_pack calls behind the format, names of rows."""
    for file in files:
        text = read(file)
        for call in re.findall(r"\bjson_pack\((.*?)\);", text, re.S):
            literals = re.findall(r'"((?:[^"\\]|\\.)*)"', call)
            yield from (name for name in literals if re.fullmatch(r"[a-z_]+", name))
        yield from re.findall(r'\brow_[a-z_]+\(operation, "([a-z_]+)"', text)
        yield from re.findall(r'\b(?:text|number)_field\("([a-z_]+)"', text)
        yield from re.findall(r'\{\\"([a-z_]+)\\":', text)


def commands():
    return re.findall(r'\{ "([a-z ]+)", command_\w+,', read(SUPERVISOR / "command_line.c"))


def configuration_keys():
    return re.findall(r'\{ "([a-z-]+)", "([a-z0-9_]+)", &value', read(CONFIGURATION))


def section_of(text, name):
    """The lines below ## [name] or ## [name NAME]."""
    match = re.search(rf"^## \[{re.escape(name)}(?: NAME)?\]$(.*?)^#", text, re.M | re.S)
    return match[1] if match else ""


def missing():
    ca, device = page("genuine-ca"), page("genuine-device")
    for words in commands():
        if not re.search(rf"^\*{words}\*", ca, re.M):
            yield f"genuine-ca.1 has no command {words}"
    for option in set(re.findall(r'invocation_(?:flag|value)\(\w+, "(--[a-z-]+)"',
                                 "".join(map(read, SUPERVISOR.glob("command*.c"))))):
        if f"*{option}*" not in ca:
            yield f"genuine-ca.1 has no option {option}"
    for section, key in configuration_keys():
        if f"*{key}*" not in section_of(ca, section):
            yield f"genuine-ca.1 has no key {key} in [{section}]"
    files = [*SUPERVISOR.glob("command*.c"), SUPERVISOR / "explain.c", SUPERVISOR / "trust_store.c",
             SUPERVISOR / "operator_socket.c", *STORE.glob("operator_*.c")]
    for name in sorted(set(members(files))):
        if not re.search(rf"\*{name}\*|\b{name}\b", ca.split("# JSON", 1)[1]):
            yield f"genuine-ca.1 has no JSON member {name}"
    for option in set(re.findall(r'"(--[a-z-]+)"', read(DEVICE / "options.c"))):
        if f"*{option}*" not in device and option not in ("--help", "--version"):
            yield f"genuine-device.1 has no option {option}"
    files = [DEVICE / f"{name}.c" for name in ("provision", "status", "manifest_line", "report")]
    for name in sorted(set(members(files))):
        if f"*{name}*" not in device:
            yield f"genuine-device.1 has no JSON member {name}"


def main():
    found = sorted(missing())
    counted = len(commands()), len(configuration_keys())
    print("\n".join(found) or f"{counted[0]} commands, {counted[1]} configuration keys")
    # A table that was not understood would have nothing missing.
    return 1 if found or not all(counted) else 0


if __name__ == "__main__":
    sys.exit(main())
