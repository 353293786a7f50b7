"""The pages of an event, a delivery and a ticket in a real browser: why, what was sent, and what to do."""

import json
from datetime import UTC, datetime, timedelta

import browsing
import faces
import pytest
from browsing import check_page, chromium  # noqa: F401  (a fixture)
from running import MAPPING
from sqlalchemy import update
from working import TICKET, Bench, failed, paid
from xss import STRINGS, ran

from bridge import mapping
from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import rulesets
from bridge.store import Database, audit, migrate
from bridge.store.keeping import Keep
from bridge.store.keeping.retention import forget
from bridge.store.tables import attempts, deliveries, events, ledger

OTHER = "0f4f3a52-6b1d-4c0e-9a57-3d2b8e6c7f10"
RULES = MAPPING.replace(
    "    target: vambe.update_amount",
    "    when: event.data.object.amount_paid > 1000\n    target: vambe.update_amount",
).replace('"Payment failed"', '"Ask {{ inv.customer_email }}"')
EMAIL = "jane.roe@example.com"


class World:
    """A store with one event of each kind, and the rules that made of it what it is."""

    def __init__(self, folder, sandbox):
        self.folder = folder
        (folder / "mappings").mkdir()
        (folder / "mappings" / "rules.yaml").write_text(RULES)
        self.database = Database(f"sqlite:///{folder}/bridge.db")
        migrate(self.database)
        self.bench = Bench(self.database, sandbox, RULES)
        rulesets.activate(self.database, self.bench.ruleset)
        sandbox.know("vambe", TICKET)
        sandbox.know("kapture", "1")
        self.matched = self.put(paid("evt_matched", customer=EMAIL))
        self.unmatched = self.put(paid("evt_unmatched", amount=5))
        self.failing = self.put(paid("evt_failing", ticket="no uuid"))
        self.refused = self.put(paid("evt_refused", ticket=OTHER))
        self.mailed = self.put(self.mail())
        self.waiting = self.bench.receive(paid("evt_waiting"))

    def mail(self):
        event = failed("evt_mailed", "1")
        event["data"]["object"]["customer_email"] = EMAIL
        return event

    def put(self, event):
        """Receives an event and works through it; its number."""
        event.pop("customer", None)
        id = self.bench.receive(event)
        self.bench.work()
        return id

    def delivery(self, event):
        """The number of an event's delivery."""
        return self.bench.deliveries(event=event)[0]["id"]


@pytest.fixture(scope="module")
def world(tmp_path_factory, vendors):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_x")
        patch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
        patch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
        vendors.reset()
        made = World(tmp_path_factory.mktemp("trace"), vendors)
        yield made
        made.database.close()


@pytest.fixture(scope="module")
def parts(world):
    return faces.parts(world.database, world.folder, admin_bind=browsing.bind())


@pytest.fixture(scope="module")
def console(parts, chromium):  # noqa: F811
    with browsing.serving(parts, chromium) as made:
        yield made


def test_an_event_says_why(console, world):
    """Each rule stands with its sign, its reason, its line, its values and their places; no one is kept out."""
    for page in console.looks(f"/events/{world.matched}", name="event"):
        main = page.inner_text("main")
        assert f"1 of 2 rules matched; 1 update delivered to {TICKET}" in main
        assert "event.data.object.amount_paid > 1000 is true" in main
        assert "event type invoice.paid is not invoice.payment_failed" in main
        leaf = page.locator(".from a", has_text="object.amount_paid").first
        leaf.click()
        assert page.locator("li:target").inner_text().startswith("amount_paid")


def test_then_and_now_are_links(console, world):
    """Without JavaScript the current rules are one click away, and say that nothing differs."""
    with console.page(f"/events/{world.matched}", js=False) as page:
        page.get_by_role("link", name="Now, with the current rules").click()
        assert "The current rules would say the same." in page.inner_text("main")


def test_an_event_without_an_update_is_explained(console, world):
    """No rule matched: the sentence, the deciding expression and the value are on the page; so for an error."""
    with console.page(f"/events/{world.unmatched}", theme="dark", width=390) as page:
        main = page.inner_text("main")
        assert "no rule matched (2 asked)" in main and "Nothing was sent" in main
        assert "event.data.object.amount_paid is 5" in main
    with console.page(f"/events/{world.failing}") as page:
        assert "is not a UUID" in page.inner_text("#trace")
    with console.page(f"/events/{world.waiting}") as page:
        assert "not routed yet: waiting for a worker" in page.inner_text("main")
    with console.page("/events/999") as page:
        assert "There is no such page" in page.inner_text("main")


