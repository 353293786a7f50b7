"""Refused requests are kept as metadata, and not without bound."""

from datetime import timedelta

import pytest
from running import NOW

from bridge.store import rejections
from bridge.store.rejections import Rejection


@pytest.fixture
def refuse(database):
    def refuse(source="s", now=NOW, size=2, count=1):
        one = Rejection(source, "not_verified", 401, "127.0.0.1", size)
        database.write(lambda c: rejections.add(c, counts={one: count}, now=now))

    return refuse


def kept(database):
    with database.read() as connection:
        query = "SELECT source, count(*) FROM rejections GROUP BY source"
        return dict(tuple(row) for row in connection.exec_driver_sql(query))


def test_oldest_of_a_source_are_forgotten(database, refuse, monkeypatch):
    """A source keeps its newest ones; another source's are not touched by its flood."""
    monkeypatch.setattr(rejections, "KEPT", 5)
    refuse("quiet")
    for _ in range(12):
        refuse("flooded")
    assert kept(database) == {"quiet": 1, "flooded": 5}


def test_what_is_a_week_old_is_forgotten(database, refuse):
    """After seven days a refusal is gone with the next one of its source."""
    refuse(now=NOW - timedelta(days=7, seconds=1))
    refuse(now=NOW - timedelta(days=6))
    refuse()
    assert kept(database) == {"s": 2}


def test_a_length_that_no_body_has_is_kept_as_the_largest(database, refuse):
    """A head may announce any length; the row that says so is not lost to a column that is too small for it."""
    refuse(size=10**14)
    with database.read() as connection:
        size = connection.exec_driver_sql("SELECT size FROM rejections").scalar_one()
    assert size == 2**31 - 1


def test_a_row_says_how_many_it_stands_for(database, refuse):
    """Those of one second that are alike are one row, with their number, however many they were."""
    refuse()
    refuse(count=412)
    refuse(count=10**10)
    with database.read() as connection:
        query = "SELECT count FROM rejections ORDER BY id"
        counts = list(connection.exec_driver_sql(query).scalars())
    assert counts == [1, 412, 2**31 - 1]
