"""Erasing over the API: for admins, shown first, with a reason."""

import faces
import pytest
from dying import TICKETS, route
from running import MAPPING
from sqlalchemy import update
from state_guard import take_off
from working import paid

from bridge.store.tables import deliveries


@pytest.fixture
def ask(sqlite, tmp_path, monkeypatch):
    """Asks as somebody with a role; there is an event whose update is over, and one whose update waits."""
    for name in ("STRIPE_WEBHOOK_SECRET", "VAMBE_API_KEY", "KAPTURE_TOKEN"):
        monkeypatch.setenv(name, "canary")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "rules.yaml").write_text(MAPPING)
    parts = faces.parts(sqlite, tmp_path)
    route(
        sqlite,
        parts.rules.current(),
        *(paid(f"e{n}", ticket=TICKETS[n]) for n in range(2)),
    )

    def over(tx):
        take_off(tx)
        tx.execute(
            update(deliveries).where(deliveries.c.id == 1).values(state="cancelled")
        )

    sqlite.write(over)
    client = faces.admin(parts)

    def asked(body, role="admin"):
        headers = faces.bearer(sqlite, role=role)
        answer = client.post("/api/v1/erasures", json=body, headers=headers)
        return answer.status_code, answer.get_json(force=True)

    return asked


def test_it_is_shown_and_then_done(ask):
    """A dry run is the default; what may still be sent is left and named."""
    both = {"events": [1, 2]}
    status, plan = ask(both)
    assert (status, plan["done"], plan["events"]) == (200, False, [1])
    assert [row["delivery"] for row in plan["blocked"]] == [2] and plan["left"]
    status, refused = ask({**both, "dry_run": False})
    assert (status, refused["code"]) == (422, "invalid_input")
    status, done = ask({**both, "dry_run": False, "reason": "asked"})
    assert (status, done["done"], done["events"]) == (200, True, [1])
    assert [row["delivery"] for row in done["blocked"]] == [2]
    status, found = ask({"ticket": TICKETS[0]})
    assert (found["events"], found["ledger"]) == ([1], 0)


def test_only_admins_erase(ask):
    """Nobody else, not even for a dry run, which would find people by their content."""
    for role in ("viewer", "operator"):
        assert ask({"events": [1]}, role)[0] == 403


@pytest.mark.parametrize(
    "body", [{}, {"events": []}, {"filter": " "}, {"events": [1], "ticket": "t"}]
)
def test_what_to_erase_is_named_once(ask, body):
    """Nothing, an empty filter, or two ways at once erase nothing."""
    assert ask({**body, "dry_run": False, "reason": "x"})[0] in (400, 422)
