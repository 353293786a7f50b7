"""Accounts, sessions and tokens: who may ask, for how long, and what the store has of it."""

from datetime import UTC, datetime, timedelta

import faces
import pytest
from faces import BY
from sqlalchemy import select

from bridge.errors import InputRefused, NotSignedIn, NotThere, TooManyTries
from bridge.services import accounts, people, sessions, tokens
from bridge.store import audit
from bridge.store.tables import metadata

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


def sign_in(database, name="ana", password=PASSWORD, address="192.0.2.1", now=NOW):
    return sessions.sign_in(
        database, name, password, address=address, agent="a test", now=now
    )


def wrong(database, times, **given):
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            sign_in(database, password="not this one", **given)


@pytest.fixture
def quick(monkeypatch):
    """Passwords are compared as they are, where a test is about something else than hashing."""
    monkeypatch.setattr("bridge.services.passwords.agrees", lambda one, two: one == two)
    monkeypatch.setattr("bridge.services.passwords.hashed", lambda one, name: one)


def everything(database):
    """All that the store holds, as one text."""
    with database.read() as tx:
        tables = metadata.sorted_tables
        return repr([tx.execute(select(one)).all() for one in tables])


def test_a_person_signs_in_with_the_password(database):
    """The right password begins a session, which knows the person; the store has neither password nor token."""
    faces.account(database, "ana", "operator", password=PASSWORD)
    begun = sign_in(database, "Ana ")
    person = people.of_session(database, begun.token, now=NOW)
    assert (person.name, person.scopes) == ("ana", {"read", "operate"})
    held = everything(database)
    assert begun.token not in held and PASSWORD not in held and "$argon2id$" in held


def test_nobody_learns_which_was_wrong(database, monkeypatch):
    """An unknown name, a wrong password, a disabled account and one without a password: same words, one comparison."""
    from bridge.services import passwords

    faces.account(database, "ana", "admin", password=PASSWORD)
    faces.account(database, "bo", "viewer")
    faces.account(database, "cy", "viewer", password=PASSWORD)
    accounts.disable(database, "cy", BY, now=NOW)
    compared, agrees = [], passwords._hasher().verify

    class Hasher:
        def verify(self, kept, given):
            compared.append(kept.rpartition("$")[0].rpartition("$")[0])
            return agrees(kept, given)

    monkeypatch.setattr(passwords, "_hasher", Hasher)
    said = set()
    for name, password in (
        ("nobody", PASSWORD),
        ("ana", PASSWORD + "!"),
        ("bo", PASSWORD),
        ("cy", PASSWORD),
    ):
        with pytest.raises(NotSignedIn) as refused:
            sign_in(database, name, password)
        said.add(str(refused.value))
    assert len(said) == 1
    # Each cost one comparison with the same parameters.
    assert len(compared) == 4 and len(set(compared)) == 1


def test_sessions_end(sqlite):
    """A session ends after 30 minutes without a visit and after 12 hours; a poll is not a visit."""
    faces.account(sqlite)
    with sqlite.read() as tx:
        id = accounts.known(tx, "ana").id

    def alive(token, minutes, polls=False):
        now = NOW + timedelta(minutes=minutes)
        found = people.of_session(sqlite, token, now=now, polls=polls)
        sqlite.write(lambda tx: None)
        return found is not None

    def begun():
        return sessions.begin(sqlite, id, "ana", address="", agent="", now=NOW).token

    visited, polled, idle = begun(), begun(), begun()
    for minutes in range(0, 12 * 60, 29):
        assert alive(visited, minutes)
    assert not alive(visited, 12 * 60)
    assert alive(polled, 29, polls=True) and not alive(polled, 31)
    assert not alive(idle, 30)


def test_changes_take_effect_in_open_sessions(database, quick):
    """A new role counts at once; disabling, removing and a new password end sessions, but for one's own."""
    faces.account(database, "ana", "admin")
    faces.account(database, "bo", "admin", password="one")
    mine, other = (sign_in(database, "bo", "one").token for _ in range(2))
    accounts.set_role(database, "bo", "viewer", BY, reveals=True, now=NOW)
    assert people.of_session(database, mine, now=NOW).scopes == {"read", "reveal"}
    accounts.set_password(database, "bo", "two", BY, keep=mine, now=NOW)
    assert people.of_session(database, mine, now=NOW)
    assert people.of_session(database, other, now=NOW) is None
    accounts.disable(database, "bo", BY, now=NOW)
    accounts.enable(database, "bo", BY, now=NOW)
    assert people.of_session(database, mine, now=NOW) is None
    again = sign_in(database, "bo", "two").token
    accounts.remove(database, "bo", BY, now=NOW)
    assert people.of_session(database, again, now=NOW) is None


def test_the_last_admin_stays(sqlite):
    """Nobody can leave the bridge without a person who manages people."""
    faces.account(sqlite, "ana", "admin")
    faces.account(sqlite, "bo", "viewer")
    for act in (accounts.disable, accounts.remove):
        with pytest.raises(InputRefused, match="last admin"):
            act(sqlite, "ana", BY, now=NOW)
    with pytest.raises(InputRefused, match="last admin"):
        accounts.set_role(sqlite, "ana", "viewer", BY, reveals=False, now=NOW)
    accounts.set_role(sqlite, "bo", "admin", BY, reveals=False, now=NOW)
    accounts.remove(sqlite, "ana", BY, now=NOW)


