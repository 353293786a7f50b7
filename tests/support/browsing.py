"""The console in a real browser: one bridge over real HTTP and one Chromium for a module's tests.

def test_a_page(console):
    for page in console.looks("/events"):  # light and wide, dark and narrow, each checked
        ...
    with console.page("/events", role="viewer", width=390) as page: ...
"""

import os
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import faces
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright
from programs import program
from running import free_port
from werkzeug.serving import WSGIRequestHandler, make_server

from bridge import app

# A folder, if pictures of the pages that are checked are wanted.
PICTURES = os.environ.get("BRIDGE_TEST_PICTURES")
WIDTHS = {1440: 900, 390: 844}
_LOOKS = (("light", 1440), ("dark", 390), ("dark", 1440), ("light", 390))


class _Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


@pytest.fixture(scope="module")
def chromium():
    """One browser."""
    path = program("chromium")
    # A busy machine takes its time.
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@contextmanager
def serving(parts, chromium, wrap=lambda wsgi: wsgi):
    """The whole admin bind of `parts`, whose settings name its port, and a browser that asks it."""
    host, port = parts.settings.admin_bind.split(":")
    admin = wrap(app.admin_app(parts))
    server = make_server(host, int(port), admin, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    made = Console(parts, chromium)
    try:
        yield made
    finally:
        made.close()
        server.shutdown()
        server.server_close()
        thread.join()


def bind():
    """An admin bind for settings."""
    return f"127.0.0.1:{free_port()}"


class Console:
    """Opens pages as a person who is signed in."""

    def __init__(self, parts, chromium):
        self.parts, self._chromium = parts, chromium
        self.url = f"http://{parts.settings.admin_bind}"
        self._contexts = {}

    @contextmanager
    def page(self, path="", *, theme="light", width=1440, role="admin", js=True):
        """A page; `page.problems` are what the browser complained about."""
        page = self._context(theme, width, role, js).new_page()
        page.problems = []
        page.on("console", lambda said: _note(page, said))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.set_default_timeout(60_000)
        page.goto(f"{self.url}/console{path}", wait_until="load")
        try:
            yield page
        finally:
            page.close()

    def looks(self, path, *, role="admin", name="", problems=()):
        """The page light and wide, then dark and narrow, each checked; all four, if pictures are wanted."""
        for theme, width in _LOOKS if PICTURES else _LOOKS[:2]:
            with self.page(path, theme=theme, width=width, role=role) as page:
                picture(page, f"{name or path}-{theme}-{width}")
                check_page(page, problems=problems)
                yield page

    def _context(self, theme, width, role, js):
        key = theme, width, role, js
        if key not in self._contexts:
            context = self._chromium.new_context(
                color_scheme=theme,
                viewport={"width": width, "height": WIDTHS[width]},
                java_script_enabled=js,
                permissions=["clipboard-read", "clipboard-write"],
                timezone_id="America/Santiago",
                locale="en-GB",
            )
            if role:
                made = faces.cookie(self.parts, role)
                cookie = {"name": made["name"], "value": made["value"]}
                context.add_cookies([{**cookie, "url": self.url}])
            self._contexts[key] = context
        return self._contexts[key]

    def close(self):
        for context in self._contexts.values():
            context.close()


def check_page(page, *, problems=()):
    """Nobody is kept out (axe), nothing breaks the content security policy, and nothing is wider than the window.

    `problems` are parts of messages that the browser may show, such as the status of an error page.
    """
    unexpected = [
        said for said in page.problems if not any(known in said for known in problems)
    ]
    assert unexpected == []
    found = Axe().run(page).response["violations"]
    assert not found, [_brief(one) for one in found]
    wide = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide[0] <= wide[1], f"{page.url} is {wide[0]} wide"


def picture(page, name):
    """A picture of the page, if pictures are wanted."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        name = re.sub("[^a-z0-9-]+", "-", name.lower()).strip("-") or "home"
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def _note(page, said):
    if said.type in ("error", "warning"):
        page.problems.append(said.text)


def _brief(violation):
    nodes = [
        (node["html"][:200], node["failureSummary"][:300])
        for node in violation["nodes"][:4]
    ]
    return violation["id"], violation["help"], nodes
