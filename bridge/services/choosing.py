"""Which deliveries an act covers: counted first, then a few at a time. Reads only."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bridge.store import Database, Transaction, rerouted, selecting
from bridge.store.filtering import Filter

# Deliveries in one transaction: limits how long others wait for the writer.
BATCH = 100


def tally(
    database: Database, where: Filter, states: Sequence[str]
) -> Mapping[tuple[str, str], int]:
    """(state, rule) → how many deliveries of a filter an act would touch now."""
    with database.read() as tx:
        return selecting.tally(tx, where, states)


def newest(database: Database) -> int:
    """The number of the newest delivery; 0 if there is none."""
    with database.read() as tx:
        return selecting.newest_id(tx)


def batches(
    database: Database,
    where: Filter,
    states: Sequence[str],
    size: int = BATCH,
    *,
    after: int = 0,
    through: int | None = None,
) -> Iterator[list[int]]:
    """The ids of a filter's deliveries, oldest first, each once; read as they are needed.

    Only those after `after` and up to `through`, by default the newest at this call. Deliveries that are added
    meanwhile, such as the replays of the first ones, are not touched.
    """
    end = newest(database) if through is None else through

    def find(tx: Transaction, last: int) -> list[int]:
        return selecting.matching(
            tx, where, states, after=last, through=end, limit=size
        )

    return _in_turn(database, find, after)


def count_events(database: Database, where: Filter) -> int:
    """How many events a filter finds."""
    with database.read() as tx:
        return rerouted.count(tx, where)


def event_batches(
    database: Database, where: Filter, size: int = BATCH
) -> Iterator[list[int]]:
    """The numbers of a filter's events, like `batches`: none that arrives after this call."""
    with database.read() as tx:
        end = rerouted.newest(tx)

    def find(tx: Transaction, last: int) -> list[int]:
        return rerouted.matching(tx, where, after=last, through=end, limit=size)

    return _in_turn(database, find, 0)


def _in_turn(
    database: Database, find: Callable[[Transaction, int], list[int]], last: int
) -> Iterator[list[int]]:
    """Calls `find` with the last id that it gave, until it finds nothing."""
    while True:
        with database.read() as tx:
            ids = find(tx, last)
        if not ids:
            return
        last = ids[-1]
        yield ids
