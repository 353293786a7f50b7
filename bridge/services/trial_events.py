"""The events of a recording, for `try`: who sent it, and what it holds. Needs no store."""

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
    """The events of a recording. Raises ConfigurationError when it, or its source, cannot be told."""
    declared, request = recorded(ruleset, path, source)
    try:
        events = providers.read(
            declared.provider, declared.name, providers.trust(request)
        )
    except Refused as error:
        raise ConfigurationError(f"{path} cannot be used: {error}") from None
    # A recording does not grow old: it arrives when it occurred, as in a test.
    return tuple(
        replace(event, received_at=event.occurred_at or event.received_at)
        for event in events
    )


def with_answer(
    events: tuple[Event, ...], path: Path, headers: Sequence[str] = ()
) -> tuple[Event, ...]:
    """The events as if their look-up had answered what a file holds, with `Name: value` headers.

    Raises ConfigurationError when it is no answer.
    """
    answer = _contents(path, lambda: mapping.read_answer(path))
    named = dict(map(_header, headers))
    return tuple(
        replace(event, fetched=answer, fetched_headers=named) for event in events
    )


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigurationError(f"'{line}' is no header: write 'Name: value'")
    return name.strip().lower(), value.strip()


def recorded(
    ruleset: Ruleset, path: Path, source: str | None
) -> tuple[Source, Request]:
    """A recording and who sent it. Raises ConfigurationError when one of them cannot be told."""
    request = _contents(path, lambda: mapping.read_recording(path, source or ""))
    return _source(ruleset, source or _from_target(request.target)), request


def _contents(path: Path, read: Callable[[], _T]) -> _T:
    try:
        return read()
    except OSError as error:
        said = f"{path} cannot be read: {error.strerror}{near(path)}"
        raise ConfigurationError(said) from None
    except (ValueError, Refused) as error:
        raise ConfigurationError(f"{path} cannot be used: {error}") from None


def is_recording(name: str) -> bool:
    """Whether an argument means a file rather than an event: there is one, or it ends as recordings do."""
    return os.path.exists(name) or name.endswith(_RECORDINGS)


def near(path: Path) -> str:
    """What a file that is not there may have meant, as the end of a sentence; "" where nothing is like it."""
    if os.path.exists(path) or not os.path.isdir(path.parent):
        return ""
    names = [file.name for file in path.parent.iterdir() if file.is_file()]
    close = nearest(path.name, names)
    return f": did you mean {path.with_name(close)}?" if close else ""


def _source(ruleset: Ruleset, name: str) -> Source:
    declared = ruleset.sources.get(name)
    if declared is None:
        known = ", ".join(ruleset.sources)
        said = f"there is no source '{name}'" if name else "it does not say who sent it"
        raise ConfigurationError(f"{said}: name one with --source: {known}")
    return declared


def _from_target(target: str) -> str:
    """What follows /hooks/, without a token after it."""
    return target.partition("?")[0].removeprefix("/hooks/").partition("/")[0]
