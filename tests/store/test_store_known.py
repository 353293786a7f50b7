"""Events that were here before: what they cost, and that nothing of them is told wrongly."""

import pytest
from receiving import event, request
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select

from bridge.store import events, known
from bridge.store.database import prepared
from bridge.store.tables import events as rows
from bridge.store.tables import payloads

MANY = 1_000  # events of the largest batch


def batch(count=MANY, digest="1"):
    return [event(f"e{number}", digest) for number in range(count)]


@pytest.fixture
def statements(database, monkeypatch):
    """What the writer gives to the database, each statement as often as it is run."""
    said, run = [], prepared.run

    def noting(connection, sql, parameters):
        said.append(sql)
        return run(connection, sql, parameters)

    monkeypatch.setattr(prepared, "run", noting)
    sqlalchemy_event.listen(
        database._writing, "before_cursor_execute", lambda *it: said.append(it[2])
    )
    return said


def take(database, *requests):
    return database.write(lambda connection: events.accept_all(connection, requests))


def stored(database):
    with database.read() as connection:
        query = select(rows.c.event_id, rows.c.conflicts).order_by(rows.c.id)
        return [tuple(row) for row in connection.execute(query)]


def count_payloads(database):
    with database.read() as connection:
        return len(connection.execute(select(payloads.c.id)).all())


@pytest.mark.parametrize(("digest", "most"), [("1", 3), ("2", 4)])
def test_a_known_batch_costs_a_few_statements(database, statements, digest, most):
    """A sender's retry of a thousand events costs the shared commit as much as one event, with other bodies too."""
    (first,) = take(database, (request(), batch()))
    statements.clear()
    (again,) = take(database, (request(), batch(digest=digest)))
    assert len(statements) <= most
    assert (again.ids, again.new) == (first.ids, 0)
    assert again.conflicts == (MANY if digest == "2" else 0)
    assert count_payloads(database) == 1


def test_known_requests_of_a_commit_are_found_together(database, statements):
    """A hundred retries of single events cost three statements each, and a few for all of them."""
    singles = [(request(), [one]) for one in batch(100)]
    take(database, *singles)
    statements.clear()
    again = take(database, *singles)
    assert len(statements) <= 2 * len(singles) + 5
    assert [one.new for one in again] == [0] * len(singles)


def test_a_large_known_body_is_not_written(database, statements):
    """A body is not put into the database to be taken out again."""
    large = request(b"x" * 100_000)
    take(database, (large, [event("a", "1")]))
    statements.clear()
    assert take(database, (large, [event("a", "1")]))[0].new == 0
    assert not any("INSERT" in statement for statement in statements)


def test_a_batch_extended_by_its_sender_adds_the_rest(database):
    """What is known keeps its rows, what is new gets rows, each id in its place."""
    take(database, (request(), batch(3)))
    (more,) = take(database, (request(), [event("new", "1"), *batch(5, "2")]))
    assert more.new == 3 and more.conflicts == 3
    names = [name for name, _ in stored(database)]
    assert [names[id - 1] for id in more.ids] == ["new", "e0", "e1", "e2", "e3", "e4"]
    assert stored(database)[:3] == [("e0", 1), ("e1", 1), ("e2", 1)]


ODD = ["a\0b", "\ud800", 'say "x"', "back\\slash", "ü😀", "%s :x ?", "[1]", " "]


def test_odd_ids_of_a_batch_are_found_again(database):
    """Whatever an id is made of, the look for it finds what was stored, and nothing else."""
    names = [event(name, "1") for name in ODD]
    (first,) = take(database, (request(), names))
    (again,) = take(database, (request(), names))
    assert (first.new, again.new) == (len(ODD), 0)
    assert again.ids == first.ids
    assert take(database, (request(), [event(n, "1", source="o") for n in ODD]))[0].new


def test_a_look_uses_the_index_of_ids(sqlite):
    """It passes by no event that it does not ask for, however many there are."""
    with sqlite.read() as connection:
        asked = {"names": '[["s", "a"]]'}
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {known._FIND_SQLITE}", asked
        )
        assert "uq_events_source_event_id" in str(plan.all()) or "autoindex" in str(
            connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {known._FIND_SQLITE}", asked
            ).all()
        )


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_event_stored_by_another_process_meanwhile_is_a_duplicate(
    database, monkeypatch
):
    """The unique insert decides: what came between the look and the insert is found, not stored twice."""
    add = events._add
    pending = [1]

    def late(connection, taking):
        if pending:
            pending.clear()
            from bridge.store import Database

            other = Database(database.url.render_as_string(hide_password=False))
            take(other, (request(), batch(2)))
            other.close()
        add(connection, taking)

    monkeypatch.setattr(events, "_add", late)
    (accepted,) = take(database, (request(), batch(3)))
    assert accepted.new == 1 and len(accepted.ids) == 3
    assert [name for name, _ in stored(database)] == ["e0", "e1", "e2"]
