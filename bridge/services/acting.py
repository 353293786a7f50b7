"""One act on one delivery, by a person who looked at it: refused if it changed since that look."""

from collections.abc import Mapping
from typing import Any

from bridge.errors import ConfigurationError
from bridge.mapping import Ruleset
from bridge.services import replay, steer
from bridge.services.acts import Done
from bridge.settings import Settings
from bridge.state import State
from bridge.store import Database, views
from bridge.store.audit import By

NAMES = ("retry", "release", "cancel", "replay")
# The act that is usually right, by state.
USUAL: Mapping[str, str] = {
    State.DEAD: "retry",
    State.WAITING: "retry",
    State.HELD: "release",
}


def seen_of(row: Mapping[str, Any]) -> str:
    """What a person saw of a delivery, to be given back with an act."""
    return f"{row['state']}.{row['attempts']}"


def act(
    database: Database,
    id: int,
    name: str,
    *,
    rules: Ruleset,
    settings: Settings,
    by: By,
    seen: str = "",
    current: bool = False,
    force: bool = False,
) -> Done:
    """Does what `name` says; with `seen` only if the delivery is still as it was seen.

    `current` and `force` are those of a replay.
    """
    if seen:
        with database.read() as tx:
            row = views.delivery(tx, id)
        if row and seen_of(row) != seen:
            message = f"nothing was done: it changed meanwhile and is {row['state']} now, look again"
            return Done(id=id, ok=False, message=message)
    match name:
        case "retry":
            environment, most = settings.environment, settings.max_rendered
            return steer.retry(
                database, [id], rules, environment, by, max_rendered=most
            )[0]
        case "release":
            return steer.release(database, [id], by)[0]
        case "cancel":
            return steer.cancel(database, [id], by)[0]
        case "replay":
            replayer = replayer_of(
                database, rules=rules, settings=settings, current=current, force=force
            )
            return replayer.send(replayer.plan(id), by)
    raise ConfigurationError(f"there is no act '{name}': choose {', '.join(NAMES)}")


def replayer_of(
    database: Database,
    *,
    rules: Ruleset,
    settings: Settings,
    current: bool,
    force: bool,
) -> replay.Replayer:
    """What plans and sends a replay, with the current rules or with the same request."""
    return replay.Replayer(
        database,
        rules=rules if current else None,
        environment=settings.environment,
        max_rendered=settings.max_rendered,
        force=force,
    )
