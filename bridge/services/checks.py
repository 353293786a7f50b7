"""The doctor's checks, one function each: returns its line, or raises NotWell with what to do.

Reads only: creates no store, writes no file, calls nobody.
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
from bridge.store.database import version
from bridge.store.keeping import outdated

# Seconds that two clocks may differ.
SKEW = 2.0
_SETTING = re.compile(r"BRIDGE_[A-Z_]+_FILE")
# The first version with RETURNING.
_OLDEST_SQLITE = (3, 35)
# The first version in which concurrent checkpoints do no harm.
_SOUND_SQLITE = (3, 51, 3)
# Orchestrators mount a container's own secrets here; anybody in the container may read them.
_MOUNTED = (Path("/run/secrets"), Path("/var/run/secrets"))


class NotWell(BridgeError):
    """Something that a person should fix."""

    reason = "not_well"


def versions(settings: Settings) -> str:
    """The versions of the bridge, Python and SQLite; that of a database server is in the store's line."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise NotWell(
            f"SQLite {sqlite3.sqlite_version} is too old: use a Python with SQLite 3.35 or newer"
        )
    return f"bridge {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}{_risk(settings)}"


def _risk(settings: Settings) -> str:
    """The warning about an older SQLite, if the store is a SQLite file."""
    if sqlite3.sqlite_version_info >= _SOUND_SQLITE or not sqlite_file(
        settings.database_url
    ):
        return ""
    return (
        " (before 3.51.3, concurrent checkpoints can corrupt the store; Bridge's own processes take turns,"
        " so do not let other programs write to it)"
    )


def mappings(settings: Settings) -> str:
    """The number of rules, and their ruleset."""
    rules = ruleset(settings)
    return f"{len(rules.rules)} rules in {settings.mappings}, ruleset {rules.hash[:12]}"


def ruleset(settings: Settings) -> Ruleset:
    """The folder's ruleset. Raises NotWell if it has errors."""
    loaded = mapping.load(settings.mappings)
    if loaded.ruleset is None:
        raise NotWell(f"{settings.mappings} has errors: run `bridge check`")
    return loaded.ruleset


def secrets(settings: Settings) -> str:
    """Whether every secret that the mapping files refer to is set on this machine."""
    missing = mapping.missing_secrets(ruleset(settings))
    if missing:
        lines = [
            f"{item.message}  ({settings.mappings}/{item.place})" for item in missing
        ]
        raise NotWell("\n".join(["these secrets cannot be used:", *lines]))
    wrong = [*_unsealed(ruleset(settings), settings.secret_key)]
    wrong += signing_in.problems(ruleset(settings), settings.secret_key)
    if wrong:
        raise NotWell("\n".join(["these credentials cannot be used:", *wrong]))
    return "every secret is set"


def _unsealed(rules: Ruleset, secret_key: str) -> Iterator[str]:
    """Sources that learn their secret from the sender, if there is no key to seal it with."""
    for source in rules.sources.values():
        if any(one.kind == "learnt" for one in source.secrets):
            try:
                Sealing(secret_key)
            except ConfigurationError as error:
                yield f"{source.name}: {error}"


def files(settings: Settings) -> str:
    """Whether others may read or change files with secrets: those of mapping files, settings and the store."""
    names = [ref.name for ref in ruleset(settings).references if ref.kind == "file"]
    names += [os.environ[key] for key in os.environ if _SETTING.fullmatch(key)]
    given = [path for path in map(Path, names) if path.is_file()]
    stored = _of_store(settings)
    too_open = [str(path) for path in (*given, *stored) if _is_open(path)]
    if too_open:
        raise NotWell(
            "other users of this machine can read or change secrets:"
            f" chmod u=rw,g-w,o= {' '.join(too_open)}"
        )
    for folder in {path.parent for path in stored}:
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise NotWell(
                f"other users of this machine can replace the store: chmod o-w {folder}"
            )
    return f"{len(given)} files with secrets, not readable by other users"


def _of_store(settings: Settings) -> list[Path]:
    """The files of a SQLite store: the database, its log and index, locks, and copies beside it."""
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
    """Whether the store can be read and is up to date, and what in it waits for a person."""
    require_there(settings.database_url)
    with _opened(settings) as database, database.read() as tx:
        database.require_in_place()
        if held_up := database.held_up():
            raise NotWell(
                f"{held_up}, so nothing can be stored: check whether it hangs"
            )
        if outdated(tx):
            raise NotWell("it belongs to an older release: run `bridge migrate`")
        unrouted = views.count_unrouted(tx)
        counts = views.count_deliveries(tx)
        number = version(tx)
    held, dead = (
        sum(count for (_, at), count in counts.items() if at == state)
        for state in (State.HELD, State.DEAD)
    )
    return f"{database.dialect} {number}, {unrouted} events to route, {held} held, {dead} dead letters"


def stopped(settings: Settings) -> str:
    """What is paused, parked or failing."""
    if not is_there(settings.database_url):
        return "there is no store yet"
    with _opened(settings) as database:
        pauses = pausing.listed(database)
    if pauses:
        lines = (
            f"{item.what} has been {item.kind} since {item.since:%Y-%m-%d %H:%M}Z"
            f"{': ' + item.reason if item.reason else ''} → `{item.resume}`"
            for item in pauses
        )
        raise NotWell("\n".join(lines))
    return "nothing is paused, parked or failing"


def clocks(settings: Settings) -> str:
    """This host's clock compared with the database's: signatures need one, leases the other."""
    if not is_there(settings.database_url):
        return "there is no store yet"
    with _opened(settings) as database, database.read() as tx:
        before, theirs, after = datetime.now(UTC), clock(tx), datetime.now(UTC)
        shared = database.dialect == "sqlite"
    # The time that the query took is not a difference.
    apart = max(before - theirs, theirs - after, timedelta(0)).total_seconds()
    if apart > SKEW:
        raise NotWell(
            f"the clocks of this host and the database differ by {apart:.1f} s: synchronise both with NTP"
        )
    return (
        "the store uses this host's clock"
        if shared
        else f"{apart:.1f} s from the database's clock"
    )


def disk(settings: Settings) -> str:
    """Free space on the disk of a SQLite store; below BRIDGE_MIN_FREE nothing is accepted."""
    file = sqlite_file(settings.database_url)
    if file is None:
        return "the store is not on this machine"
    folder = next(above for above in file.absolute().parents if above.is_dir())
    free = shutil.disk_usage(folder).free
    if free < settings.min_free:
        raise NotWell(
            f"only {free // 2**20} MiB free at {folder}, so nothing is accepted: free some space"
        )
    return f"{free // 2**20} MiB free"


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()
