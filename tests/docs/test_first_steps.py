"""What README and docs print can be typed in a clean clone, after two set-up commands, with iproute2 on the path."""

import shlex
import shutil
import subprocess

import clean_clone
import pytest
from printed import ROOT, printed, read, script
from running import PAYLOADS, free_port

from bridge import demo
from bridge.strict import http

SET_UP = ("make install", ". .venv/bin/activate")
FOUND_NOTHING = 5


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Before any command was typed, but for the installation itself."""
    folder = clean_clone.clone(tmp_path_factory.mktemp("first") / "bridge")
    clean_clone.install(folder)
    return folder


def typed(folder, lines, **variables):
    """What became of each line, typed one after another into one shell."""
    (folder.parent / "typed.sh").write_text(script(lines))
    run = subprocess.run(
        ["bash", str(folder.parent / "typed.sh")],
        cwd=folder,
        env=clean_clone.bare(folder, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    print(run.stdout)
    return read(run.stdout, lines)


def ports():
    """In the place of 8080 and 8081, which may be somebody else's here."""
    return {
        "BRIDGE_BIND": f"127.0.0.1:{free_port()}",
        "BRIDGE_ADMIN_BIND": f"127.0.0.1:{free_port()}",
    }


def test_the_first_page_can_be_typed(clone):
    """README from top to bottom: everything succeeds; that event 17 is not there yet is the one thing that is said."""
    lines = printed("README.md")
    assert tuple(line.partition("  ")[0] for line in lines[:2]) == SET_UP
    for one in typed(clone, lines, **ports()):
        assert one.code == (FOUND_NOTHING if " why " in one.line else 0), one


STEERING = [
    f"docs/{name}.md" for name in ("installing", "operating", "keeping", "terminal")
]
# A line that needs what a clone does not have, and where it is tried instead.
ELSEWHERE = {
    "export BRIDGE_DATABASE_URL=postgresql": "tests/e2e/test_e2e_keeping.py",
    "bridge migrate --from": "tests/e2e/test_e2e_keeping.py",
    "bridge restore": "tests/e2e/test_e2e_keeping.py",  # on a store that nothing runs on
}


@pytest.fixture(scope="module")
def at_work(clone):
    """A bridge at work on the clone's mapping files, with events in it; the variables that its terminal has."""
    with demo.running(clone / "mappings") as running:
        sendings = running.sendings()
        wanted = running.wanted(sendings)
        for sending in sendings:
            assert running.send(sending) == 202
        assert running.wait(wanted) == ([], [])
        yield dict(running.environ)


@pytest.mark.slow
@pytest.mark.parametrize("page", STEERING)
def test_a_page_can_be_typed(clone, at_work, page):
    """Beside a bridge at work each line is understood and done, or finds nothing: no file or folder is missing."""
    event = http.parse((PAYLOADS / "stripe/invoice.paid__clp.http").read_bytes())
    (clone / "events.jsonl").write_bytes(b"".join(event.body.splitlines()) + b"\n")
    lines = [line for line in printed(page) if not line.startswith(tuple(ELSEWHERE))]
    admin = at_work["BRIDGE_ADMIN_BIND"]
    lines = [line.replace("127.0.0.1:8081", admin) for line in lines]
    for one in typed(clone, [SET_UP[1], *lines], **at_work):
        asked = "add --yes to" in one.said  # what a terminal asks before it does it
        assert one.code in (0, FOUND_NOTHING) or asked or is_absent(one.line), one


def is_absent(line):
    """Whether a program of the system is what the line needs, and this machine has none."""
    return shutil.which(shlex.split(line)[0], path="/usr/bin:/bin") is None and (
        line.split()[0] == "curl"
    )


def test_what_is_tried_elsewhere_is_tried():
    """The named files are there, and the lines are on a page."""
    lines = [line for page in STEERING for line in printed(page)]
    for start, file in ELSEWHERE.items():
        assert any(line.startswith(start) for line in lines), start
        assert (ROOT / file).exists()


def test_without_the_second_line_another_program_answers(clone):
    """The path of these tests is the one that README warns of."""
    [one] = typed(clone, ["bridge check"])
    assert one.code == 255 and 'try "bridge help"' in one.said
