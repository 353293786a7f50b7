"""Home, dead letters, bulk acts, sources and connections, in a browser."""

import re
from datetime import UTC, datetime

import browsing
import faces
import pytest
from browsing import check_page
from dying import work
from working import paid
from xss import STRINGS, ran

from bridge.services import causes
from bridge.services.bulk_looks import Looker
from bridge.state import State
from bridge.store import Database, migrate

PAGES = ("", "/dead", "/dead?state=held", "/bulk", "/sources", "/sources/stripe")
PAGES += ("/connections",)


def test_home_says_whether_anyone_needs_to_act(console):
    """Home begins with a verdict, shows each incident with what to do, and has bars with a table twin."""
    for page in console.looks("/", name="home"):
        assert re.search("[0-9]+ things? needs? you", page.inner_text(".verdict"), re.I)
        assert page.locator(".incident").count() >= 2
        assert page.get_by_text("As a table").count() >= 2
        assert page.get_by_role("link", name="vambe", exact=False).count()


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/dead", "Dead letters"),
        ("/dead?state=held", "Held deliveries"),
        ("/bulk", "Bulk acts"),
        ("/sources", "Sources"),
        ("/sources/stripe", "stripe"),
        ("/connections", "Connections"),
    ],
)
def test_each_page_is_for_everyone(console, path, heading):
    """Each page passes in both themes and at both widths, by axe and by the content security policy."""
    for page in console.looks(path):
        assert page.get_by_role("heading", name=heading, level=1).is_visible()


def test_everything_of_one_cause_is_retried_in_three_clicks(console, world):
    """From Home, two clicks send again what failed for one cause; how many and which is shown before."""
    with console.page("/") as page:
        card = page.locator(".card", has_text="Dead letters by cause")
        card.get_by_role("button", name=re.compile("^Replay|^Retry")).first.click()
        page.wait_for_url("**/bulk/*")
        number = int(page.url.rsplit("/", 1)[-1])
        verdict = page.inner_text("#bulk .verdict")
        assert re.search("[1-9] of [1-9] deliveries", verdict)
        assert page.get_by_role("table").first.is_visible()
        before = causes.listed(world.database, State.DEAD, datetime.now(UTC)).total
        page.get_by_role("button", name=re.compile("^(Replay|Retry) [1-9]")).click()
        page.wait_for_selector("#bulk .progress")
        work(world.database, _looker(world))
        page.wait_for_selector("#bulk .badge:has-text('finished')")
        assert page.url.endswith(f"/bulk/{number}")
        check_page(page)
    after = causes.listed(world.database, State.DEAD, datetime.now(UTC)).total
    assert after < before


def _looker(world):
    return Looker(rules=world.bench.ruleset, environment="", max_rendered=2**20)


def test_a_viewer_sees_commands_and_no_buttons(console):
    """Who may only read sees the command instead of a button, and cannot make a plan."""
    with console.page("/dead", role="viewer") as page:
        assert page.get_by_text("bridge bulk plan retry cause:").count()
        assert not page.get_by_role("button", name=re.compile("^Retry")).count()
    client = faces.signed_in(console.parts, role="viewer")
    form = {"csrf_token": client.csrf, "act": "cancel", "words": "1"}
    assert client.post("/console/bulk", data=form).status_code == 403


def test_a_form_of_another_site_is_refused(console):
    """Without the token of the session nothing is planned, started or acknowledged."""
    client = faces.signed_in(console.parts)
    for path in ("/bulk", "/bulk/1/start", "/bulk/1/cancel", "/home/acknowledge"):
        form = {"act": "cancel", "words": "1", "incident": "x"}
        assert client.post(f"/console{path}", data=form).status_code == 400


def test_an_incident_is_acknowledged_with_a_reason(console):
    """Acknowledging shows who and why, and the incident stays."""
    with console.page("/") as page:
        number = page.locator(".incident-acts").count()
        page.get_by_text("Acknowledge", exact=True).first.click()
        form = page.locator("details[open] form")
        form.get_by_label("Reason (optional)").fill("the vendor is told")
        form.get_by_role("button", name="Acknowledge").click()
        page.wait_for_load_state()
        assert page.get_by_text("the vendor is told").count()
        assert page.locator(".incident-acts").count() == number


def test_a_plan_without_words_is_refused(console):
    """An empty filter never means everything: the page says so and nothing is planned."""
    client = faces.signed_in(console.parts)
    form = {"csrf_token": client.csrf, "act": "cancel", "words": " "}
    told = client.post("/console/bulk", data=form)
    assert told.status_code == 422
    assert "everything is never meant" in told.get_data(as_text=True)


def test_pages_have_a_twin_in_json(console):
    """Each page can be read by a program, with the same permission."""
    client = faces.signed_in(console.parts, role="viewer")
    for path in ("/home", "/dead", "/bulk", "/sources", "/sources/stripe"):
        told = client.get(f"/console{path}.json")
        assert (told.status_code, told.is_json) == (200, True), path
    assert client.get("/console/connections.json").json["data"]


def test_what_payloads_hold_is_text(console, world):
    """No text of a sender, a ticket or a vendor becomes part of a page."""
    for number, text in enumerate(STRINGS):
        world.bench.receive(paid(f"xss_{number}", ticket=text))
    world.bench.work()
    client = faces.signed_in(console.parts)
    form = {"csrf_token": client.csrf, "act": "cancel", "words": "state:dead"}
    plan = client.post("/console/bulk", data={**form}).headers["Location"]
    for path in ("/", "/dead", plan.partition("/console")[2], "/connections"):
        with console.page(path) as page:
            assert ran(page) == []


def test_a_new_bridge_shows_the_first_step(tmp_path, chromium, monkeypatch, world):
    """While nothing was received, Home has the hook URL and a signed request; other pages say that nothing is there."""
    database = Database(f"sqlite:///{tmp_path}/bridge.db")
    migrate(database)
    (tmp_path / "mappings").mkdir()
    text = (world.folder / "mappings" / "stripe.yaml").read_text()
    (tmp_path / "mappings" / "stripe.yaml").write_text(text)
    parts = faces.parts(database, tmp_path, admin_bind=browsing.bind())
    with browsing.serving(parts, chromium) as console:
        with console.page("/") as page:
            assert page.get_by_text("/hooks/stripe").count()
            assert page.get_by_text("curl -X POST").count()
            assert "whsec_x" not in page.content()
            check_page(page)
        for path, said in (("/dead", "No dead letters"), ("/bulk", "No bulk acts yet")):
            with console.page(path) as page:
                assert page.get_by_text(said).count()
    database.close()
