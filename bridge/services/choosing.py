"""Which deliveries an act of a person is about: counted before, then a few at a time. Reads only."""

from collections.abc import Iterator, Mapping, Sequence

from bridge.store import Database, selecting
from bridge.store.filtering import Filter

BATCH = 100  # deliveries in one transaction: bounds how long others wait for the writer


def tally(
    database: Database, where: Filter, states: Sequence[str]
) -> Mapping[tuple[str, str], int]:
    """(state, rule) → how many deliveries of a filter an act would touch now."""
    with database.read() as connection:
        return selecting.tally(connection, where, states)


def newest(database: Database) -> int:
    """The number of the newest delivery; 0 where there is none."""
    with database.read() as connection:
        return selecting.newest_id(connection)


def batches(
    database: Database,
    where: Filter,
    states: Sequence[str],
    size: int = BATCH,
    *,
    after: int = 0,
    through: int | None = None,
) -> Iterator[list[int]]:
    """The ids of a filter's deliveries, oldest first, each once; read as they are asked for.

    Only those behind `after`, up to `through`, or that there are at this call: what comes to be meanwhile, as the
    replays of the first ones, or while a person is asked, is not touched.
    """
    end = newest(database) if through is None else through

    def found() -> Iterator[list[int]]:
        last = after
        while True:
            with database.read() as connection:
                ids = selecting.matching(
                    connection, where, states, after=last, through=end, limit=size
                )
            if not ids:
                return
            last = ids[-1]
            yield ids

    return found()
