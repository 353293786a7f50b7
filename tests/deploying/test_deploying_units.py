"""ops/systemd: the units are right by systemd's own word, say no more than they need, and start what they name."""

import os
import re
import socket
import subprocess
import sys

import pytest
from programs import program
from running import ROOT, eventually, free_port

from bridge.cli import cli

FOLDER = ROOT / "ops" / "systemd"
UNITS = sorted((*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
PAGE = (ROOT / "docs" / "deploying.md").read_text("utf-8")


def name(path):
    return path.name


def values(unit, key):
    return re.findall(rf"^{key}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


@pytest.fixture
def placed(tmp_path):
    """The units with programs that this machine has in the place of what an installation brings."""
    script = tmp_path / "bridge"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/bridge/bin/bridge", str(script))
        (tmp_path / unit.name.replace("@.", "@a.")).write_text(text)
    return tmp_path


def test_systemd_has_nothing_to_say(placed):
    """`systemd-analyze verify` of all of them: no unknown key, no value that it passes over."""
    analyze = program("systemd-analyze")
    units = [str(path) for path in placed.iterdir() if "." in path.name]
    done = subprocess.run(
        [analyze, "verify", "--man=no", *units], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "bridge" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("unit", SERVICES, ids=name)
def test_a_service_is_hardened(placed, unit):
    """As the page says, by systemd's own measure with nothing of this machine looked at: no line of it is missing."""
    analyze = program("systemd-analyze")
    here = placed / unit.name.replace("@.", "@a.")
    done = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", here],
        capture_output=True,
        text=True,
    )
    [told] = re.findall(r"rates it (\d\.\d) of 10", PAGE)
    [silent] = re.findall(r"that say nothing are rated (\d\.\d)", PAGE)
    wanted = told if values(unit, "NotifyAccess") else silent
    assert f"exposure level for {here.name}: {wanted} " in done.stdout, done.stdout


def test_all_services_are_confined_alike():
    """What `make walk` tries from within one of them holds for all."""
    blocks = {
        re.search(r"^NoNewPrivileges=[^[]*", unit.read_text("utf-8"), re.M)[0].strip()
        for unit in SERVICES
    }
    assert len(blocks) == 1


@pytest.mark.parametrize("unit", SERVICES, ids=name)
def test_what_a_service_starts_is_there(unit):
    """The command is one of ours with options that it has, as an account that is not root."""
    assert values(unit, "User") == ["bridge"]
    [line] = values(unit, "ExecStart")
    found = re.search(r"/opt/bridge/bin/bridge (\w+)((?: --[\w-]+)*)", line)
    command = cli.get_command(None, found[1])
    options = {one for option in command.params for one in option.opts}
    assert set(found[2].split()) <= options
    for file in values(unit, "EnvironmentFile"):
        shipped = file.removeprefix("/etc/bridge/").replace("%i", "a")
        assert (FOLDER / shipped).exists()


@pytest.mark.parametrize("unit", SERVICES, ids=name)
def test_a_service_that_stays_is_restarted_and_drained(unit):
    """It comes back whatever it ended of, and has longer to end than the 30 s that SIGTERM gives."""
    if values(unit, "Type") == ["oneshot"]:
        return
    assert values(unit, "Restart") == ["always"]
    assert values(unit, "StartLimitIntervalSec") == ["0"]
    assert values(unit, "KillMode") == ["mixed"]
    assert int(values(unit, "TimeoutStopSec")[0]) > 30
    assert values(unit, "WantedBy") == ["multi-user.target"]  # after a reboot, too


def test_the_command_for_people_keeps_their_words(tmp_path):
    """bridge.sh gives systemd each word so that the program gets it back as it was typed, and says who typed it."""
    sudo = tmp_path / "sudo"
    sudo.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    sudo.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SUDO_USER": "ana"}
    typed = ["pause", "--reason", "$5 of  100%", ""]
    done = subprocess.run(
        [FOLDER / "bridge.sh", *typed], env=environ, capture_output=True, text=True
    )
    *options, program, pause, option, reason, empty = done.stdout.split("\n")[:-1]
    assert (program, reason, empty) == ("/opt/bridge/bin/bridge", "$$5 of  100%", "")
    assert (pause, option) == tuple(typed[:2]) and "--setenv=SUDO_USER=ana" in options
    unit = FOLDER / "bridge.service"
    [account], [file] = values(unit, "User"), values(unit, "EnvironmentFile")
    assert {f"--uid={account}", f"--property=EnvironmentFile={file}"} <= {*options}


def test_no_two_processes_want_one_port():
    """Receivers a and b, the worker, and a bridge by itself beside none of them."""
    binds = [
        bind
        for path in FOLDER.glob("*.env")
        for bind in re.findall(
            r"^BRIDGE_(?:ADMIN_)?BIND=(\S+)$", path.read_text(), re.M
        )
    ]
    assert len(binds) == 5 and len(set(binds)) == 5


def settings(*names):
    """The variables of the shipped files, as systemd reads them."""
    text = "".join((FOLDER / name).read_text("utf-8") for name in names)
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unit", "own"),
    [("bridge.service", ()), ("bridge-receiver@.service", ("receiver-a.env",))],
)
def test_a_service_says_when_it_is_ready(tmp_path, unit, own):
    """Type=notify: systemd is told once the ports are open, and not before; SIGTERM ends it well.

    A restart of the next receiver waits for that; told too soon, both would be away.
    """
    (tmp_path / "mappings").mkdir()
    ports = free_port(), free_port()
    environ = settings("bridge.env", *own) | {
        "BRIDGE_MAPPINGS": str(tmp_path / "mappings"),
        "BRIDGE_DATABASE_URL": f"sqlite:///{tmp_path}/bridge.db",
        "BRIDGE_BIND": f"127.0.0.1:{ports[0]}",
        "BRIDGE_ADMIN_BIND": f"127.0.0.1:{ports[1]}",
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "PATH": os.environ["PATH"],
    }
    assert values(FOLDER / unit, "Type") == ["notify"]
    assert values(FOLDER / unit, "NotifyAccess") == ["all"]  # a child of it says so
    [line] = values(FOLDER / unit, "ExecStart")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(environ["NOTIFY_SOCKET"])
        told.settimeout(300)
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", *line.split()[1:]], env=environ
        )
        try:
            assert b"READY=1" in told.recv(1000)
            for port in ports:
                socket.create_connection(("127.0.0.1", port), timeout=60).close()
        finally:
            process.terminate()
            code = process.wait(timeout=120)
    assert code == 0


@pytest.mark.slow
def test_the_backup_of_the_timer_is_a_backup(sqlite, tmp_path):
    """The service's own lines, one after another: a new file that is a store; those of two weeks ago go."""
    unit = FOLDER / "bridge-backup.service"
    script = tmp_path / "bridge"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m bridge "$@"\n')
    script.chmod(0o755)
    old = tmp_path / "backups" / "2020-01-01-031000.db"
    old.parent.mkdir()
    old.touch()
    os.utime(old, (0, 0))
    url = sqlite.url.render_as_string(hide_password=False)
    for key in ("ExecStartPre", "ExecStart", "ExecStartPost"):
        [line] = values(unit, key)
        line = line.replace("%%", "%").replace("/var/lib/bridge", str(tmp_path))
        line = line.replace("/opt/bridge/bin/bridge", str(script))
        environ = {"PATH": "/usr/bin:/bin", "BRIDGE_DATABASE_URL": url}
        subprocess.run(["sh", "-c", line], env=environ, cwd=tmp_path, check=True)
    [made] = old.parent.iterdir()
    assert made.read_bytes().startswith(b"SQLite format 3")
    assert eventually(lambda: made.stat().st_mode & 0o077 == 0)
