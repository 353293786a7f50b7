"""A Debian that has just been installed, with a running systemd, in which a person walks the pages: `make walk`.

debootstrap makes it and systemd-nspawn boots it, so root is needed. Of this machine it gets the way to the package
indexes and the network; its processes, files and accounts are its own. What listens in it listens here, too.
"""

import glob
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from printed import ROOT, Typed, read, script
from programs import program
from running import eventually

SUITE = "bookworm"  # the oldest with a Python that Bridge runs on
# What somebody who installed a server has, before he has heard of Bridge.
PACKAGES = "systemd-sysv,dbus,sudo,ca-certificates,iproute2,git"
PERSON = "newcomer"
# With iproute2's `bridge` on it, as root and Ubuntu's accounts have it.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# uv brings its own, as pip does; pip.conf says so to that one.
ROOTS = "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"
LENT = (
    "/etc/pip.conf",
    "/etc/ssl/certs/ca-certificates.crt",
    "/usr/local/share/ca-certificates/*.crt",
)
# systemd-nspawn asks systemd for a place of its own; where that does not run, it takes the one that it has.
ALONE = [] if Path("/run/systemd/system").exists() else ["--register=no", "--keep-unit"]


@contextmanager
def debian(folder: Path):
    """A booted one below a folder, until the block ends; skipped by name where none can be made."""
    if os.geteuid() != 0:
        pytest.skip("not tried: only root can boot a Debian of its own")
    nspawn = program("systemd-nspawn")
    subprocess.run(["cp", "--archive", bootstrapped(), folder], check=True)
    machine = Debian(folder, nspawn)
    machine.prepare()
    machine.boot()
    try:
        yield machine
    finally:
        machine.end()


def bootstrapped() -> Path:
    """One that nobody has booted; it is kept, for making it takes minutes."""
    debootstrap, kept = program("debootstrap"), ROOT / ".venv" / "debian"
    if not kept.exists():
        print("making a Debian: a few minutes")
        new = kept.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        made = ["--variant=minbase", f"--include={PACKAGES}", SUITE, str(new)]
        subprocess.run([debootstrap, *made], stdout=subprocess.DEVNULL, check=True)
        new.rename(kept)
    return kept


class Debian:
    """One machine: its folder, and its processes while it is booted."""

    def __init__(self, folder: Path, nspawn: str):
        self.folder = folder
        self._nspawn = nspawn
        self._process = None

    def prepare(self) -> None:
        """A person's account, what this machine lends, and what is committed here as a repository to clone."""
        for lent in (Path(one) for pattern in LENT for one in glob.glob(pattern)):
            there = self.folder / lent.relative_to("/")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(lent, there)
        files = {
            # The person's answer to apt's question.
            "etc/apt/apt.conf.d/yes": 'APT::Get::Assume-Yes "true";\n',
            "etc/hostname": "walk\n",
            "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 walk\n",
            f"etc/sudoers.d/{PERSON}": f"{PERSON} ALL=(ALL) NOPASSWD: ALL\n",
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)
        self._inside("useradd", "--create-home", "--shell", "/bin/bash", PERSON)
        repository = self.folder / "srv" / "bridge.git"
        subprocess.run(
            ["git", "clone", "--quiet", "--bare", ROOT, repository], check=True
        )
        self._inside("chown", "--recursive", f"{PERSON}:", "/srv/bridge.git")

    def _inside(self, *command: str) -> None:
        subprocess.run(["chroot", self.folder, *command], check=True)

    def boot(self) -> None:
        """Starts it, and waits until systemd has started everything that is to run."""
        with (self.folder.parent / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                [
                    self._nspawn,
                    "--quiet",
                    "--boot",
                    "--machine=bridge-walk",
                    f"--directory={self.folder}",
                    *ALONE,
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        assert eventually(self._is_up), self.log()

    def log(self) -> str:
        return (self.folder.parent / "console.log").read_text(errors="replace")

    def _is_up(self) -> bool:
        assert self._process.poll() is None, self.log()
        first = self._first()
        if first is None:
            return False
        asked = ["systemctl", "is-system-running", "--wait"]
        done = subprocess.run(self._entered(first, *asked), capture_output=True)
        return done.stdout.strip() in (b"running", b"degraded")

    def _first(self) -> str | None:
        """The number that this machine knows the first process of the other one by."""
        number = self._process.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text()
        for child in children.split():
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return child
        return None

    @staticmethod
    def _entered(first: str, *command: str) -> list[str]:
        return ["nsenter", f"--target={first}", "--all", "--", *command]

    def typed(self, lines: list[str], timeout: float = 1200) -> list[Typed]:
        """What became of each line, typed by the person one after another into one shell."""
        (self.folder / "srv" / "typed.sh").write_text(
            f"export PATH={PATH} {ROOTS}\ncd\n{script(lines)}"
        )
        shell = ["runuser", "--login", PERSON, "--command", "bash /srv/typed.sh"]
        run = subprocess.run(
            self._entered(self._first(), *shell),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
        )
        print(run.stdout)
        return read(run.stdout, lines)

    def reboot(self) -> None:
        """By its own word, as after an update of the kernel: everything ends, and starts anew by itself."""
        before = self._first()
        subprocess.run(self._entered(before, "systemctl", "reboot"), check=False)
        assert eventually(lambda: self._process.poll() is not None), self.log()
        self.boot()

    def end(self) -> None:
        """As its switch would: systemd ends what runs."""
        self._process.terminate()
        self._process.wait(timeout=120)
