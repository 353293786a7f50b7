"""Lists of the API: filters, cursors, and what must never be in them."""

import pytest
from api_world import CANARY, make
from faces import admin, bearer, parts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.sandbox import DEFAULT_CREDENTIALS

V1 = "/api/v1"
LISTS = ("events", "deliveries", "refused")
INJECTIONS = (
    "'; DROP TABLE events; --",
    "source:\"x' OR '1'='1\"",
    "ticket:%",
    "rule:*'/**/UNION/**/SELECT/**/token",
    "payload.data.id=1')",
)


@pytest.fixture
def ask(database, sandbox, tmp_path, monkeypatch):
    """Asks the API of a store that has one of everything."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    made = parts(database, tmp_path)
    made.rules.active = type(made.rules.active)(ruleset=make(database, sandbox).ruleset)
    client, token = admin(made), bearer(database)
    return lambda path, **query: client.get(
        f"{V1}/{path}", headers=token, query_string=query
    )


def test_pages_of_one_give_every_row_once(ask):
    """Following `next` gives the same rows as one page, in the same order, and ends."""
    for name in (*LISTS, "audit", "ledger"):
        whole = ask(name).json["data"]
        ids, cursor = [], ""
        for _ in range(len(whole) + 1):
            page = ask(name, limit=1, cursor=cursor).json
            ids += [row["id"] for row in page["data"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert cursor is None and whole, name
        assert ids == [row["id"] for row in whole], name


def test_a_cursor_belongs_to_its_filter(ask):
    """With another filter, of another list, cut or made up it is refused, and says what to do."""
    cursor = ask("deliveries", limit=1).json["next"]
    for path, query in (
        ("deliveries", {"cursor": cursor, "filter": "state:dead"}),
        ("events", {"cursor": cursor}),
        ("audit", {"cursor": cursor}),
        ("deliveries", {"cursor": cursor[:-2]}),
        ("deliveries", {"cursor": "1 OR 1=1"}),
    ):
        told = ask(path, **query)
        assert (told.status_code, told.json["code"]) == (400, "bad_cursor"), query


def test_a_bad_filter_says_where(ask):
    """The place and the length of what is wrong, so that a program can draw the caret."""
    told = ask("deliveries", filter="state:dead sate:x")
    assert (told.status_code, told.json["code"]) == (400, "bad_filter")
    text = "state:dead sate:x"[told.json["at"] :][: told.json["length"]]
    assert text.startswith("sate")


def test_no_filter_reaches_the_database_as_sql(ask):
    """Whatever it says, it finds nothing or is refused; the tables are still there."""
    for name in LISTS:
        for text in INJECTIONS:
            for path in name, f"{name}/count":
                told = ask(path, filter=text)
                assert told.status_code in (200, 400), (path, text, told.json)
                if told.status_code == 200:
                    assert not told.json.get("data") and not told.json.get("number")
        assert ask(name).json["data"]


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cursor=st.text(max_size=80), text=st.text(max_size=60))
def test_any_cursor_and_any_filter_is_answered(ask, cursor, text):
    """200 or 400, never a defect."""
    for name in LISTS:
        told = ask(name, cursor=cursor, filter=text)
        assert told.status_code in (200, 400), (name, cursor, text)


def test_no_answer_shows_what_is_masked(ask):
    """Secrets and personal data of an event are in none of its views."""
    for path in (
        "events",
        "events/1",
        "events/1/payload",
        "events/1/raw",
        "deliveries",
        "deliveries/1",
        "deliveries/1/curl",
        "ledger",
        "audit",
        "refused",
    ):
        told = ask(path)
        assert told.status_code == 200, path
        for secret in (CANARY, DEFAULT_CREDENTIALS["vambe"]):
            assert secret not in told.get_data(as_text=True), path
