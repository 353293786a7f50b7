"""The pages about rules: list, rule, files, versions, playground and backtest, in a real browser."""

import json

import faces
import pytest
from browsing import check_page
from running import MAPPING
from xss import STRINGS, ran

from bridge import mapping
from bridge.services import rulesets

CHANGED = MAPPING.replace("currency: ", "currency: USD #")


@pytest.fixture(scope="module")
def lived(world):
    """The world after a change of its rules and back."""
    other = mapping.build({"stripe.yaml": CHANGED}).usable()
    kept = mapping.load(world.folder / "mappings").usable()
    rulesets.activate(world.database, other)
    rulesets.activate(world.database, kept)
    return world


def test_rules_are_listed_and_lead_to_one_rule(console, lived):
    """Where each stands, what it does and what it said; the row leads to its text, its place to the file."""
    for page in console.looks("/rules"):
        row = page.locator("tr[data-row=paid-sets-amount]")
        assert "stripe.yaml:5" in row.inner_text()
        assert "vambe.update_amount" in row.inner_text()
    with console.page("/rules") as page:
        page.locator("tr[data-row=paid-sets-amount] .row-link").click()
        page.get_by_role("heading", name="paid-sets-amount").wait_for()
        assert "from_minor" in page.locator(".source").inner_text()
        check_page(page)
        page.get_by_role("link", name="Whole file").click()
        page.wait_for_url("**/rules/files/stripe.yaml#L5")
        check_page(page)
        assert page.locator("#L5").is_visible()
        assert "W601" in page.locator(".finding").first.inner_text()


def test_versions_lead_to_what_changed(console, lived):
    """Since when each was active, and a patch of any two."""
    for page in console.looks("/rules/versions"):
        assert page.locator("tbody tr").count() == 2
    with console.page("/rules/versions") as page:
        page.get_by_role("link", name="Since the one before").click()
        page.get_by_role("heading", name="What changed").wait_for()
        assert "currency" in page.locator(".diff").inner_text()
        check_page(page)
    with console.page("/rules/versions/0000") as page:
        assert page.locator("main").inner_text()


def test_the_playground_says_what_a_draft_does(console, lived):
    """With the editor: the decision, the difference, the masked request and the patch; Tab leaves the editor."""
    for page in console.looks("/playground?event=1"):
        assert "Nothing is sent or saved" in page.locator("main").inner_text()
        assert page.locator(".cm-content").is_visible()
    with console.page("/playground?event=1") as page:
        page.locator(".cm-content").focus()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.shadowRoot") is None
        page.locator(".cm-content").focus()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(CHANGED)
        page.get_by_role("button", name="Try it").click()
        page.locator("#result").wait_for()
        said = page.locator("#result").inner_text()
        assert "Differs from the rules in force" in said and "USD" in said
        assert "patch -p1" in said
        check_page(page)
        page.get_by_role("button", name="Backtest this draft").click()
        page.get_by_role("heading", name="Start one").wait_for()
        assert "the draft of" in page.locator("main").inner_text()
        check_page(page)


def test_the_playground_works_without_javascript(console, lived):
    """As a form with a text area; a mistake shows where it stands."""
    with console.page("/playground?event=1", js=False) as page:
        field = page.locator("textarea[name=text]")
        field.fill(MAPPING.replace("| upper", "| uper"))
        page.get_by_role("button", name="Try it").click()
        assert "unknown helper 'uper'" in page.locator("#result").inner_text()
        assert "Nothing was tried" in page.locator("#result").inner_text()


def test_viewers_may_look_and_not_try(console, lived):
    """The button says why; the request is refused."""
    with console.page("/playground?event=1", role="viewer") as page:
        assert page.get_by_role("button", name="Try it").is_disabled()
        check_page(page)
    client = faces.signed_in(console.parts, role="viewer")
    for path in ("playground", "backtest", "backtest/draft", "backtest/1/cancel"):
        data = {"csrf_token": client.csrf, "text": ""}
        assert client.post(f"/console/{path}", data=data).status_code == 403


def test_what_a_sender_wrote_cannot_run(console, lived):
    """In a pasted payload, a draft, a file's name and a value of the result."""
    client = faces.signed_in(console.parts)
    hostile = {"id": "evt_x", "type": "invoice.paid", "created": 1, "data": {}}
    for text in STRINGS:
        hostile["data"][text] = text
    with console.page("/playground") as page:
        page.locator("summary", has_text="Or paste").click()
        page.locator("textarea[name=pasted]").fill(json.dumps(hostile))
        page.locator("input[name=new_file]").fill("another.yaml")
        page.get_by_role("button", name="Try it").click()
        page.wait_for_load_state()
        assert ran(page) == []
        check_page(page, problems=("422",))
    for text in STRINGS:
        data = {"csrf_token": client.csrf, "file": text, "text": text, "sample": text}
        answer = client.post("/console/playground", data={**data, "event": text})
        assert answer.status_code in (200, 422)
        assert "<script>alert" not in answer.text


def test_a_backtest_runs_and_shows_its_result(console, lived):
    """From the form to the result: headline, coverage, examples that lead to their events, Markdown."""
    client = faces.signed_in(console.parts)
    for page in console.looks("/backtest"):
        assert page.locator("main").inner_text()
    with console.page("/backtest") as page:
        page.set_default_timeout(120_000)
        page.get_by_label("Rules to try").select_option(index=1)
        page.get_by_role("button", name="Run").click()
        page.locator(".big").wait_for(timeout=60_000)
        said = page.locator("main").inner_text()
        assert "changed" in page.locator(".big").inner_text()
        assert "Compared with the deliveries" in said and "event 1" in said
        number = page.url.rsplit("/", 1)[1]
    for page in console.looks(f"/backtest/{number}", name="backtest-run"):
        assert page.locator(".diff").count() == 1
    told = client.get(f"/console/backtest/{number}.md")
    assert told.status_code == 200 and told.text.startswith("**Backtest:**")
    assert client.get("/console/backtest/999").status_code == 404


def test_twins_and_pages_answer(console, lived):
    """Every page has its JSON where it says so, and an unknown name is not found."""
    client = faces.signed_in(console.parts, role="viewer")
    version = client.get("/console/rules/versions.json").json["data"][1]["hash"]
    for path in (
        "rules.json",
        "rules/rule/paid-sets-amount.json",
        "rules/versions.json",
        f"rules/versions/{version}.json",
        "backtest.json",
    ):
        assert client.get(f"/console/{path}").status_code == 200, path
    for path in (
        "rules/rule/none",
        "rules/files/../x",
        "rules/versions/zz",
        "backtest/77.json",
    ):
        assert client.get(f"/console/{path}").status_code == 404, path