def test_a_failed_delivery_has_its_request_answer_and_remedy(console, world):
    """Request, answer, what decided, remedy, and the button that is right; a wide and a narrow look."""
    id = world.delivery(world.refused)
    for page in console.looks(f"/deliveries/{id}", name="delivery"):
        main = page.inner_text("main")
        assert "<secret>" in main and DEFAULT_CREDENTIALS["vambe"] not in page.content()
        assert "Ticket not found" in main and "the status 404" in main
        assert "Check the ticket's identifier" in main
        assert page.locator(".acts .primary").first.inner_text().startswith("Replay")
    with console.page(f"/deliveries/{id}", role="viewer") as page:
        assert page.locator(".acts").count() == 0


def test_a_stale_page_does_nothing(console, world):
    """Somebody else acted meanwhile: the act is refused with a sentence, and nothing changes."""
    id = world.delivery(world.refused)
    with console.page(f"/deliveries/{id}") as page:
        own = update(deliveries).where(deliveries.c.id == id)
        world.database.write(lambda tx: tx.execute(own.values(attempts=7)))
        page.locator("summary", has_text="Cancel").click()
        page.get_by_role("button", name="Cancel").click()
        assert "it changed meanwhile" in page.inner_text("main")
        world.database.write(lambda tx: tx.execute(own.values(attempts=1)))
    assert world.bench.deliveries(event=world.refused)[0]["state"] == "dead"


def test_a_ticket_tells_its_story(console, world):
    """What was written with rule and event; a ticket that nobody knows says so; any characters lead somewhere."""
    for page in console.looks(f"/tickets/{TICKET}", name="ticket"):
        main = page.inner_text("main")
        assert "1 update accepted" in main and "paid-sets-amount" in main
    for name in ("a/b//c", "x.json", "<b>", "/slash", "50% off?"):
        with console.page("/tickets") as page:
            page.get_by_label("The ticket").fill(name)
            page.get_by_role("button", name="Show").click()
            assert page.get_by_role("heading", name=f"Ticket {name}").is_visible()
            assert "No update of this ticket is known" in page.inner_text("main")


def test_personal_data_is_shown_to_whom_may_see_it_and_says_why(console, world):
    """Hidden on every page; revealed only by the scope with a reason, which is in the audit trail."""
    pages = (
        f"/events/{world.mailed}",
        f"/deliveries/{world.delivery(world.mailed)}",
        "/tickets/1",
    )
    for path in pages:
        with console.page(path) as page:
            assert EMAIL not in page.content()
    with console.page(pages[0], role="operator") as page:
        assert page.locator("summary", has_text="Reveal").count() == 0
    for path in pages[:2]:
        with console.page(path) as page:
            page.locator("summary", has_text="Reveal").click()
            page.get_by_label("Reason").last.fill("the customer asked")
            page.get_by_role("button", name="Reveal").click()
            page.get_by_text("Personal data is shown").wait_for()
            assert EMAIL in page.content()
            check_page(page)
    with world.database.read() as tx:
        acts = audit.newest(tx, limit=2)
    assert [act["action"] for act in acts] == ["reveal", "reveal"]
    assert acts[0]["reason"] == "the customer asked"


def test_forms_need_their_token_and_their_scope(parts, world):
    """A POST without CSRF token, by a viewer, or without a reason to reveal, does nothing."""
    id = world.delivery(world.refused)
    paths = (f"/deliveries/{id}/cancel", f"/events/{world.refused}/again")
    admin, viewer = faces.signed_in(parts), faces.signed_in(parts, "viewer")
    for path in paths:
        assert admin.post(f"/console{path}").status_code == 400
        form = {"csrf_token": viewer.csrf}
        assert viewer.post(f"/console{path}", data=form).status_code == 403
    form = {"csrf_token": admin.csrf}
    assert admin.post(f"/console/events/{world.mailed}", data=form).status_code == 422
    assert admin.post(f"/console/deliveries/{id}/explode", data=form).status_code == 404
    # Without what was seen of it, an act is as good as stale.
    admin.post(f"/console/deliveries/{id}/cancel", data=form)
    assert world.bench.deliveries(event=world.refused)[0]["state"] == "dead"


