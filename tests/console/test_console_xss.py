"""What a payload holds never comes alive on a list: each text is tried in each field that it can reach."""

import browsing
import faces
import pytest
from console_world import World
from playwright.sync_api import expect
from working import failed, paid
from xss import STRINGS, ran

from bridge.services import pausing
from bridge.store.audit import By
from bridge.store.pauses import Scope


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, vendors, chromium):
    """A console whose store holds every text in ids, types, tickets, answers, pauses and the audit trail."""
    with pytest.MonkeyPatch.context() as patch:
        vendors.reset()
        world = World(tmp_path_factory.mktemp("hostile"), vendors, patch)
        for number, text in enumerate(STRINGS):
            plain = text.replace(",", ";").replace("\x1b", "").replace("\x07", "")
            world.bench.receive({**paid(f"evt_{number}{plain}"), "type": text})
            world.bench.receive(failed(f"evt_t{number}", tickets=plain))
            by = By(person=f"ana {text}", reason=text)
            pausing.pause(world.database, Scope(ticket=f"{number}{text}"), by)
            world.refuse(text[:60], 400)
        world.bench.work()
        parts = faces.parts(
            world.database, world.folder, admin_bind=browsing.bind(), environment="<b>"
        )
        with browsing.serving(parts, chromium) as made:
            yield made
        world.close()


@pytest.mark.parametrize("path", ["/events", "/deliveries", "/pauses", "/audit"])
def test_nothing_in_a_list_comes_alive(path, hostile):
    """No text of a sender or a person makes an element, runs a script or breaks the policy, on any page of the list."""
    with hostile.page(path) as page:
        for _ in range(4):
            assert ran(page) == []
            assert page.problems == []
            older = page.locator("a[rel=next]")
            if not older.count():
                break
            older.click()
        assert page.locator("tr").count() > 1


def test_a_filter_is_shown_as_text(hostile):
    """What stands in the address is shown as it is: in the box, in chips, in the error and in the command."""
    from urllib.parse import quote

    for text in STRINGS[:12]:
        with hostile.page("/events?q=" + quote(text)) as page:
            assert ran(page) == []
            expect(page.locator("#filter")).to_have_value(text)
