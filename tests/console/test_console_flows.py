"""What people come for takes at most three clicks from Home: why nothing happened, what failed and what to do, and
everything of one cause again.
"""

import re
from contextlib import contextmanager
from datetime import UTC, datetime

import faces
from browsing import check_page
from dying import work

from bridge.services import causes
from bridge.services.bulk_looks import Looker
from bridge.state import State

# Clicks from Home to an answer.
ENOUGH = 3


class Visitor:
    """A person who only clicks, and counts it."""

    def __init__(self, page):
        self.page, self.clicks = page, 0

    def click(self, thing):
        """Clicks on what can be seen."""
        assert thing.is_visible(), "a person clicks on what is there"
        thing.click()
        self.page.wait_for_load_state()
        self.clicks += 1

    def link(self, name, within=None):
        """The first link whose name begins so."""
        where = within or self.page
        return where.get_by_role("link", name=re.compile(f"^{name}")).first


@contextmanager
def visitor(console):
    """One who has just typed the address of the bind and sees Home."""
    with console.page() as page:
        page.goto(console.url)
        assert page.url == f"{console.url}/console/"
        yield Visitor(page)
        check_page(page)


def test_why_an_event_produced_no_update(console):
    """Home, Events, Unmatched, the event: each rule says what it compared and where it stands."""
    with visitor(console) as person:
        person.click(person.link("Events"))
        person.click(person.link("Unmatched"))
        row = person.page.locator("tr[data-row]", has_text="customer.created")
        person.click(row.locator("a.row-link"))
        said = person.page.locator("#trace").inner_text()
        assert "event type customer.created is not invoice.paid" in said
        assert "stripe.yaml:" in said
        assert person.page.get_by_text("Nothing was sent").is_visible()
        assert person.clicks <= ENOUGH


def test_the_request_and_answer_of_a_failed_delivery(console):
    """Home, the incident, its example: the request as it was sent, the answer as it came, and the remedy."""
    with visitor(console) as person:
        incident = person.page.locator(".incident", has_text="ticket not found").first
        person.click(incident.get_by_role("link").first)
        cause = person.page.locator(".cause:target")
        person.click(person.link("Example", cause))
        request = person.page.locator("#request").inner_text()
        assert "POST" in request and "/api/public/ticket/amount" in request
        assert '"ticket_id": "a1b2c3d4-e5f6-7890-abcd-00000000000' in request
        assert "<secret>" in request
        answer = person.page.locator("#attempt-1").inner_text()
        assert "404" in answer and "no such ticket" in answer
        assert person.page.get_by_text("Check the ticket's identifier").is_visible()
        assert person.clicks <= ENOUGH


def test_everything_of_one_cause_again(console, world):
    """Home, the cause's button, the plan's button: the plan names each delivery and ticket before it begins."""
    now = datetime.now(UTC)
    found = causes.listed(world.database, State.DEAD, now).causes
    cause = next(one for one in found if one.code == "http_404")
    with visitor(console) as person:
        page = person.page
        card = page.locator(".card", has_text="Dead letters by cause")
        row = card.locator(".incident", has_text=cause.code)
        person.click(row.get_by_role("button", name=re.compile("^Replay|^Retry")))
        plan = page.locator("#bulk").inner_text()
        assert f"{cause.count} of {cause.count} deliveries, {cause.tickets} " in plan
        links = page.locator("#bulk td a").evaluate_all("all => all.map(a => a.href)")
        dead = [link.rsplit("/", 1)[-1] for link in links if "/deliveries/" in link]
        assert len(dead) == cause.count and str(cause.example) in dead
        assert sum("/tickets/" in link for link in links) == cause.count
        button = page.get_by_role("button", name=re.compile("^(Replay|Retry) [1-9]"))
        assert button.inner_text().endswith(f" {cause.count}")
        again = causes.listed(world.database, State.DEAD, now).causes
        assert cause.count in [one.count for one in again if one.id == cause.id]
        person.click(button)
        work(world.database, _looker(world))
        page.wait_for_selector("#bulk .badge:has-text('finished')")
        assert person.clicks <= ENOUGH
    left = causes.listed(world.database, State.DEAD, datetime.now(UTC)).causes
    assert cause.id not in [one.id for one in left]


def _looker(world):
    return Looker(rules=world.bench.ruleset, environment="", max_rendered=2**20)


def test_home_says_it_once(console):
    """The banners of other pages are not on Home, which tells the same itself; nor does a poll bring them back."""
    client = faces.signed_in(console.parts)
    banner = "See what is paused"
    for path in ("/", "/pulse"):
        assert banner not in client.get(f"/console{path}").get_data(as_text=True)
    for path in ("/events", "/pulse?at=events"):
        assert banner in client.get(f"/console{path}").get_data(as_text=True)


def test_the_bare_address_leads_to_the_console(console):
    """Who types only the address of the admin bind comes to the console."""
    client = faces.signed_in(console.parts)
    for path in ("/", "/console"):
        told = client.get(path)
        assert told.status_code // 100 == 3, path
        assert told.headers["Location"].endswith("/console/"), path