def test_an_event_runs_again_after_its_plan_was_shown(console, world):
    """The plan says what would be added, in words and values; then it is done, once."""
    id = world.put(paid("evt_again", amount=6))
    text = RULES.replace("> 1000", "> 1")
    (world.folder / "mappings" / "rules.yaml").write_text(text)
    newer = mapping.build({"rules.yaml": text}).usable()
    parts = faces.parts(world.database, world.folder, admin_bind=browsing.bind())
    assert parts.rules.current().hash == newer.hash
    client = faces.signed_in(parts)
    shown = client.get(f"/console/events/{id}/again").text
    assert "paid-sets-amount calls vambe.update_amount" in shown
    assert "differs" in client.get(f"/console/events/{id}?rules=now").text
    told = shown.split('name="seen" value="')[1].split('"')[0]
    form = {"csrf_token": client.csrf, "seen": "another plan", "reason": "fixed"}
    client.post(f"/console/events/{id}/again", data=form)
    assert world.bench.deliveries(event=id) == []
    client.post(f"/console/events/{id}/again", data={**form, "seen": told})
    assert len(world.bench.deliveries(event=id)) == 1
    again = client.get(f"/console/events/{id}/again").text
    assert "Nothing would be added" in again
    assert "asked again later" in client.get(f"/console/events/{id}").text
    (world.folder / "mappings" / "rules.yaml").write_text(RULES)


def test_what_a_sender_wrote_stays_text(console, world):
    """The corpus of hostile strings in every field that a payload, a rule or an answer can reach: nothing runs."""
    strings = [one for one in STRINGS if "\0" not in one]
    event = paid("evt_hostile")
    event["data"]["object"]["metadata"] |= {
        f"k{n}": one for n, one in enumerate(strings)
    }
    event["data"]["object"] |= {one: n for n, one in enumerate(strings)}
    id = world.put(event)
    number = world.delivery(id)
    text = " ".join(strings)
    world.database.write(lambda tx: _poison(tx, id, number, strings, text))
    for path in (
        f"/events/{id}",
        f"/events/{id}?rules=now",
        f"/deliveries/{number}",
        f"/deliveries/{number}/replay?rules=current",
        f"/events/{id}/test",
        f"/events/{id}/again",
        f"/tickets/{TICKET}",
    ):
        with console.page(path) as page:
            assert ran(page) == [], path
            assert page.problems == [], path


def _poison(tx, id, number, strings, text):
    """Hostile strings where the store keeps a sender's or a vendor's words."""
    said = [
        {"rule": one, "said": "no_match", "reason": one, "place": one}
        | {"code": one, "decided_at": 1}
        for one in strings
    ]
    tx.execute(
        update(events)
        .where(events.c.id == id)
        .values(decisions=said, event_id=text[:200], type=text[200:400])
    )
    tx.execute(
        update(deliveries)
        .where(deliveries.c.id == number)
        .values(
            reason=text,
            person=text,
            because=text,
            code=strings[0][:40],
            item_key=text[:200],
            fields={one: one for one in strings},
        )
    )
    tx.execute(
        update(attempts)
        .where(attempts.c.delivery == number)
        .values(reason=text, reply=json.dumps({one: one for one in strings}).encode())
    )
    tx.execute(
        update(ledger)
        .where(ledger.c.delivery == number)
        .values(fields={one: one for one in strings}, person=text, reason=text)
    )


def test_reasons_remain_when_the_payload_is_gone(console, world):
    """Pruned: the decisions stay, the payload says that it was deleted, and there is nothing to download."""
    later = datetime.now(UTC) + timedelta(days=40)
    keep = Keep(
        payloads=timedelta(days=30),
        events=timedelta(days=90),
        ledger=timedelta(days=400),
    )
    forget(world.database, keep, later, lambda _: None)
    with console.page(f"/events/{world.matched}") as page:
        main = page.inner_text("main")
        assert (
            "Its payload was deleted; the decisions and their reasons remain." in main
        )
        assert "event.data.object.amount_paid > 1000 is true" in main
        assert page.get_by_text("Raw request").count() == 0
        check_page(page)
    with console.page(f"/deliveries/{world.delivery(world.matched)}") as page:
        assert "deleted after the retention period" in page.inner_text("#request")
