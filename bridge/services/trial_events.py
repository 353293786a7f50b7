"""The events of a recorded payload, for `try`: who sent it, and what it contains. Needs no store."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bridge import mapping, providers
from bridge.did_you_mean import nearest
from bridge.errors import ConfigurationError, Refused
from bridge.mapping import Ruleset, Source
from bridge.model import Event, Request

_RECORDINGS = (".http", ".json")
_T = TypeVar("_T")


def read_events(ruleset: Ruleset, path: Path, source: str | None) -> tuple[Event, ...]:
    """The events of a recorded payload. Raises ConfigurationError if it cannot be read or its source is unknown."""
    declared, request = recorded(ruleset, path, source)
    try:
        events = providers.read(
            declared.provider, declared.name, providers.trust(request)
        )
    except Refused as error:
        raise ConfigurationError(f"{path} cannot be used: {error}") from None
    # A recorded payload never gets old: it arrives when it occurred, as in a test.
    return tuple(
        replace(event, received_at=event.occurred_at or event.received_at)
        for event in events
    )


def with_answer(
    events: tuple[Event, ...], path: Path, headers: Sequence[str] = ()
) -> tuple[Event, ...]:
    """The events as if their look-up had given the answer in a file, with `Name: value` headers.

    Raises ConfigurationError if the file is not an answer.
    """
    answer = _contents(path, lambda: mapping.read_answer(path))
    named = dict(map(_header, headers))
    return tuple(
        replace(event, fetched=answer, fetched_headers=named) for event in events
    )


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigurationError(f"'{line}' is not a header: write 'Name: value'")
    return name.strip().lower(), value.strip()


def recorded(
    ruleset: Ruleset, path: Path, source: str | None
) -> tuple[Source, Request]:
    """A recorded payload and its source. Raises ConfigurationError if either is unclear."""
    request = _contents(path, lambda: mapping.read_recording(path, source or ""))
    return _source(ruleset, source or _from_target(request.target)), request


def _contents(path: Path, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except OSError as error:
        said = f"cannot read {path}: {error.strerror}{near(path)}"
        raise ConfigurationError(said) from None
    except (ValueError, Refused) as error:
        raise ConfigurationError(f"{path} cannot be used: {error}") from None


def is_recording(name: str) -> bool:
    """Whether an argument means a file and not an event: the file exists, or the name has a recording's suffix."""
    return os.path.exists(name) or name.endswith(_RECORDINGS)


def near(path: Path) -> str:
    """A similar file name for a file that does not exist, as the end of a sentence; "" if there is none."""
    if os.path.exists(path) or not os.path.isdir(path.parent):
        return ""
    names = [file.name for file in path.parent.iterdir() if file.is_file()]
    close = nearest(path.name, names)
    return f": did you mean {path.with_name(close)}?" if close else ""


def _source(ruleset: Ruleset, name: str) -> Source:
    declared = ruleset.sources.get(name)
    if declared is None:
        known = ", ".join(ruleset.sources)
        said = f"there is no source '{name}'" if name else "the payload names no source"
        raise ConfigurationError(f"{said}: choose one with --source: {known}")
    return declared


def _from_target(target: str) -> str:
    """The name after /hooks/, without a token that follows it."""
    return target.partition("?")[0].removeprefix("/hooks/").partition("/")[0]
