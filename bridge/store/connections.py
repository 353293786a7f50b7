"""What was learned about connections: parking them, and letting them go on. views.py lists the parked ones."""

from datetime import datetime, timedelta

from sqlalchemy import BigInteger
from sqlalchemy import Connection as Database
from sqlalchemy import case, select, type_coerce, update

from bridge.store.columns import Moment
from bridge.store.dialect import upsert
from bridge.store.tables import UNFINISHED, connections, deliveries


def park(database: Database, name: str, reason: str, now: datetime) -> None:
    """Stops a connection: nothing of it is due until it is resumed. Parking twice keeps the first time."""
    statement = upsert(database, connections)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"state": "parked", "reason": reason, "since": statement.excluded.since},
        where=connections.c.state != "parked",
    )
    database.execute(
        statement, {"name": name, "state": "parked", "reason": reason, "since": now}
    )


def resume(database: Database, name: str, now: datetime) -> bool:
    """Lets a parked connection go on: what waits is due at once, and the time parked does not count as age."""
    query = select(connections.c.since).where(
        connections.c.name == name, connections.c.state == "parked"
    )
    since = database.execute(query).scalar_one_or_none()
    if since is None:
        return False
    database.execute(
        update(connections)
        .where(connections.c.name == name)
        .values(state="open", reason="resumed", since=now)
    )
    stopped = (now - since) // timedelta(microseconds=1)
    moved = case(
        (
            deliveries.c.age_from < since,
            type_coerce(deliveries.c.age_from, BigInteger) + stopped,
        ),
        else_=type_coerce(now, Moment),
    )
    database.execute(
        update(deliveries)
        .where(deliveries.c.connection == name, deliveries.c.state.in_(UNFINISHED))
        .values(age_from=moved, due_at=now)
    )
    return True
