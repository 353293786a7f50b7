"""Takes the pictures of README and docs from a running demo: python release/screenshots.py

Needs the test packages and a Chromium (Debian's, or the path in CHROMIUM). Writes docs/pictures/*.png.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from smaller import smaller

from bridge import demo

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDTH, HEIGHT = 1440, 900

# Name of the picture → address below /console, and what is clicked there.
SCREENS = {
    "home": ("", ""),
    "events": ("events", ""),
    "event": ("events?q=outcome:no_match+source:stripe", "a.row-link"),
    "deliveries": ("deliveries", ""),
    "delivery": ("deliveries?q=state:dead+code:http_404", "a.row-link"),
    "dead-letters": ("dead", ""),
    "plan": ("dead", "button.primary"),
    "ticket": ("deliveries?q=state:delivered", "td a[href*='/tickets/']"),
    "rules": ("rules", ""),
    "playground": ("playground", ""),
    "backtest": ("backtest", ""),
    "pauses": ("pauses", ""),
    "sources": ("sources", ""),
    "connections": ("connections", ""),
    "audit": ("audit", ""),
}
# Those that are taken in the dark theme, too.
DARK = ("home",)


def main() -> int:
    """Makes all pictures; returns the exit code."""
    PICTURES.mkdir(exist_ok=True)
    os.chdir(ROOT)  # so that pages name mapping files as a reader would
    with (
        demo.running(Path("mappings"), week=True) as running,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-lcd-text"]
        )
        for theme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme
            )
            for name in _visit(page, running, DARK if theme == "dark" else SCREENS):
                suffix = "-dark" if theme == "dark" else ""
                picture = PICTURES / f"{name}{suffix}.png"
                picture.write_bytes(smaller(page.screenshot()))
            page.close()
        browser.close()
    return 0


def _visit(page: Page, running: "demo.Demo", names: Iterable[str]) -> Iterator[str]:
    """Signs in and opens each screen; gives the name of the one that is shown."""
    base = f"{running.admin_url}/console"
    page.goto(base)
    page.fill("[name=name]", demo.PERSON)
    page.fill("[name=password]", running.password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{base}/**")
    for name in names:
        path, click = SCREENS[name]
        page.goto(f"{base}/{path}")
        if click:
            page.locator(click).first.click()
            page.wait_for_load_state()
        yield name


if __name__ == "__main__":
    sys.exit(main())
