"""What an event's request contained, for people: as the rules see it, and as it was received. Reads only."""

from dataclasses import dataclass

from bridge.errors import ConfigurationError
from bridge.mapping import Ruleset
from bridge.model import Headers, Json
from bridge.services.recording import recorded
from bridge.services.stored import seen
from bridge.services.veiling import veiled, veiled_body, veiled_headers, veiled_text
from bridge.store.events import StoredEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """An event's content. `problem` says why there is none, or why it cannot be read as the rules see it."""

    value: Json = None
    fetched: Json = None
    method: str = ""
    target: str = ""
    headers: Headers = ()
    size: int = 0
    problem: str = ""


def payload(
    stored: StoredEvent, rules: Ruleset, environment: str, *, revealed: bool = False
) -> Payload:
    """The content of a stored event; personal data is hidden unless `revealed`."""
    if stored.pruned:
        return Payload(problem="its payload was deleted; the reasons remain")
    request, problem = stored.request, ""
    value: Json = None
    fetched: Json = None
    try:
        event = seen(rules, stored, environment)
        value, fetched, problem = event.payload, event.fetched, event.unreadable
    except ConfigurationError as error:
        problem = str(error)
    return Payload(
        value=value if revealed else veiled(value),
        fetched=fetched if revealed else veiled(fetched),
        method=request.method,
        target=request.target if revealed else veiled_text(request.target),
        headers=request.headers if revealed else veiled_headers(request.headers),
        size=len(request.body),
        problem=problem,
    )


def raw(stored: StoredEvent, *, revealed: bool = False) -> bytes:
    """The request as text, or byte for byte if `revealed`. Raises ConfigurationError if it was deleted."""
    exact = recorded(stored, mask=False)
    if revealed:
        return exact
    request = stored.request
    lines = [f"{request.method} {veiled_text(request.target)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in veiled_headers(request.headers)]
    return "\n".join((*lines, "", veiled_body(request.body), "")).encode()
