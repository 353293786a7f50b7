"""A stored event as a recording and a test of it, for `bridge record`: what happened once becomes a case for good.

Proofs and credentials are never part of it: they were taken out before the request was stored. Writes no file.
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
    """Where in a mappings folder it would stand: a folder per source, its type and our number."""
    type = re.sub(r"[^A-Za-z0-9._-]+", "-", stored.type)[:80].strip(".-")
    return f"payloads/{stored.source}/{type or 'event'}__{stored.id}.http"


def recorded(stored: StoredEvent, *, mask: bool) -> bytes:
    """The request, byte for byte; `mask` puts examples in the place of e-mail addresses and telephone numbers.

    Raises ConfigurationError where its content is not kept any more, or is packed in a way that hides what to mask.
    """
    if stored.pruned:
        raise ConfigurationError(
            f"event {stored.id} was kept long enough, and its content is gone (BRIDGE_KEEP_PAYLOADS)"
        )
    request = stored.request
    return http.write(_masked(request) if mask else request)


def case(ruleset: Ruleset, source: str, recording: bytes, given: str) -> str:
    """A test, as an item of a mapping file's `tests`, that expects what the rules make of a recording now.

    Whether that is right is for a person to say. Raises ConfigurationError where the recording holds no event.
    """
    declared = ruleset.sources[source]
    try:
        request = providers.trust(http.parse(recording))
        events = providers.read(declared.provider, source, request)
    except (ValueError, Refused) as error:
        raise ConfigurationError(f"it cannot be read as it was recorded: {error}")
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
    """The same example for the same text, each time it comes."""
    seen: dict[bytes, int] = {}

    def of(found: "re.Match[bytes]") -> bytes:
        number = seen.setdefault(found[0], len(seen) + 1)
        return example(number, found[1])

    return of
