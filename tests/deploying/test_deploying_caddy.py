"""ops/caddy: Debian's Caddy takes the file, and loses nothing when the bridge restarts."""

import subprocess
from contextlib import contextmanager

import pytest
import requests
from history import judge
from programs import program
from running import ROOT, eventually, free_port
from traffic import Traffic, history, settled

FILE = ROOT / "ops" / "caddy" / "Caddyfile"


@contextmanager
def caddy(folder, receiver):
    """Caddy in the foreground with the shipped file, without its TLS: nobody gives a test a certificate."""
    port = free_port()
    text = FILE.read_text("utf-8").replace("127.0.0.1:8080", f"127.0.0.1:{receiver}")
    text = text.replace("hooks.example.com {", f"http://127.0.0.1:{port} {{")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
    environ = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "PATH": "/usr/bin:/bin",
    }
    command = [
        program("caddy"),
        "run",
        "--adapter",
        "caddyfile",
        "--config",
        "Caddyfile",
    ]
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=log, stderr=log
        )
    try:
        assert eventually(lambda: is_up(port)), (folder / "caddy.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def is_up(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/nothing", timeout=10).status_code
    except requests.RequestException:
        return False


def test_caddy_takes_the_file(tmp_path):
    """As it is shipped, TLS included."""
    done = subprocess.run(
        [program("caddy"), "validate", "--adapter", "caddyfile", "--config", FILE],
        env={
            "HOME": str(tmp_path),
            "XDG_DATA_HOME": str(tmp_path),
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_restart_behind_caddy_loses_nothing(on_sqlite, sandbox, tmp_path):
    """R-39: while the one receiver restarts, senders get 502 and try again: what was acknowledged is there, once."""
    running, port = on_sqlite, free_port()
    folder = tmp_path / "caddy"
    folder.mkdir()
    receiver = running.receivers(port=port)
    running.worker()
    with caddy(folder, port) as url:
        assert requests.post(f"{url}/metrics", timeout=60).status_code == 404
        traffic = Traffic(url)
        with traffic:
            assert eventually(lambda: traffic.acknowledged() > 15)
            assert receiver.stop() == 0
            running.receivers(port=port)
            before = traffic.acknowledged()
            assert eventually(lambda: traffic.acknowledged() > before + 15)
        traffic.resend()
    assert {item.status for item in traffic.sent} <= {200, 202, 502}
    assert settled(running.bridge), running.tail()
    assert judge(history(traffic, sandbox, running.bridge)) == []
