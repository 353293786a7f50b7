"""`bridge test --update`: shows, asks, writes, and proves that the tests pass now."""

import os
import pty
import subprocess
import sys

import pytest


@pytest.fixture
def shop(house):
    """The mapping file."""
    return house / "mappings" / "shop.yaml"


@pytest.fixture
def stale(shop, rewrite):
    """The mapping file, one of whose expected values is old."""
    rewrite("amount: 5,", 'amount: "4",')
    return shop


def test_update_shows_the_difference_and_writes_it(terminal, stale):
    """Only the value changes; the tests are read and run again, and pass."""
    before = stale.read_text()
    result = terminal("test", "--update", "--yes")
    assert result.exit_code == 0
    assert stale.read_text() == before.replace('"4"', "5")
    assert "\n--- mappings/shop.yaml\n+++ mappings/shop.yaml\n@@ " in result.stdout
    assert "\n-        body: {" in result.stdout and ', amount: "4",' in result.stdout
    assert result.stdout.splitlines()[-1].startswith("2 passed in ")
    assert result.stderr == "rewrote 1 file\n"


def test_update_writes_nothing_unasked(terminal, stale):
    """Without a terminal there is nobody to ask."""
    before = stale.read_bytes()
    result = terminal("test", "--update")
    assert (result.exit_code, stale.read_bytes()) == (1, before)
    assert result.stderr == "nothing written: add --yes to rewrite 1 file\n"


@pytest.mark.parametrize("answer, code", [(b"y\n", 0), (b"n\n", 1)])
def test_update_asks_on_a_terminal(stale, answer, code):
    """And does what is answered."""
    before = stale.read_bytes()
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bridge", "test", "mappings", "--update"]
    try:
        os.write(ours, answer)
        done = subprocess.run(
            command,
            stdin=theirs,
            capture_output=True,
            cwd=stale.parents[1],
            env={**os.environ, "XDG_CACHE_HOME": str(stale.parents[1])},
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"Rewrite 1 file? [y/N]" in done.stderr
    assert (done.returncode, stale.read_bytes() != before) == (code, code == 0)


def test_update_of_passing_tests_changes_nothing(terminal, shop):
    """Not even its time."""
    before = shop.stat()
    result = terminal("test", "--update", "--yes")
    assert (result.exit_code, result.stderr) == (0, "nothing to update\n")
    assert shop.stat() == before


def test_update_names_what_it_leaves(terminal, stale, rewrite):
    """With the place, the test and the reason; the rest is written, and what still fails is exit code 1."""
    rewrite("paid-sets-amount: skipped", "paid-sets-amount: { error: E301 }")
    result = terminal("test", "--update", "--yes")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "mappings/shop.yaml:23:33: not updated in 'nothing is skipped':"
        " a person must decide whether the rule should fail here",
        "rewrote 1 file",
    ]
    assert "amount: 5," in stale.read_text()
    assert "{ error: E301 }" in stale.read_text()
    assert result.stdout.splitlines()[-1].startswith("1 failed, 1 passed in ")


def test_update_takes_only_the_tests_that_were_run(terminal, stale, rewrite):
    """-k chooses what is rewritten too."""
    rewrite("paid-sets-amount: skipped", "paid-sets-amount: no_match")
    assert terminal("test", "-k", "skipped", "--update", "--yes").exit_code == 0
    assert 'amount: "4",' in stale.read_text()


def test_update_keeps_links_permissions_and_the_byte_order_mark(terminal, stale, house):
    """A file is replaced where it really is, and nothing is left beside it."""
    real = house / "real.yaml"
    stale.rename(real)
    real.write_bytes(b"\xef\xbb\xbf" + real.read_bytes())
    real.chmod(0o640)
    (house / "mappings" / "real").mkdir()
    inside = house / "mappings" / "real" / "shop.txt"
    real.rename(inside)
    stale.symlink_to("real/shop.txt")
    assert terminal("test", "--update", "--yes").exit_code == 0
    assert stale.is_symlink()
    assert inside.read_bytes().startswith(b"\xef\xbb\xbfversion")
    assert b"amount: 5," in inside.read_bytes()
    assert inside.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in inside.parent.iterdir()] == ["shop.txt"]


def test_update_does_not_write_over_what_somebody_else_wrote(
    terminal, stale, monkeypatch
):
    """A file that was changed after its tests ran stays as it is now."""
    from bridge.cli import case_update

    find = case_update.mapping.update_cases

    def slow(*arguments):
        stale.write_text(stale.read_text() + "# new\n")
        return find(*arguments)

    monkeypatch.setattr(case_update.mapping, "update_cases", slow)
    result = terminal("test", "--update", "--yes")
    assert result.exit_code == 3
    assert "shop.yaml changed in the meantime" in result.stderr
    assert stale.read_text().endswith("# new\n") and '"4"' in stale.read_text()


def test_update_writes_nothing_that_does_not_load(terminal, stale, monkeypatch):
    """The new texts are read before they are written."""
    from bridge.cli import case_update
    from bridge.mapping import Update

    broken = Update(texts={"shop.yaml": stale.read_text() + "rules: []\n"}, left=())
    monkeypatch.setattr(case_update.mapping, "update_cases", lambda *at: broken)
    before = stale.read_bytes()
    result = terminal("test", "--update", "--yes")
    assert (result.exit_code, stale.read_bytes()) == (3, before)
    assert "error[M002] duplicate key 'rules'" in result.stderr


def test_yes_alone_is_a_mistake(terminal, house):
    """There is nothing that it would answer."""
    assert terminal("test", "--yes").exit_code == 2
