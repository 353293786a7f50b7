"""`bridge relearn`: a sender may tell another secret, or a person is shown the one that it told, once."""

import pytest
from bench import objects

from bridge.model import SecretRef
from bridge.receive.learnt import Learnt
from bridge.secret import Secret
from bridge.services.relearning import relearn
from bridge.store.audit import By

KEY = "the key of all hosts, long enough"
TOLD = "secret_exampleExampleExampleExample"
SHOW = ("relearn", "notion", "--show", "--reason", "verify the subscription")


@pytest.fixture
def told(bench, monkeypatch):
    """Tells a secret as the sender of `notion` does."""
    monkeypatch.setenv("BRIDGE_SECRET_KEY", KEY)
    reference = SecretRef(kind="learnt", name="notion")
    store = bench.database

    def tell(secret=TOLD):
        Learnt(store, KEY).keep(reference, Secret(secret))
        return store

    return tell


def acts(terminal):
    return [
        (one["action"], one["reason"], one["subject"])
        for one in objects(terminal("audit", "--json"))
    ]


def test_a_secret_is_shown_once(terminal, told):
    """On stdout and alone there, so that it can be piped; the audit trail says that it was, and why."""
    told()
    shown = terminal(*SHOW)
    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, f"{TOLD}\n", "")
    again = terminal(*SHOW)
    assert again.exit_code == 5 and TOLD not in again.output
    assert "run `bridge relearn notion` to accept a new one" in again.stderr
    [act] = acts(terminal)
    assert act == ("relearn --show", "verify the subscription", {"learnt": "notion"})
    assert TOLD not in terminal("audit").output


def test_what_is_told_anew_may_be_shown_anew(terminal, told):
    """Another secret, that a person let in, is another one to paste."""
    store = told()
    assert terminal(*SHOW).stdout == f"{TOLD}\n"
    assert relearn(store, "notion", By())
    assert terminal(*SHOW).exit_code == 5
    told("secret_another_exampleExampleExample")
    assert terminal(*SHOW).stdout == "secret_another_exampleExampleExample\n"


@pytest.mark.parametrize("reason", [(), ("--reason", " ")])
def test_nothing_is_shown_without_a_reason(terminal, told, reason):
    """It is asked for, and may be shown later."""
    told()
    refused = terminal("relearn", "notion", "--show", *reason)
    assert refused.exit_code == 2 and "--show needs --reason" in refused.output
    assert TOLD not in refused.output and acts(terminal) == []
    assert terminal(*SHOW).exit_code == 0


def test_nothing_is_shown_that_was_not_told(terminal, told):
    """Nor of another name."""
    assert terminal(*SHOW).exit_code == 5
    told()
    assert terminal("relearn", "other", "--show", "--reason", "x").exit_code == 5
    assert acts(terminal) == []


@pytest.mark.parametrize("key", ["", "another key of sixteen or more"])
def test_another_key_shows_nothing_and_uses_nothing_up(
    terminal, told, monkeypatch, key
):
    """Whoever has the store alone sees nothing; with the right key it can be shown afterwards."""
    told()
    monkeypatch.setenv("BRIDGE_SECRET_KEY", key)
    refused = terminal(*SHOW)
    assert refused.exit_code == 3 and "BRIDGE_SECRET_KEY" in refused.output
    assert acts(terminal) == []
    monkeypatch.setenv("BRIDGE_SECRET_KEY", KEY)
    assert terminal(*SHOW).stdout == f"{TOLD}\n"


def test_relearn_lets_another_one_in(terminal, told):
    """Without --show it prints no secret."""
    told()
    done = terminal("relearn", "notion", "--reason", "leaked")
    assert (done.exit_code, done.stdout) == (0, "")
    assert terminal("relearn", "notion").exit_code == 5
    assert acts(terminal) == [("relearn", "leaked", {"learnt": "notion"})]
