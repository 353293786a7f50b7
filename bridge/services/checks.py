"""What the doctor looks at, one function a thing: each gives its line, or raises NotWell with what to do.

Looks only: makes no store, writes no file, calls nobody.
"""

import os
import platform
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge import __version__, mapping
from bridge.errors import BridgeError, ConfigurationError
from bridge.mapping import Ruleset
from bridge.sealing import Sealing
from bridge.services import pausing, signing_in
from bridge.settings import Settings
from bridge.state import State
from bridge.store import (
    Database,
    clock,
    is_there,
    require_there,
    sqlite_file,
    views,
)
from bridge.store.dialect import version
from bridge.store.migrate import outdated

SKEW = 2.0  # seconds that two clocks may be apart
_SETTING = re.compile(r"BRIDGE_[A-Z_]+_FILE")
_OLDEST_SQLITE = (3, 35)  # has RETURNING
_SOUND_SQLITE = (3, 51, 3)  # two checkpoints at once do no harm
# Where orchestrators put secrets for a container alone, readable by whoever runs in it.
_MOUNTED = (Path("/run/secrets"), Path("/var/run/secrets"))


class NotWell(BridgeError):
    """Something a person should put right."""

    reason = "not_well"


def versions(settings: Settings) -> str:
    """Of the bridge, Python and the SQLite library; the database server's is in the store's line."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise NotWell(
            f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer, with a newer Python"
        )
    return f"bridge {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}{_risk(settings)}"


def _risk(settings: Settings) -> str:
    """What an older SQLite means for a store that is its file."""
    if sqlite3.sqlite_version_info >= _SOUND_SQLITE or not sqlite_file(
        settings.database_url
    ):
        return ""
    return (
        " (before 3.51.3 two processes that fold in the log at once may damage the store; the bridge's own take turns,"
        " so let no other program open it for writing)"
    )


def mappings(settings: Settings) -> str:
    """How many rules, and which ruleset they are."""
    rules = ruleset(settings)
    return f"{len(rules.rules)} rules in {settings.mappings}, ruleset {rules.hash[:12]}"


def ruleset(settings: Settings) -> Ruleset:
    """The folder's ruleset. Raises NotWell where it has errors."""
    loaded = mapping.load(settings.mappings)
    if loaded.ruleset is None:
        raise NotWell(f"{settings.mappings} has errors: `bridge check` shows them")
    return loaded.ruleset


def secrets(settings: Settings) -> str:
    """Every reference of the mapping files has a value on this machine."""
    missing = mapping.missing_secrets(ruleset(settings))
    if missing:
        lines = [
            f"{item.message}  ({settings.mappings}/{item.place})" for item in missing
        ]
        raise NotWell("\n".join([f"{len(missing)} cannot be used", *lines]))
    wrong = [*_unsealed(ruleset(settings), settings.secret_key)]
    wrong += signing_in.problems(ruleset(settings), settings.secret_key)
    if wrong:
        raise NotWell("\n".join([f"{len(wrong)} cannot be used", *wrong]))
    return "every reference has a value"


def _unsealed(rules: Ruleset, secret_key: str) -> Iterator[str]:
    """Sources whose senders tell the secret, where there is no key to seal it."""
    for source in rules.sources.values():
        if any(one.kind == "learnt" for one in source.secrets):
            try:
                Sealing(secret_key)
            except ConfigurationError as error:
                yield f"{source.name}: {error}"


def files(settings: Settings) -> str:
    """Who may read or change what is secret: secrets of mapping files and settings in files, and a store's files."""
    names = [ref.name for ref in ruleset(settings).references if ref.kind == "file"]
    names += [os.environ[key] for key in os.environ if _SETTING.fullmatch(key)]
    given = [path for path in map(Path, names) if path.is_file()]
    stored = _of_store(settings)
    too_open = [str(path) for path in (*given, *stored) if _is_open(path)]
    if too_open:
        raise NotWell(
            "other users of this machine may read or change what is secret:"
            f" chmod u=rw,g-w,o= {' '.join(too_open)}"
        )
    for folder in {path.parent for path in stored}:
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise NotWell(
                f"other users of this machine may replace the store: chmod o-w {folder}"
            )
    return f"{len(given)} files with secrets, closed to other users"


def _of_store(settings: Settings) -> list[Path]:
    """The files of a SQLite store: the database, its log and index, locks, and copies beside."""
    file = sqlite_file(settings.database_url)
    if file is None or not file.parent.is_dir():
        return []
    beside = [path for path in file.parent.iterdir() if path.name.startswith(file.name)]
    return sorted(path for path in beside if path.is_file())


def _is_open(path: Path) -> bool:
    mode = path.stat().st_mode
    mounted = any(path.is_relative_to(folder) for folder in _MOUNTED)
    forbidden = stat.S_IWOTH | stat.S_IWGRP | (0 if mounted else stat.S_IROTH)
    return bool(mode & forbidden)


def store(settings: Settings) -> str:
    """Whether it can be read, has this release's shape, and what in it waits for a person."""
    require_there(settings.database_url)
    with _opened(settings) as database, database.read() as tx:
        database.require_in_place()
        if held_up := database.held_up():
            raise NotWell(f"{held_up}, so that nothing is stored: does it hang?")
        if outdated(tx):
            raise NotWell("it is of an older release's shape: run `bridge migrate`")
        unrouted = views.count_unrouted(tx)
        counts = views.count_deliveries(tx)
        number = version(tx)
    held, dead = (
        sum(count for (_, at), count in counts.items() if at == state)
        for state in (State.HELD, State.DEAD)
    )
    return f"{database.dialect} {number}, {unrouted} events to route, {held} held, {dead} dead letters"


def stopped(settings: Settings) -> str:
    """What is paused or parked: both wait for a person."""
    if not is_there(settings.database_url):
        return "there is no store yet"
    with _opened(settings) as database:
        pauses = pausing.listed(database)
    if pauses:
        lines = (
            f"{item.what} is {item.kind} since {item.since:%Y-%m-%d %H:%M}Z"
            f"{': ' + item.reason if item.reason else ''} → `{item.resume}`"
            for item in pauses
        )
        raise NotWell("\n".join(lines))
    return "nothing is paused or parked"


def clocks(settings: Settings) -> str:
    """This host's clock against the database's: signatures are checked by one, leases by the other."""
    if not is_there(settings.database_url):
        return "there is no store yet"
    with _opened(settings) as database, database.read() as tx:
        before, theirs, after = datetime.now(UTC), clock(tx), datetime.now(UTC)
        shared = database.dialect == "sqlite"
    # What the answer took is no difference.
    apart = max(before - theirs, theirs - after, timedelta(0)).total_seconds()
    if apart > SKEW:
        raise NotWell(
            f"this host and the database are {apart:.1f} s apart: set both by NTP"
        )
    return (
        "the store uses this host's" if shared else f"{apart:.1f} s off the database's"
    )


def disk(settings: Settings) -> str:
    """Of the disk that a SQLite store is on, or will be; below BRIDGE_MIN_FREE nothing is accepted."""
    file = sqlite_file(settings.database_url)
    if file is None:
        return "the store is not on this machine's"
    folder = next(above for above in file.absolute().parents if above.is_dir())
    free = shutil.disk_usage(folder).free
    if free < settings.min_free:
        raise NotWell(
            f"only {free // 2**20} MiB free at {folder}, so that nothing is accepted: make room"
        )
    return f"{free // 2**20} MiB free"


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()
