"""Keeping what is sent: a worker that vanished with several calls, of which not all can be judged."""

from sqlalchemy import update
from working import TICKET, failed, paid

from bridge.errors import StoreRefused
from bridge.store.tables import deliveries as deliveries_table
from bridge.worker.asking import Asker
from bridge.worker.recording import Recorder
from bridge.worker.routing import Router


def test_lost_leases_are_judged_each_by_itself(bench, sandbox):
    """Of several that one worker lost, what cannot be judged is a dead letter; the others end as their rules say."""
    bench.receive(paid("evt_1"))
    for number in range(2, 6):
        bench.receive(failed(f"evt_{number}", tickets=f"71351655114{number}"))
    Router(bench.database, Asker("")).route_waiting(bench.ruleset)
    taken = bench.lose()
    again, odd, unknown, without, held = sorted(item.id for item in taken.items)
    changes = {
        odd: {"retries": {"max_attempts": "many"}},
        unknown: {"operation": "nobody.knows", "rule": "gone"},
        without: {"call": None},
    }
    for id, columns in changes.items():
        change = update(deliveries_table).where(deliveries_table.c.id == id)
        bench.database.write(lambda c: c.execute(change.values(columns)) and None)
    assert bench.worker.keep_leases_once() == 4
    states = {row["id"]: (row["state"], row["attempts"]) for row in bench.deliveries()}
    assert states[again] == ("waiting", 1)
    assert states[held] == states[unknown] == ("held", 1)
    assert states[odd] == states[without] == ("dead", 1)
    for id in states:
        (made,) = bench.attempts(id)
        code = "not_recorded" if id == odd else "worker_lost"
        assert (made["verdict"], made["code"]) == ("unknown", code)


def test_lost_lease_that_the_store_does_not_take_stops_no_other(bench, monkeypatch):
    """Where not even a dead letter of it can be stored, the others of its batch are judged all the same."""
    for number in range(1, 4):
        bench.receive(paid(f"evt_{number}", ticket=f"{number}{TICKET[1:]}"))
    Router(bench.database, Asker("")).route_waiting(bench.ruleset)
    bench.lose()
    poor, *_ = [row["id"] for row in bench.deliveries()]

    def refused(of):
        def instead(*given, **more):
            if any(getattr(one, "id", None) == poor for one in given):
                raise StoreRefused("the store does not take this")
            return of(*given, **more)

        return instead

    monkeypatch.setattr(Recorder, "record", refused(Recorder.record))
    assert bench.worker.keep_leases_once() == 3
    assert bench.states() == ["sending", "waiting", "waiting"]
