"""A stored event as a recorded payload with a test, for `bridge record`.

It never contains signatures or credentials, which are removed before a request is stored. Writes no file.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from bridge import mapping, providers
from bridge.errors import ConfigurationError, Refused
from bridge.mapping import Ruleset, Trial
from bridge.model import Request
from bridge.providers.content import as_utf8
from bridge.store.events import StoredEvent
from bridge.strict import http
from bridge.strict.yaml_writing import written

_EMAIL = re.compile(
    rb"[A-Za-z0-9._+-]+(@|%40|\\u0040)(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24}"
)
_PHONE = re.compile(rb"(\+|%2[Bb])[1-9][0-9]{7,14}(?![0-9])")


def file_name(stored: StoredEvent) -> str:
    """The file's path in a mappings folder: a folder per source, then the type and number of the event."""
    type = re.sub(r"[^A-Za-z0-9._-]+", "-", stored.type)[:80].strip(".-")
    return f"payloads/{stored.source}/{type or 'event'}__{stored.id}.http"


def recorded(stored: StoredEvent, *, mask: bool) -> bytes:
    """The request, byte for byte; `mask` replaces e-mail addresses and telephone numbers with examples.

    Raises ConfigurationError if its content was deleted, or is compressed so that it cannot be masked.
    """
    if stored.pruned:
        raise ConfigurationError(
            f"the content of event {stored.id} was deleted after the retention period (BRIDGE_KEEP_PAYLOADS), or erased"
        )
    request = stored.request
    return http.write(_masked(request) if mask else request)


def case(ruleset: Ruleset, source: str, recording: bytes, given: str) -> str:
    """A test, as an item of a mapping file's `tests`, that expects what the rules do with a recorded payload now.

    Whether that is right, a person must check. Raises ConfigurationError if the payload contains no event.
    """
    declared = ruleset.sources[source]
    try:
        request = providers.trust(http.parse(recording))
        events = providers.read(declared.provider, source, request)
    except (ValueError, Refused) as error:
        raise ConfigurationError(f"the recorded payload cannot be read: {error}")
    by_rule: dict[str, list[Trial]] = {rule.id: [] for rule in ruleset.rules_of(source)}
    for event in events:
        dated = replace(event, received_at=event.occurred_at or event.received_at)
        for trial in mapping.try_event(dated, ruleset):
            by_rule[trial.rule.id].append(trial)
    outcomes = {rule: mapping.expectation(trials) for rule, trials in by_rule.items()}
    said = {rule: one for rule, one in outcomes.items() if one != "no_match"}
    return "\n".join(_lines(given, said)) + "\n"


def _lines(given: str, said: Mapping[str, object]) -> Iterator[str]:
    name = given.rpartition("/")[2].removesuffix(".http")
    yield f"  - name: {written(f'{name} does what is right')}"
    yield f"    given: {written(given)}"
    yield "    expect:" if said else "    expect: {}"
    for rule, outcome in said.items():
        yield f"      {rule}: {written(outcome)}"


def _masked(request: Request) -> Request:
    try:
        body = as_utf8(request)
    except Refused as error:
        raise ConfigurationError(f"it cannot be masked: {error}") from None
    body = _EMAIL.sub(_numbered(lambda n, at: b"person%d%sexample.com" % (n, at)), body)
    body = _PHONE.sub(_numbered(lambda n, plus: b"%s56900000%03d" % (plus, n)), body)
    return replace(request, headers=request.without("content-encoding"), body=body)


def _numbered(
    example: Callable[[int, bytes], bytes],
) -> Callable[["re.Match[bytes]"], bytes]:
    """The same example for the same text, every time."""
    seen: dict[bytes, int] = {}

    def of(found: "re.Match[bytes]") -> bytes:
        number = seen.setdefault(found[0], len(seen) + 1)
        return example(number, found[1])

    return of
