"""Group K: secrets, logs, privileges."""

from catalogue import row
from shown import shown_by


@row(134, "aborted where core files are permitted, read by other users, swapped: no secret",
     is_slow=True)
def core_files(_, verdict):
    shown_by(verdict, "test_secrets.py", "core", "memory", "locked", "processes")


@row(136, "every secret looked for in logs, database, audit, answers and explanations", is_slow=True)
def canaries(_, verdict):
    shown_by(verdict, "test_secrets.py", "search_finds", "files", "outputs")


@row(138, "from inside each role: open, socket, execve, fork, setuid, ptrace, executable memory, io_uring,"
     " userfaultfd, bpf; what it was left with", is_slow=True)
def from_inside(_, verdict):
    shown_by(verdict, "test_roles.py", "probe", "given_up", "users", "dumpable", "descriptors")


@row(140, "a front or a verifier that sends whatever it likes, a verifier that vouches for everything",
     is_slow=True)
def taken(_, verdict):
    shown_by(verdict, "test_taken.py")
    shown_by(verdict, "test_taken_front.py")
    shown_by(verdict, "test_taken_verifier.py")
