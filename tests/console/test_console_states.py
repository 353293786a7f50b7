"""Each screen in each of its states: with something to see, nothing yet, no match, not found, an error.

A new view has to be added here, or the first test fails.
"""

import os
import re

import faces
import pytest

from bridge import console
from bridge.store import Database, migrate

# Views for programs, for parts of a page, and of files; the others are screens.
NO_SCREEN = r"\.json$|\.md$|/(news|progress|raw|pulse|now)$|^/(static|favicon|sign-in)"
# What a screen says of an empty store. The screen of one thing (None) says that there is no such thing.
SCREENS = {
    "/": "no event was received yet",
    "/account": "No tokens",
    "/audit": "user add",  # the account that looks
    "/backtest": "No backtest was run here yet",
    "/backtest/<int:id>": None,
    "/bulk": "No bulk acts yet",
    "/bulk/<int:id>": None,
    "/connections": "No connection yet",
    "/connections/<path:name>": None,
    "/dead": "No dead letters",
    "/deliveries": "No update was made yet",
    "/deliveries/<int:id>": None,
    "/deliveries/<int:id>/replay": None,
    "/events": "Nothing was received yet",
    "/events/<int:id>": None,
    "/events/<int:id>/again": None,
    "/events/<int:id>/test": None,
    "/pauses": "Nothing is paused",
    "/people": "No tokens",
    "/playground": "Nothing is sent or saved here",
    "/rules": "No rules yet",
    "/rules/files": "There is no mapping file",
    "/rules/files/<path:name>": None,
    "/rules/rule/<name>": None,
    "/rules/versions": "Every ruleset that was active",
    "/rules/versions/<hash>": None,
    "/sources": "No source is configured",
    "/sources/<name>": None,
    "/tickets": "Find a ticket",
    "/tickets/<path:ticket>": "No update of this ticket is known",
}
# Of the world's store.
THERE = {
    "<int:id>": "1",
    "<path:name>": "stripe.yaml",
    "<name>": "stripe",
    "<path:ticket>": "713516551148",
    "/rules/rule/stripe": "/rules/rule/failed-adds-comment",
}
# The world has none of these: the tests of their own pages make one.
ELSEWHERE = (
    "/backtest/<int:id>",
    "/bulk/<int:id>",
    "/connections/<path:name>",
    "/rules/versions/<hash>",
)


def address(screen):
    """Where the screen is, of what the world has."""
    for name, value in THERE.items():
        screen = screen.replace(name, value)
    return screen


def main_of(answer):
    """What a page says, without its frame, which has to be there."""
    html = answer.text
    assert "<nav" in html and "Traceback" not in html
    (main,) = re.findall("<main.*?</main>", html, re.S)
    return " ".join(re.sub("<[^>]+>", " ", main).split())


@pytest.fixture(scope="module")
def full(world):
    """A client of a store that has something of everything."""
    parts = faces.parts(world.database, world.folder)
    return faces.signed_in(parts, name="ana")


@pytest.fixture
def empty(tmp_path):
    """A client of a store in which nothing happened, and of a folder without rules."""
    database = Database(f"sqlite:///{tmp_path}/bridge.db")
    migrate(database)
    yield faces.signed_in(faces.parts(database, tmp_path))
    database.close()


def test_every_screen_is_here(full, world):
    """Whoever adds a view says here what it shows of an empty store."""
    rules = console.create(faces.parts(world.database, world.folder)).url_map
    views = {rule.rule for rule in rules.iter_rules() if "GET" in rule.methods}
    assert {view for view in views if not re.search(NO_SCREEN, view)} == set(SCREENS)


@pytest.mark.parametrize("screen", [one for one in SCREENS if one not in ELSEWHERE])
def test_a_screen_shows_what_there_is(full, screen):
    """With something to see, a screen is a whole page, and says nothing of an empty store."""
    answer = full.get(f"/console{address(screen)}")
    assert answer.status_code == 200
    assert main_of(answer)


def test_an_empty_store_says_what_to_do(empty):
    """Each list says that nothing is there yet; a page of one thing is not found, and leads Home."""
    for screen, words in SCREENS.items():
        answer = empty.get(f"/console{address(screen)}")
        said = main_of(answer)
        assert answer.status_code == (404 if words is None else 200), screen
        assert (words or "Go to Home") in said, (screen, said)


@pytest.mark.parametrize(
    "asked, words",
    [
        ("/events?q=source:nobody", "match this filter"),
        ("/deliveries?q=source:nobody", "match this filter"),
        ("/audit?person=nobody", "Nobody did that"),
    ],
)
def test_no_match_is_told_from_nothing(full, asked, words):
    """A filter that finds nothing says so, and how to be rid of it; it never looks like an empty store."""
    said = main_of(full.get(f"/console{asked}"))
    assert words in said and "yet" not in said


@pytest.mark.parametrize("kind", ["events", "deliveries"])
def test_a_mistake_in_a_filter_is_shown_under_it(full, kind):
    """The page stays, with a caret under what cannot be read."""
    said = main_of(full.get(f"/console/{kind}?q=stat:dead"))
    assert "^" in said and "stat" in said


def test_every_screen_says_that_the_store_is_gone(empty, tmp_path):
    """Open files could go on showing what was stored; a page must not. Senders get 503, and the page says so."""
    os.rename(tmp_path / "bridge.db", tmp_path / "away.db")
    for screen in SCREENS:
        answer = empty.get(f"/console{address(screen)}")
        assert answer.status_code == 503, screen
        assert answer.headers["Retry-After"]
        assert "Senders get 503" in main_of(answer)


def test_mistakes_keep_the_frame(full, world, monkeypatch):
    """403, 404, 405 and 500 are pages that say what to do; a fault shows neither trace nor message."""
    viewer = faces.signed_in(faces.parts(world.database, world.folder), "viewer")
    form = {"csrf_token": viewer.csrf, "reason": "to see"}
    refused = viewer.post("/console/deliveries/1/retry", data=form)
    assert refused.status_code == 403 and "role" in main_of(refused)
    assert "Go to Home" in main_of(full.get("/console/nowhere"))
    wrong = full.post("/console/audit", data={"csrf_token": full.csrf})
    assert wrong.status_code == 405 and "use its button" in main_of(wrong)
    monkeypatch.setattr("bridge.console.pages.audit.audit", None)
    failed = full.get("/console/audit")
    assert failed.status_code == 500
    assert "The log has the cause" in main_of(failed)
    assert "NoneType" not in failed.text
