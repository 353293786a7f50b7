"""Events, Deliveries, Pauses and Audit in a browser: the four states, filters, keys, Back, live news."""

import html
import json
import re
from urllib.parse import quote

import faces
import pytest
from browsing import check_page
from playwright.sync_api import expect
from working import paid

from bridge.services import finding


def rows(page):
    return page.locator("tr[data-row]")


def hovered(page, text):
    """The cell with this text, with the pointer on it."""
    cell = page.locator("tr[data-row] td", has_text=text)
    cell.hover(force=True)
    assert cell.locator(".only").evaluate("one => getComputedStyle(one).opacity") > "0"
    return cell


def test_events_are_listed_with_their_outcome(console):
    """Events and refused requests stand in one list; each row says what became of it, and leads to its event."""
    for page in console.looks("/events"):
        text = page.locator("main").inner_text()
        for said in (
            "no match",
            "matched",
            "wrong signature",
            "metadata only",
            "no rule matched (2 asked)",
        ):
            assert said in text
        assert "3 times" in text
        assert page.title() == "Events · staging"


def test_deliveries_are_listed_with_their_reason(console):
    """Each delivery shows its state and why; the ready-made filters lead to one state."""
    for page in console.looks("/deliveries"):
        assert {"delivered", "dead", "waiting"} <= {
            *page.locator(".badge").all_inner_texts()
        }
        page.get_by_role("link", name="Dead", exact=True).click()
        assert {*page.locator(".list .badge").all_inner_texts()} == {"dead"}
        assert "q=state%3Adead" in page.url


def test_a_bad_filter_is_shown_under_the_box_with_a_caret(console):
    """The parser's error stands under the box, its caret under the word, and the typed text stays."""
    problems = ("422",)
    for page in console.looks(
        "/events?q=" + quote("type:x sorce:stripe"),
        name="bad-filter",
        problems=problems,
    ):
        assert (
            page.locator(".caret").inner_text().splitlines()[1].startswith("       ^")
        )
        assert "sorce" in page.locator("#filter-error").inner_text()
        expect(page.locator("#filter")).to_have_value("type:x sorce:stripe")


def test_no_match_says_how_many_there_are_and_how_to_find_more(console):
    """Where nothing matches the page counts the rest, and offers to clear the filter or to widen its time."""
    for page in console.looks(
        "/events?q=" + quote("type:nothing.like.it since:24h"), name="no-match"
    ):
        assert "of 14 in 24h" in page.locator(".empty").inner_text()
        page.get_by_role("link", name="Widen to 7d").click()
        expect(page.locator("#filter")).to_have_value("type:nothing.like.it since:7d")
        page.get_by_role("link", name="Clear the filter", exact=True).last.click()
        expect(rows(page)).to_have_count(14)


def test_chips_and_cells_edit_the_same_filter(console):
    """A cell's links add a word to the filter, a chip takes its word away, and the box shows the same text."""
    with console.page("/events") as page:
        cell = hovered(page, "customer.created")
        cell.get_by_role("link", name="Only customer.created").click()
        expect(page.locator("#filter")).to_have_value("type:customer.created")
        expect(rows(page)).to_have_count(1)
        page.get_by_role("link", name="Remove type:customer.created").click()
        expect(page.locator("#filter")).to_have_value("")
        cell = hovered(page, "customer.created")
        cell.get_by_role("link", name="Not customer.created").click()
        expect(page.locator("#filter")).to_have_value("-type:customer.created")
        assert "customer.created" not in rows(page).all_inner_texts()


def test_keys_move_open_and_come_back_to_the_row(console):
    """j and k mark rows, Enter opens one, and Back shows the same filter with the same row marked."""
    with console.page("/deliveries?q=state:delivered") as page:
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        marked = page.locator("tr.at").get_attribute("data-row")
        assert marked == rows(page).nth(1).get_attribute("data-row")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/console/deliveries/{marked}")
        page.go_back()
        expect(page.locator("#filter")).to_have_value("state:delivered")
        assert page.locator("tr.at").get_attribute("data-row") == marked


