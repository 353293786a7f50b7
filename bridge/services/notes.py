"""What a list says about its own search: which window, that it scans, that it stopped. Pure."""

from datetime import datetime

from bridge.store.filtering import BORROWED, Condition, Filter, Kind

_KINDS = ("source", "type", "rule", "connection", "operation")
# Keys that are read off an index as they are; with a `*` they are not.
_EXACT = ("id", "event", "ticket", "code", "outcome", "state")
_ALWAYS = (*_KINDS, "is")


def note(
    kind: Kind, where: Filter, window: datetime | None, stopped: datetime | None
) -> str:
    """The sentences, "" for none: `window` is where a search of content began by itself, `stopped` where it ended."""
    said = []
    since = max(
        (one.value for one in where if one.key == "since"), default=None, key=str
    )
    if window:
        said.append(
            f"Content was searched since {_at(window)}: add since:7d to search further back."
        )
    elif _scans(kind, where):
        narrowed = (
            f" since {_at(since)}."
            if isinstance(since, datetime)
            else ": narrow by since:"
        )
        said.append(f"This scans everything{narrowed}")
    if stopped:
        said.append(
            f"It stopped after 2 seconds, at what came before {_at(stopped)}: the next page continues."
        )
    return " ".join(said)


def _scans(kind: Kind, where: Filter) -> bool:
    """Whether each row has to be looked at: something is asked for, and no index tells it."""
    asked = [one for one in where if one.key not in ("since", "until")]
    return kind != "refused" and bool(asked) and not any(map(_indexed, asked))


def _indexed(one: Condition) -> bool:
    if one.negated:
        return one.key in _KINDS and one.key not in BORROWED
    return one.key in _ALWAYS or (one.key in _EXACT and "*" not in str(one.value))


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
