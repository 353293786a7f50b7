"""What a unit of ops/systemd should not be able to do, tried from within: true for each thing that it could do."""

import ctypes
import errno
import json
import os
import socket
import stat
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
OWN = Path("/var/lib/bridge")
CLONE_NEWUSER = 0x10000000
ADDR_NO_RANDOMIZE = 0x0040000
PTRACE_TRACEME = 0


def works(function, *arguments):
    """Whether a function of the C library does it."""
    return function(*arguments) >= 0


def writes(path):
    try:
        Path(path).write_text("x")
    except OSError:
        return False
    return True


def sees(folder):
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False


def makes(family):
    try:
        socket.socket(
            family,
            socket.SOCK_SEQPACKET if family == socket.AF_ALG else socket.SOCK_RAW,
        ).close()
    except OSError as error:
        return error.errno != errno.EAFNOSUPPORT
    return True


def status(name):
    text = Path("/proc/self/status").read_text()
    return next(
        line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:")
    )


def others():
    """Processes of other accounts."""
    return [
        one
        for one in os.listdir("/proc")
        if one.isdigit() and os.stat(f"/proc/{one}").st_uid != os.getuid()
    ]


def gives_away(path):
    """Whether it can make a file that others run as this account."""
    path.write_text("x")
    try:
        path.chmod(0o4755)
    except OSError:
        return False
    return bool(path.stat().st_mode & stat.S_ISUID)


def read_only(mount):
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[4] == mount:
            found = "ro" in fields[5].split(",")
    return found


if __name__ == "__main__":
    new = OWN / "probe.json"
    new.touch()
    Path("/tmp/probe").write_text("private")
    Path("/var/tmp/probe").write_text("private")
    found = {
        "writes elsewhere": writes("/srv/open/probe") or writes("/run/lock/probe"),
        "others may read what it writes": bool(new.stat().st_mode & 0o077),
        "sees homes": sees("/home") or sees("/root"),
        "sees other processes": bool(others()),
        "sees devices": os.path.exists("/dev/console") or os.path.exists("/dev/kmsg"),
        "has capabilities": int(status("CapBnd"), 16) != 0,
        "may gain privileges": status("NoNewPrivs") != "1",
        "makes namespaces": works(LIBC.unshare, CLONE_NEWUSER),
        "makes odd sockets": makes(socket.AF_ALG),
        "changes its personality": works(LIBC.personality, ADDR_NO_RANDOMIZE),
        "makes set-user-id files": gives_away(OWN / "probe"),
        "traces": works(LIBC.ptrace, PTRACE_TRACEME, 0, 0, 0),
        "changes the kernel's settings": not read_only("/proc/sys"),
        "sees modules of the kernel": os.access("/lib/modules", os.R_OK),
        "changes control groups": not read_only("/sys/fs/cgroup"),
    }
    new.write_text(json.dumps(found) + "\n")
    (OWN / "probe").unlink()
