"""Which deliveries and events an act covers: counted first, then a few at a time. Reads only.

The same filters as `finding`, without its limits: an act that stopped after two seconds would leave out some of it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from bridge.services import contents
from bridge.store import Database, Transaction, rerouted, selecting
from bridge.store.filtering import Filter, is_content
from bridge.store.searching import Rows

# Deliveries in one transaction: limits how long others wait for the writer.
BATCH = 100


def tally(
    database: Database, where: Filter, states: Sequence[str]
) -> Mapping[tuple[str, str], int]:
    """(state, rule) → how many deliveries of a filter an act would touch now."""
    if not any(map(is_content, where)):
        with database.read() as tx:
            return selecting.tally(tx, where, states)
    counts: Counter[tuple[str, str]] = Counter()
    for ids in batches(database, where, states):
        with database.read() as tx:
            counts.update(selecting.kinds(tx, ids))
    return dict(counts.most_common())


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

    return _in_turn(database, "deliveries", where, find, after)


def count_events(database: Database, where: Filter) -> int:
    """How many events a filter finds."""
    if any(map(is_content, where)):
        return sum(map(len, event_batches(database, where)))
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

    return _in_turn(database, "events", where, find, 0)


def _in_turn(
    database: Database,
    rows: Rows,
    where: Filter,
    find: Callable[[Transaction, int], list[int]],
    last: int,
) -> Iterator[list[int]]:
    """Calls `find` with the last id that it gave, until it finds nothing; those whose content agrees."""
    while True:
        with database.read() as tx:
            ids = find(tx, last)
            kept = contents.keeps(tx, rows, where, ids)
        if not ids:
            return
        last = ids[-1]
        if kept:
            yield kept
