"""Routed events and dead letters for tests, and workers that do bulk acts."""

from running import MAPPING, NOW
from sqlalchemy import update
from state_guard import by_hand
from working import accept

from bridge import mapping
from bridge.services import bulk_work
from bridge.services.bulk_looks import Looker
from bridge.store.tables import deliveries
from bridge.worker.asking import Asker
from bridge.worker.routing import Router

TICKETS = [f"a1b2c3d4-e5f6-7890-abcd-ef12345678{n:02}" for n in range(10)]
RULESET = mapping.build({"rules.yaml": MAPPING}).usable()
LOOKER = Looker(rules=RULESET, environment="", max_rendered=2**20)


def route(database, ruleset, *events):
    """Receives the events and asks the rules about them."""
    for event in events:
        database.write(lambda c, e=event: accept(c, ruleset, "stripe", e, at=NOW))
    Router(database, Asker("")).route_waiting(ruleset)


def set_row(database, id, **values):
    """Changes a delivery's row."""
    mine = update(deliveries).where(deliveries.c.id == id)
    by_hand(database, lambda c: c.execute(mine.values(**values)))


def dead(database, id, code="http_404", at=NOW):
    """Makes a delivery a dead letter."""
    set_row(database, id, state="dead", code=code, finished_at=at, reason="it failed")


def work(database, looker=LOOKER):
    """Does bulk acts until there is nothing to do."""
    while bulk_work.work_once(database, looker, lambda seconds: None):
        pass
