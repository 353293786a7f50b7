"""Signing in, one's own account and the page of people, in a real browser."""

from datetime import UTC, datetime

import faces
import pytest
from browsing import bind, check_page, picture, serving
from faces import BY
from xss import STRINGS, ran

from bridge.services import accounts, sessions, tokens
from bridge.store import Database, migrate

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def console(tmp_path_factory, chromium):
    """A bridge with three people, a token, and a session from every kind of browser that XSS was tried with."""
    folder = tmp_path_factory.mktemp("people")
    database = Database(f"sqlite:///{folder}/bridge.db")
    migrate(database)
    now = datetime.now(UTC)
    faces.account(database, "ana", "operator", password=PASSWORD)
    faces.account(database, "admin", "admin")
    faces.account(database, "bo", "viewer", reveal=True)
    accounts.disable(database, "bo", BY, now=now)
    tokens.add(database, "deploy", "ana", ["read", "operate"], BY, now=now)
    tokens.add(database, "nightly", "admin", ["read"], BY, now=now)
    tokens.rotate(database, "nightly", BY, now=now)
    with database.read() as tx:
        id = accounts.known(tx, "admin").id
    for text in STRINGS:
        sessions.begin(database, id, "admin", address="192.0.2.1", agent=text, now=now)
    with serving(faces.parts(database, folder, admin_bind=bind()), chromium) as made:
        yield made
    database.close()


def test_signing_in_by_keyboard_and_out(console):
    """Name, password, Enter; a wrong one is said; after signing out, Back shows nothing."""
    refused = "401"
    for theme, width in (("light", 1440), ("dark", 390)):
        with console.page("/account", theme=theme, width=width, role=None) as page:
            picture(page, f"sign-in-{theme}-{width}")
            check_page(page)
            page.keyboard.type("ana")
            page.keyboard.press("Tab")
            page.keyboard.type("wrong password")
            page.keyboard.press("Enter")
            page.get_by_role("alert").wait_for()
            picture(page, f"sign-in-refused-{theme}-{width}")
            check_page(page, problems=[refused])
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="Your account").wait_for()
            page.context.clear_cookies(name="bridge-theme")
            if width == 390:
                page.get_by_text("Menu").click()
            page.locator("details.account summary").click()
            page.get_by_role("button", name="Sign out").click()
            page.get_by_text("You are signed out").wait_for()
            page.go_back()
            page.get_by_role("heading", name="Sign in").wait_for()
            assert page.get_by_role("heading", name="Your account").count() == 0


def test_account(console):
    """One's own sessions and tokens in both themes and widths; what a browser calls itself is text."""
    for page in console.looks("/account"):
        assert page.get_by_role("heading", name="Sessions").is_visible()
        assert page.get_by_text("this one", exact=True).count() == 1
        assert ran(page) == []


def test_people(console):
    """Everybody with role and state, in both themes and widths; an admin adds a person and sees the password once."""
    for page in console.looks("/people"):
        assert page.get_by_role("rowheader", name="bo").is_visible()
        assert page.get_by_text("disabled", exact=True).is_visible()
    with console.page("/people") as page:
        page.get_by_label("Name").fill("cy")
        page.get_by_role("button", name="Add").click()
        page.get_by_role("heading", name="The password of cy").wait_for()
        picture(page, "people-made")
        check_page(page)
        page.get_by_role("link", name="People").click()
        page.get_by_role("rowheader", name="cy").wait_for()
        assert page.get_by_text("The password of cy").count() == 0
    with console.page("/people", role="operator") as page:
        assert page.get_by_role("rowheader").count() == 0
        assert page.get_by_role("link", name="People").count() == 0
