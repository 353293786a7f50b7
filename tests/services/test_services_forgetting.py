"""The worker's neighbour that forgets: by the settings' ages, again and again, whatever happens to one pass."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from bridge.errors import StoreUnavailable
from bridge.services import forgetting
from bridge.settings import Settings
from bridge.store import clock
from bridge.store.tables import payloads

SETTINGS = Settings(keep_payloads=timedelta(days=7))


class Enough(Exception):
    """Ends a loop that has no end."""


def request(connection, age):
    values = {
        "received_at": clock(connection) - timedelta(days=age),
        "method": "POST",
        "target": "/hooks/s",
        "headers": {},
        "body": b"x",
    }
    connection.execute(insert(payloads), values)


def test_ages_come_from_the_settings(database):
    """BRIDGE_KEEP_PAYLOADS=7d leaves what is six days old and empties what is eight."""
    for age in (8, 6):
        database.write(lambda c, age=age: request(c, age))
    assert forgetting.forget(database, SETTINGS, lambda s: None) == {"payloads": 1}


def test_a_pass_that_fails_is_not_the_last(sqlite, monkeypatch):
    """A store that is away, or a mistake of ours, is logged, and the next pass comes as ever."""
    passes, slept = [], []
    errors = [StoreUnavailable("away"), ValueError("ours"), None]

    def forget(*_):
        passes.append(1)
        if error := errors[len(passes) - 1]:
            raise error
        return {"payloads": 1}

    def sleep(seconds):
        slept.append(seconds)
        if len(passes) == len(errors):
            raise Enough

    monkeypatch.setattr(forgetting, "forget", forget)
    with pytest.raises(Enough):
        forgetting._run(sqlite, SETTINGS, sleep)
    assert slept[1:] == [forgetting.EVERY] * 3 and slept[0] <= forgetting.FIRST


def test_commands_forget_nothing(sqlite):
    """Without gevent, as in a command, nothing is started."""
    assert forgetting.start(sqlite, SETTINGS) is None


@pytest.mark.parametrize(
    ("ahead", "passes"), [(timedelta(days=90), 1), (timedelta(hours=1), 3)]
)
def test_a_clock_that_leaps_ahead_forgets_nothing(sqlite, monkeypatch, ahead, passes):
    """Months in a second are a mistake of the clock; an hour is none worth stopping for."""
    made, slept = [], []

    def later(connection):
        return datetime.now(UTC) + (ahead if slept[1:] else timedelta())

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) > 3:
            raise Enough

    monkeypatch.setattr(forgetting, "clock", later)
    monkeypatch.setattr(forgetting, "forget", lambda *_: made.append(1))
    with pytest.raises(Enough):
        forgetting._run(sqlite, SETTINGS, sleep)
    assert len(made) == passes
