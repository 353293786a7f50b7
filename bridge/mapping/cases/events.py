"""The events that tests give to the rules: recorded requests, patched. Reads recordings and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bridge import providers
from bridge.did_you_mean import did_you_mean
from bridge.errors import Refused
from bridge.mapping.cases.patch import CannotPatch, Opened
from bridge.mapping.reading.cases import read_headers
from bridge.mapping.rules.ruleset import Case, Ruleset
from bridge.model import Event, Json, Request
from bridge.strict import http, json
from bridge.strict.yaml import Node, plain

UNDATED = datetime(2026, 1, 1, tzinfo=UTC)  # the clock where event and test have none
_MAX_BYTES = 2 * 1024 * 1024


class Unreadable(Exception):
    """A recording that cannot be used, and which key of the test is to blame."""

    def __init__(self, message: str, help: str, key: str) -> None:
        super().__init__(message)
        self.help, self.key = help, key


def read_recording(path: Path, source: str) -> Request:
    """A recorded request: `.http` as it is, any other file as a JSON body. Raises OSError or ValueError."""
    raw = _read_bytes(path)
    if path.suffix == ".http":
        return http.parse(raw, UNDATED)
    return Request(
        method="POST",
        target=f"/hooks/{source}",
        headers=(("Content-Type", "application/json"),),
        body=raw,
        received_at=UNDATED,
    )


def read_answer(path: Path) -> Json:
    """A recorded answer to a look-up: JSON. Raises OSError, ValueError or Malformed."""
    found = json.loads(_read_bytes(path))
    if not isinstance(found, dict | list):
        raise ValueError("it is neither a JSON object nor a list")
    return found


class CaseEvents:
    """Gives the events of tests. Tests share recordings, so each is read once."""

    def __init__(self, ruleset: Ruleset, folder: Path) -> None:
        self._sources, self._folder = ruleset.sources, folder
        self._opened: dict[tuple[Path, str], Opened] = {}

    def of(self, case: Case) -> list[Event]:
        """The events; each arrives at the test's time, else when it occurred. Raises Unreadable."""
        with self._beside(case, case.given, "given") as path:
            events = self._read(path, case)
        fetched = self._answer(case.fetched, case, "fetched")
        return [
            replace(
                event,
                received_at=case.at or event.occurred_at or UNDATED,
                fetched=fetched,
                fetched_headers=case.fetched_headers,
            )
            for event in events
        ]

    def looked_up(self, event: Event, case: Case, again: Node) -> Event:
        """The event after the fresh look-up that a test describes. Raises Unreadable."""
        answer: Json = plain(again.get("fetched"))  # type: ignore[assignment]
        return replace(
            event,
            fetched=self._answer(answer, case, "expect"),
            fetched_headers=read_headers(again),
        )

    def _answer(self, said: Json, case: Case, key: str) -> Json:
        """What a look-up answers: written in the test, or in a file beside it."""
        if not isinstance(said, str):
            return said
        with self._beside(case, said, key) as path:
            return read_answer(path)

    @contextmanager
    def _beside(self, case: Case, name: str, key: str) -> Iterator[Path]:
        """The path of a file that a test names; whatever is wrong with the file is Unreadable."""
        path = self._folder / Path(case.place.file).parent / name
        try:
            yield path
        except OSError as error:
            message = f"'{name}' cannot be read: {error.strerror}"
            raise Unreadable(message, _near(path), key) from None
        except CannotPatch as error:
            raise Unreadable(str(error), error.help, "patch") from None
        except (ValueError, Refused) as error:
            message = f"'{name}' cannot be used: {error}"
            raise Unreadable(message, "", key) from None

    def _read(self, path: Path, case: Case) -> tuple[Event, ...]:
        provider = self._sources[case.source].provider
        # A request in a file says itself whom it was sent to, so sources share it.
        key = (path, "" if path.suffix == ".http" else case.source)
        opened = self._opened.get(key)
        if opened is None:
            opened = self._opened[key] = Opened(read_recording(path, case.source))
        request = opened.patched(provider, case.patch)
        return providers.read(provider, case.source, providers.trust(request))


def _read_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise ValueError("it is larger than 2 MiB")
    return raw


def _near(path: Path) -> str:
    """What a path may have meant: a file of nearly that name beside it."""
    beside = (one.name for one in path.parent.glob("*") if one.is_file())
    start = "a path starts at the folder of the mapping file"
    return did_you_mean(path.name, beside) or start
