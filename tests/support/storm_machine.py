"""The machine fails: processes stand still or end, the store's lock is held, the disk takes its time."""

import signal
from contextlib import contextmanager
from pathlib import Path

from points import POINTS
from running import eventually
from sqlalchemy import create_engine, text

RECEIVING = ("inserted, not committed", "committed, not answered")
HOLDING = (
    "routed, not committed",
    "claimed, not committed",
    "in the middle of recording",
)


def receiver_stops(storm, life):
    """The receivers stand still for a while, as on a host that is suspended."""
    life.refuses = True
    yield
    stand_still(storm, life.receivers)


def worker_stops(storm, life):
    """The worker stands still, perhaps for longer than its lease."""
    yield
    stand_still(storm, life.workers[0])


def lock_held(storm, life):
    """A worker stands still in the middle of a transaction, and holds the store's lock."""
    point = storm.chance.choice(HOLDING)
    life.worker_faults.append(("freeze", point, storm.chance.randint(1, 5)))
    life.refuses = True
    yield
    with storm.during(f"stopped at {point!r}"):
        eventually(lambda: stopped(life.workers[0].pid), 1)
        storm.wait(1, 4)
        wake(life.workers[0])


def slow_disk(storm, life):
    """The store takes no write, or no sync, for a while."""
    on_slow_disk(storm, life)
    yield
    what = storm.chance.choice(("slow write", "slow sync"))
    with storm.during(what), stalled(storm, what):
        storm.wait(1, 4)


def two_workers(storm, life):
    """Two workers share the work, and one of them is killed."""
    life.several = 2
    yield
    storm.wait(0.1, 0.5)
    life.workers[1].kill()


def dies(storm, life):
    """A process ends at a named point."""
    point, passes = storm.chance.choice(sorted(POINTS)), storm.chance.randint(1, 20)
    receiving = point in RECEIVING
    life.dies |= receiving
    faults = life.receiver_faults if receiving else life.worker_faults
    faults.append(("die", point, passes))
    yield
    victim = life.receivers if receiving else life.workers[0]
    with storm.during(f"dies at {point!r}"):
        eventually(lambda: victim.code() is not None, 1)


def stand_still(storm, process):
    """SIGSTOP, and SIGCONT some seconds later; nothing where the process has ended."""
    if process.code() is None:
        with storm.during("stands still"):
            process.signal(signal.SIGSTOP)
            storm.wait(0.5, 3)
            wake(process)


def wake(process):
    """SIGCONT, where the process has not ended."""
    if process.code() is None:
        process.signal(signal.SIGCONT)


def stopped(pid):
    """Whether a process stands still."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


def on_slow_disk(storm, life):
    """This life's processes have a disk that `stalled` can stop."""
    life.refuses = True
    disk = storm.fleet.bridge.folder / "disk"
    disk.mkdir(exist_ok=True)
    for faults in (life.worker_faults, life.receiver_faults):
        faults.append(("disk", str(disk)))


@contextmanager
def stalled(storm, what):
    """The store takes no write meanwhile: SQLite's disk waits, PostgreSQL's table is locked by somebody."""
    bridge = storm.fleet.bridge
    if bridge.database_url.startswith("sqlite"):
        switch = bridge.folder / "disk" / what
        switch.touch()
        yield
        switch.unlink()
        return
    engine = create_engine(bridge.database_url)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE"))
        yield
    engine.dispose()


DEEDS = (receiver_stops, worker_stops, lock_held, slow_disk, two_workers, dies)
