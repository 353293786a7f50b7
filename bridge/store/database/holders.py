"""Names the processes of this machine that hold a lock on a file, where /proc/locks tells (Linux).

For messages to people. A process in another container has no number here, and stays unnamed.
"""

import os
import pwd
from contextlib import suppress
from pathlib import Path

_UNKNOWN = "a process that this system does not name"


def named(path: str) -> str:
    """The processes that hold a lock on a file, each with its command and account, for a sentence."""
    numbers = sorted(pids(path))
    return " and ".join(map(_named, numbers)) if numbers else _UNKNOWN


def pids(path: str) -> set[int]:
    """The numbers of the processes that hold a lock on a file; who waits for one is none of them."""
    try:
        there = os.stat(path)
        lines = Path("/proc/locks").read_text("ascii", "replace").splitlines()
    except OSError:
        return set()
    major, minor = os.major(there.st_dev), os.minor(there.st_dev)
    name = f"{major:02x}:{minor:02x}:{there.st_ino}"
    held = (line.split() for line in lines if "->" not in line)
    return {int(words[4]) for words in held if words[5] == name and words[4] > "0"}


def _named(pid: int) -> str:
    command, account = "", ""
    with suppress(OSError):
        command = f"{_command(pid)}, "
        account = _account(os.stat(f"/proc/{pid}").st_uid)
    return f"process {pid} ({command}account {account or 'unknown'})"


def _command(pid: int) -> str:
    """The program, and which command of the bridge; its other words may hold anything."""
    folder = Path(f"/proc/{pid}")
    words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    for word, following in zip(words, words[1:]):
        if os.path.basename(word) == "bridge" and following.isalpha():
            return f"bridge {following}"
    return (folder / "comm").read_text("utf-8", "replace").strip()


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
