"""The replay of all that a filter finds, as one run with a number, so that it can continue after an interruption.

Its number is that of the audit row that describes it. The audit row of each replayed delivery, written in the same
transaction, names the run: so its progress survives a crash, and it sends nothing twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bridge.errors import BridgeError
from bridge.model import Json
from bridge.services import choosing, filters
from bridge.services.replay import STATES
from bridge.store import Database, Transaction, audit, replays
from bridge.store.audit import By
from bridge.store.filtering import Filter

_WRITTEN = ("filter", "through", "current", "force")


class NoSuchRun(BridgeError):
    """A number that does not belong to a replay."""

    reason = "no_such_run"
    exit_code = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A replay: what the filter found when it began, up to the delivery `through`."""

    # None: not stored, as for a dry run or a replay of ids.
    id: int | None
    filter: str
    # `since:24h` counts from here, even if the run continues days later.
    at: datetime
    through: int
    # With the current rules; otherwise the same request.
    current: bool
    force: bool

    @property
    def where(self) -> Filter:
        """The filter, read. Raises BadFilter if it names nothing: that would replay everything."""
        return filters.parse(self.filter, "deliveries", self.at, act=True)


def draft(database: Database, filter: str, *, current: bool, force: bool) -> Run:
    """A run of the deliveries that exist now."""
    return Run(
        id=None,
        filter=filter,
        at=datetime.now(UTC),
        through=choosing.newest(database),
        current=current,
        force=force,
    )


def begin(database: Database, run: Run, by: By) -> Run:
    """The run with a number: stored before it sends anything."""
    subject: Json = {name: getattr(run, name) for name in _WRITTEN}

    def job(tx: Transaction) -> int:
        return audit.record(tx, by, "replay", subject, run.at)

    return replace(run, id=database.write(job))


def load(database: Database, id: int) -> Run:
    """The run with this number. Raises NoSuchRun."""
    with database.read() as tx:
        act = audit.load(tx, id)
    if act is None or act["action"] != "replay" or "filter" not in act["subject"]:
        raise NoSuchRun(
            f"{id} is not a replay of a filter: `bridge audit --json` lists the replays"
        )
    about = {name: act["subject"][name] for name in _WRITTEN}
    return Run(id=id, at=act["at"], **about)


def left(database: Database, run: Run) -> Iterator[list[int]]:
    """The ids that the run has not replayed yet, one by one."""
    after = 0
    if run.id is not None:
        with database.read() as tx:
            after = replays.reached(tx, run.id)
    return choosing.batches(
        database, run.where, STATES, 1, after=after, through=run.through
    )
