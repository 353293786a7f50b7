"""Sources as people see them: where they post, what proves them, when they were heard of, and their usual rhythm.

A source that is silent for much longer than usual is said to be: nobody else notices what does not arrive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge import providers
from bridge.did_you_mean import did_you_mean
from bridge.errors import BridgeError, UnknownName
from bridge.mapping import Ruleset, Source
from bridge.secret import resolve
from bridge.services import altering, curl, posting
from bridge.services.posting import Answer, Sender
from bridge.settings import Settings
from bridge.store import Database, Transaction, figures
from bridge.strict import http

# Events that a rhythm is told from, and the fewest that tell one.
_KNOWN, _FEWEST = 50, 5
# Silence is worth a word after so many times the longest gap between these events.
_LONG = 3
_LEAST = timedelta(hours=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """When a source was heard of. `usual` is the mean time between its events; None if there are too few."""

    last: datetime | None
    usual: timedelta | None
    # Since `last` it is much longer than it ever was between its latest events.
    silent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A source. Secrets are only named: what is in them stays unknown."""

    name: str
    provider: str
    url: str
    # file:line of its declaration.
    place: str
    secrets: tuple[str, ...]
    # Those that are not set here.
    missing: tuple[str, ...]
    heard: Heard
    refused: Sequence[Mapping[str, Any]]


def listed(
    database: Database, rules: Ruleset, settings: Settings, now: datetime
) -> list[Seen]:
    """Every configured source, by name."""
    with database.read() as tx:
        return [
            _seen(tx, source, settings, now)
            for _, source in sorted(rules.sources.items())
        ]


def named(
    database: Database, rules: Ruleset, settings: Settings, name: str, now: datetime
) -> Seen:
    """One source. Raises UnknownName."""
    source = declared(rules, name)
    with database.read() as tx:
        return _seen(tx, source, settings, now)


def declared(rules: Ruleset, name: str) -> Source:
    """A source of the rules. Raises UnknownName."""
    source = rules.sources.get(name)
    if source is None:
        near = did_you_mean(name, rules.sources)
        raise UnknownName(f"there is no source '{name}'{f': {near}' if near else ''}")
    return source


def heard(tx: Transaction, source: str, now: datetime) -> Heard:
    """When a source was heard of, and whether it is silent for longer than usual."""
    times = figures.last_received(tx, source, _KNOWN)
    if not times:
        return Heard(last=None, usual=None, silent=False)
    if len(times) < _FEWEST:
        return Heard(last=times[0], usual=None, silent=False)
    usual = (times[0] - times[-1]) / (len(times) - 1)
    longest = max(new - old for new, old in zip(times, times[1:]))
    silent = now - times[0] > max(_LONG * longest, _LEAST)
    return Heard(last=times[0], usual=usual, silent=silent)


def base_url(settings: Settings) -> str:
    """The address at which senders reach this bridge, as far as it knows."""
    return (settings.public_url or f"http://{settings.bind}").rstrip("/")


def example(source: Source, settings: Settings, now: datetime) -> list[str]:
    """A recorded event of the sender, signed now, as the lines of a curl command. Raises BridgeError if it cannot."""
    request, sender = _signed(source, settings, now)
    shown = sender.shown(request)
    url = base_url(settings) + shown.target
    return curl.command(shown.method, url, posting.headers(shown), shown.body or None)


def send_test(source: Source, settings: Settings, now: datetime) -> Answer:
    """Posts a recorded event of the sender, as a new event, signed now. Raises BridgeError."""
    request, _ = _signed(source, settings, now)
    return posting.post(base_url(settings), request, settings.ca_bundle)


def as_row(seen: Seen) -> dict[str, object]:
    """A source as every face shows it in JSON; `usual` in seconds."""
    row = {**asdict(seen), **asdict(seen.heard)}
    del row["heard"]
    usual = seen.heard.usual
    row["usual"] = round(usual.total_seconds()) if usual else None
    return {**row, "secrets": [*seen.secrets], "missing": [*seen.missing]}


class NoExample(BridgeError):
    """There is no request that could be signed for this sender."""

    reason = "no_example"
    status = 409


def _signed(source: Source, settings: Settings, now: datetime) -> Any:
    recipe = source.provider.recipe
    if recipe is not None and recipe.by_public_key:
        raise NoExample(
            "this sender signs with a key of its own, so nobody else can: `bridge send --key FILE` signs with yours"
        )
    sample = _sample(source)
    sender = Sender(
        source=source, secret=posting.secret_of(source), public_url=base_url(settings)
    )
    request = sender.addressed(sample)
    number = now.astimezone(UTC).timestamp()
    request = altering.renewed(source.provider, request, int(number * 1_000_000))
    return sender.signed(request, now), sender


def _sample(source: Source) -> Any:
    recorded = providers.samples(source.provider.name)
    if not recorded:
        raise NoExample(
            "there is no recorded event of this sender: `bridge send` takes one of yours"
        )
    usual = min(recorded, key=lambda path: ("usual" not in path.stem, path.stem))
    return http.parse(usual.read_bytes())


def _seen(tx: Transaction, source: Source, settings: Settings, now: datetime) -> Seen:
    return Seen(
        name=source.name,
        provider=source.provider.title,
        url=f"{base_url(settings)}/hooks/{source.name}",
        place=str(source.place),
        secrets=tuple(map(str, source.secrets)),
        missing=tuple(str(ref) for ref in source.secrets if not _is_set(ref)),
        heard=heard(tx, source.name, now),
        refused=figures.refusals(tx, now - _WEEK, source.name),
    )


def _is_set(ref: Any) -> bool:
    try:
        resolve(ref)
    except BridgeError:
        return False
    return True
