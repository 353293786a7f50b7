"""Lets a sender tell another secret than the one that is kept: what nobody may set off but a person."""

from datetime import UTC, datetime

from bridge.store import Database, Session, audit, learnt
from bridge.store.audit import By


def relearn(database: Database, reference: str, by: By) -> bool:
    """From now on the next secret that is told counts; False where none was told yet, or this was done before."""

    def reopen(session: Session) -> bool:
        done = learnt.reopen(session, learnt.name_of(reference))
        if done:
            audit.record(
                session, by, "relearn", {"learnt": reference}, datetime.now(UTC)
            )
        return done

    return database.write(reopen)
