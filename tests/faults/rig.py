"""What a test writes into the page that rig.c shares with a program."""

import mmap
import struct

SITES_MAX = 1 << 17
CALLS = ("write", "pwrite", "fsync", "fdatasync", "ftruncate", "renameat", "unlink", "unlinkat",
         "mkdir", "mkdirat", "symlinkat", "linkat", "open", "openat", "sendmsg")
FIELDS = ("fail_in", "fails_on", "failed", "is_counting", "counted", "spoilt_call", "spoil_in",
          "spoils_on", "error", "spoilt", "sent_after_sync", "clock_ms", "clock_reads",
          "flips_signature", "signatures", "holds_signature", "held",
          *(f"calls_{call}" for call in CALLS))
SIZE = 8 * (len(FIELDS) + SITES_MAX)
HALF = 0  # in the place of an error


class Page:
    """The page of one program; a field is read and written like an attribute."""

    def __init__(self, path):
        self.path = path
        with open(path, "w+b") as file:
            file.truncate(SIZE)
            self.map = mmap.mmap(file.fileno(), SIZE)

    def __getattr__(self, name):
        return struct.unpack_from("=q", self.map, 8 * FIELDS.index(name))[0]

    def set(self, **fields):
        for name, value in fields.items():
            struct.pack_into("=q", self.map, 8 * FIELDS.index(name), value)

    def spoil(self, call, n, error, goes_on):
        """The n-th call from now on fails with an error of errno, or writes HALF."""
        self.set(spoilt_call=CALLS.index(call), error=error, spoils_on=goes_on, spoil_in=n)

    def calls(self):
        """{call: how often} until now."""
        return {call: getattr(self, f"calls_{call}") for call in CALLS}

    def sites(self):
        """Who called, of each allocation that was counted, in their order."""
        count = min(self.counted, SITES_MAX)
        return struct.unpack_from(f"={count}Q", self.map, 8 * len(FIELDS))

    def close(self):
        self.map.close()