def test_guesses_are_limited_for_a_name_from_an_address(database, quick):
    """The sixth try from one address is refused even if it is right; 15 minutes later it counts again."""
    faces.account(database, "ana", "viewer", password=PASSWORD)
    wrong(database, sessions.PAIR)
    with pytest.raises(TooManyTries) as refused:
        sign_in(database)
    assert refused.value.wait == 900
    assert sign_in(database, address="192.0.2.2")
    assert sign_in(database, now=NOW + sessions.WINDOW)


def test_guesses_are_limited_for_an_address(sqlite, quick):
    """One address cannot try one password on many names; the 64 bits of an IPv6 customer are one address."""
    faces.account(sqlite, "ana", "viewer", password=PASSWORD)
    for number in range(sessions.ADDRESS):
        wrong(sqlite, 1, name=f"name{number}", address=f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyTries):
        sign_in(sqlite, address="2001:db8:1:2:ffff::1")
    assert sign_in(sqlite, address="2001:db8:1:3::1")


def test_nobody_is_locked_out_from_outside(database, quick):
    """A name that is guessed at from everywhere is refused to strangers, not to where its person signed in already."""
    faces.account(database, "ana", "viewer", password=PASSWORD)
    sign_in(database, address="198.51.100.7", now=NOW - timedelta(days=3))
    for number in range(sessions.NAME):
        wrong(database, 1, address=f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        sign_in(database, address="203.0.113.9")
    assert sign_in(database, address="198.51.100.7")
    accounts.enable(database, "ana", BY, now=NOW)
    assert sign_in(database, address="203.0.113.9")


def test_tokens_do_what_their_owner_may(database):
    """A token has its own scopes, less what its owner lost; it ends with its time and with its owner."""
    faces.account(database, "ana", "admin")
    faces.account(database, "bo", "operator")
    made = tokens.add(database, "deploy", "bo", ["read", "operate"], BY, now=NOW)
    assert made.token.startswith("bridge_") and made.token not in everything(database)

    def scopes(token=made.token, days=0):
        person = people.of_token(database, token, now=NOW + timedelta(days=days))
        return person and person.scopes

    assert scopes() == {"read", "operate"} and scopes("bridge_x") is None
    assert scopes(days=90) is None
    with pytest.raises(InputRefused, match="reveal"):
        tokens.add(database, "more", "bo", ["reveal"], BY, now=NOW)
    accounts.set_role(database, "bo", "viewer", BY, reveals=False, now=NOW)
    assert scopes() == {"read"}
    accounts.disable(database, "bo", BY, now=NOW)
    assert scopes() is None


def test_two_tokens_are_valid_while_rotating(database):
    """The old token ends after the overlap; a third one ends the first at once."""
    faces.account(database, "ana", "admin")
    first = tokens.add(database, "deploy", "ana", ["read"], BY, now=NOW)
    second = tokens.rotate(database, "deploy", BY, now=NOW)

    def valid(made, hours=0):
        now = NOW + timedelta(hours=hours)
        return people.of_token(database, made.token, now=now) is not None

    assert valid(first) and valid(second)
    assert not valid(first, 24) and valid(second, 24)
    third = tokens.rotate(database, "deploy", BY, now=NOW)
    assert [valid(one) for one in (first, second, third)] == [False, True, True]
    assert tokens.revoke(database, "deploy", BY, now=NOW) == 2
    assert not valid(third)
    with pytest.raises(NotThere):
        tokens.rotate(database, "deploy", BY, now=NOW)


def test_every_act_is_audited(database, quick):
    """Each change to an account or a token names the person who made it, and shows no password and no token."""
    for name in ("ana", "bo"):
        accounts.add(database, name, "admin", "one", BY, now=NOW)
    accounts.set_password(database, "bo", "two", BY, now=NOW)
    accounts.set_role(database, "bo", "viewer", BY, reveals=False, now=NOW)
    accounts.disable(database, "bo", BY, now=NOW)
    accounts.enable(database, "bo", BY, now=NOW)
    sign_in(database, "bo", "two")
    sessions.revoke(database, "bo", BY, now=NOW)
    made = tokens.add(database, "t", "bo", ["read"], BY, now=NOW)
    made = tokens.rotate(database, "t", BY, now=NOW)
    tokens.revoke(database, "t", BY, now=NOW)
    accounts.remove(database, "bo", BY, now=NOW)
    with database.read() as tx:
        rows = audit.newest(tx, limit=50)
    acts = [row["action"] for row in reversed(rows)]
    assert acts[1:] == [
        "user add",
        "user password",
        "user role",
        "user disable",
        "user enable",
        "user sessions",
        "token add",
        "token rotate",
        "token revoke",
        "user remove",
    ]
    assert {row["person"] for row in rows} == {BY.person}
    assert made.token not in repr(rows) and "two" not in repr(rows)


@pytest.mark.parametrize(
    "password", ["short", "ana-ana-ana-ana", "aaaaaaaaaaaaaaaa", "x" * 201]
)
def test_passwords_that_are_easy_to_guess(sqlite, password):
    """A password that is short, holds the name or repeats itself is refused before it is hashed."""
    with pytest.raises(InputRefused):
        accounts.add(sqlite, "ana", "viewer", password, BY, now=NOW)