def test_keys_for_help_filter_times_and_copying(console):
    """? shows the keys, Esc closes them, / goes to the filter, t switches times, c and y copy command and address."""
    with console.page("/events?q=type:customer.created") as page:
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        check_page(page)
        page.keyboard.press("Escape")
        assert not page.locator("#keys").is_visible()
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "filter"
        page.keyboard.press("j")  # typed, not a move
        assert page.locator("tr.at").count() == 0
        page.keyboard.press("Escape")
        time = page.locator("tr[data-row] time")
        utc = time.inner_text()
        page.keyboard.press("t")
        assert time.inner_text() != utc
        page.reload()
        assert page.locator("tr[data-row] time").inner_text() != utc
        page.keyboard.press("t")
        assert page.locator("tr[data-row] time").inner_text() == utc
        page.keyboard.press("c")
        page.wait_for_function(
            "document.querySelector('#said').textContent == 'Command copied'"
        )
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "bridge events list type:customer.created"
        page.keyboard.press("y")
        page.wait_for_function(
            "document.querySelector('#said').textContent == 'Address copied'"
        )
        assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_new_events_are_told_and_rows_do_not_move(console, world):
    """What comes in is counted in a link; the rows stay until somebody clicks it. A poll without news gets 204."""
    with console.page("/events?q=type:plan.created") as page:
        answers = []
        page.on(
            "response",
            lambda one: answers.append(one.status) if "/news" in one.url else None,
        )
        with page.expect_response("**/events/news*"):
            pass
        assert answers == [204]
        world.receive({**paid("evt_new"), "type": "plan.created"})
        link = page.get_by_role("link", name="1 new")
        link.wait_for()
        expect(rows(page)).to_have_count(0)
        link.click()
        expect(rows(page)).to_have_count(1)
        assert page.problems == []


def test_a_page_with_very_many_newer_rows_asks_no_more(world, monkeypatch):
    """Beyond the bound, the link says "+", and its place does not poll: the answer would be the same."""
    client = faces.signed_in(faces.parts(world.database, world.folder))
    asked = re.findall(
        'hx-get="[^"]*(/console/events/news[^"]*)"', client.get("/console/events").text
    )
    world.receive({**paid("evt_newer"), "type": "plan.newer"})
    one = client.get(html.unescape(asked[0])).text
    assert "1 new" in one and "hx-get" in one
    monkeypatch.setattr(finding, "MOST_NEWER", 1)
    most = client.get(html.unescape(asked[0])).text
    assert "1+ new" in most and "hx-get" not in most


def test_a_hidden_tab_asks_nothing(console):
    """While its tab is hidden, a page does not poll; it does again once it is shown."""
    with console.page("/events") as page:
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true, configurable: true})"
        )
        asked = page.evaluate("""() => new Promise((done) => {
                 const seen = [];
                 const fetched = window.fetch;
                 window.fetch = (...all) => { seen.push(1); return fetched(...all); };
                 htmx.trigger("#news", "every");
                 const shown = () => Object.defineProperty(document, "hidden", {value: false, configurable: true});
                 setTimeout(() => {
                   const before = seen.length;
                   shown();
                   setTimeout(() => done([before, seen.length]), 6000);
                 }, 6000);
               })""")
        assert asked[0] == 0 and asked[1] > 0


def test_lists_work_without_javascript(console):
    """Without JavaScript the filter, the presets, the theme and the command can still be used."""
    with console.page("/events", js=False) as page:
        page.locator("#filter").fill("outcome:no_match")
        page.get_by_role("button", name="Find").click()
        assert rows(page).count() >= 1
        page.get_by_text("As command").click()
        assert (
            page.locator("#as-command").inner_text()
            == "bridge events list outcome:no_match"
        )
        page.get_by_role("button", name="Dark theme").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        expect(page.locator("#filter")).to_have_value("outcome:no_match")
        page.get_by_role("button", name="As the system theme").click()


def test_the_twin_has_the_same_rows(console):
    """The .json address of a list gives the rows of the page, under the same filter."""
    with console.page("/deliveries.json?q=state:dead") as page:
        found = json.loads(page.locator("body").inner_text())
        assert [one["state"] for one in found["data"]] == ["dead"] * 3
        assert found["next"] is None and found["complete"] is True


@pytest.mark.parametrize("path", ["/events", "/deliveries", "/pauses"])
def test_an_empty_store_says_what_to_do(path, tmp_path, sqlite, chromium):
    """With nothing stored, each list says what would fill it."""
    import browsing
    import faces

    parts = faces.parts(sqlite, tmp_path, admin_bind=browsing.bind())
    with browsing.serving(parts, chromium) as console:
        with console.page(path) as page:
            assert page.locator(".empty").is_visible()
            check_page(page)
