"""Power cuts at any moment, out of one recorded run: what the disk may hold then, and whether the store keeps its word.

The recording has every write, truncate and sync of SQLite's files in order, and marks in between: what the bridge had
told someone by then. A disk keeps what it was told to sync; of everything later each 512-byte sector may be there or
not, in any order. Writes of one sector are taken to be atomic, as SQLite and disks do.
"""

import pickle
import random
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import vfs

SECTOR = 512


@dataclass(frozen=True)
class Write:
    path: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    path: str
    size: int


@dataclass(frozen=True)
class Sync:
    path: str


@dataclass(frozen=True)
class Told:
    """A promise that was given at this moment: ("accepted", event id) or ("delivered", delivery's number)."""

    what: str
    whom: object


class Recorder(vfs.Hooks):
    """Keeps the log of one process."""

    def __init__(self):
        self.log = []

    def write(self, path, offset, data):
        self.log.append(Write(path, offset, data))
        return vfs.OK

    def truncate(self, path, size):
        self.log.append(Truncate(path, size))
        return vfs.OK

    def synced(self, path):
        self.log.append(Sync(path))

    def told(self, what, whom):
        self.log.append(Told(what, whom))

    def save(self, file):
        Path(file).write_bytes(pickle.dumps(self.log))


class Disk:
    """What a disk holds: of each file what is certain, and what was done to it since its last sync."""

    def __init__(self, files):
        """`files`: path to content, all of it certain."""
        self._certain = {path: bytearray(content) for path, content in files.items()}
        self._pending = {}

    def do(self, step):
        """One step of the log."""
        if isinstance(step, Sync):
            for done in self._pending.pop(step.path, []):
                _apply(self._certain.setdefault(step.path, bytearray()), done)
        else:
            self._pending.setdefault(step.path, []).append(step)

    def cut(self, chance):
        """The files as they may be found after the power came back."""
        found = {path: bytearray(content) for path, content in self._certain.items()}
        for path, steps in self._pending.items():
            survivors = chance.choice((_none, _prefix, _some, _all))
            for step in survivors(steps, chance):
                _apply(found.setdefault(path, bytearray()), step)
        return found


def _none(steps, chance):
    return []


def _all(steps, chance):
    return steps


def _prefix(steps, chance):
    """Everything up to a moment; the last write only in part."""
    kept = steps[: chance.randint(0, len(steps))]
    return [*kept[:-1], *_torn(kept[-1], chance)] if kept else []


def _some(steps, chance):
    """Any of the steps, any sectors of them, in any order."""
    pieces = [piece for step in steps for piece in _torn(step, chance)]
    chance.shuffle(pieces)
    return pieces


def _torn(step, chance):
    """Some sectors of a write; a truncate as a whole or not at all."""
    if isinstance(step, Truncate):
        return [step] if chance.random() < 0.5 else []
    ends = range(SECTOR - step.offset % SECTOR, len(step.data) + SECTOR, SECTOR)
    pieces, start = [], 0
    for end in ends:
        if chance.random() < 0.5:
            pieces.append(Write(step.path, step.offset + start, step.data[start:end]))
        start = end
    return pieces


def _apply(content, step):
    if isinstance(step, Truncate):
        del content[step.size :]
        content.extend(bytes(step.size - len(content)))
    else:
        content.extend(bytes(max(step.offset - len(content), 0)))
        content[step.offset : step.offset + len(step.data)] = step.data


def broken_promises(folder, log, cuts, *, seed, ignored_syncs=""):
    """(cuts after which a promise was broken, with the first reasons; how many promises were judged).

    `folder` holds the database as it was when the recording began. `ignored_syncs`: a file name's end whose syncs do
    nothing, to show that the judge would notice.
    """
    chance = random.Random(seed)
    base = Path(folder) / "bridge.db"
    moments = sorted(chance.randrange(len(log)) for _ in range(cuts))
    disk, told, done = Disk({str(base): base.read_bytes()}), [], 0
    found, judged = [], 0
    for moment in moments:
        for step in log[done : moment + 1]:
            if isinstance(step, Told):
                told.append(step)
            elif not (
                isinstance(step, Sync)
                and ignored_syncs
                and step.path.endswith(ignored_syncs)
            ):
                disk.do(step)
        done = moment + 1
        judged += len(told)
        problem = _judge(Path(folder), disk.cut(chance), told)
        if problem:
            found.append(f"cut {moment} of {len(log)}: {problem}")
    return found, judged


def _judge(folder, files, told):
    """What is wrong with the database in these files, "" when nothing is."""
    for path, content in files.items():
        (folder / f"cut-{Path(path).name}").write_bytes(content)
    database = sqlite3.connect(folder / "cut-bridge.db")
    try:
        (sound,) = database.execute("PRAGMA integrity_check").fetchone()
        events = {row[0] for row in database.execute("SELECT event_id FROM events")}
        states = dict(database.execute("SELECT id, state FROM deliveries"))
        orphans = database.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return f"cannot be read: {error}"
    finally:
        database.close()
        for left in folder.glob("cut-bridge.db*"):
            left.unlink()
    if sound != "ok" or orphans:
        return f"not sound: {sound}, {len(orphans)} rows without their parent"
    for promise in told:
        if promise.what == "accepted" and promise.whom not in events:
            return f"{promise.whom} was answered 2xx and is gone"
        if promise.what == "delivered" and states.get(promise.whom) != "delivered":
            return f"delivery {promise.whom} was recorded as delivered and is not"
    return ""
