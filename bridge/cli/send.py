"""`bridge send PAYLOAD`."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from bridge import settings as environment
from bridge.cli.mappings import chosen, usable
from bridge.cli.rate import rate_option
from bridge.cli.text import json_line, printable
from bridge.mapping import Source
from bridge.model import Request
from bridge.providers.times import instant
from bridge.services import altering, curl, posting, trial_events
from bridge.services.posting import Answer, Sender

# Characters shown of an answer.
_SHOWN = 2_000
_URL = re.compile(r"https?://[^/?#@]+(?:/[^?#]*)?")


@dataclass(frozen=True, kw_only=True)
class _Sending:
    """A request to send one or more times: signed anew each time, and as a new event if --new-id is given."""

    sender: Sender
    request: Request
    at: datetime | None
    new_id: bool

    def each(self, times: int, wait: float) -> Iterator[Request]:
        """The signed requests, each made when its turn comes."""
        for turn in range(times):
            if turn:
                time.sleep(wait)
            yield self._made()

    def _made(self) -> Request:
        request, now = self.request, datetime.now(UTC)
        if self.new_id:
            number = time.time_ns() // 1_000
            request = altering.renewed(self.sender.source.provider, request, number)
        return self.sender.signed(request, self.at or now)


def _changes(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    changes = {}
    for value in values:
        path, equals, text = value.partition("=")
        if not equals or not all(path.split(".")):
            raise click.BadParameter("write PATH=VALUE, such as data.object.amount=500")
        changes[path] = text
    return changes


def _time(
    ctx: click.Context, option: click.Parameter, value: str | None
) -> datetime | None:
    moment = None if value is None else instant(value)
    if value is not None and moment is None:
        raise click.BadParameter(
            "write a time with a zone, such as 2026-05-03T18:30:00Z, or seconds since 1970"
        )
    return moment


def _url(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not _is_url(value):
        raise click.BadParameter("write a URL such as http://127.0.0.1:8080")
    return value


def _is_url(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        # The closing bracket of an IPv6 address is missing.
        return False
    return bool(_URL.fullmatch(text))


@click.command("send")
@click.argument("payload", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--source", help="The source that sends it; a .http file names it itself."
)
@click.option(
    "--to",
    "url",
    callback=_url,
    metavar="URL",
    help="The bridge [BRIDGE_PUBLIC_URL, else http://BRIDGE_BIND].",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    callback=_changes,
    metavar="PATH=VALUE",
    help="Change a value of the event before signing; null removes it.",
)
@click.option("--new-id", is_flag=True, help="Make it a new event each time.")
@click.option("--at", callback=_time, metavar="TIME", help="Sign as of this time.")
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Private key, for a sender that signs with one; created if the file does not exist.",
)
@click.option(
    "--repeat",
    "times",
    default=1,
    type=click.IntRange(min=1),
    metavar="N",
    help="Send it N times.",
)
@rate_option
@click.option("--dry-run", is_flag=True, help="Show the request as curl; send nothing.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one object per request.")
def command(
    payload: Path,
    source: str | None,
    url: str | None,
    changes: dict[str, str],
    new_id: bool,
    at: datetime | None,
    key: Path | None,
    times: int,
    wait: float,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Sign a recorded request as its sender would, now, and post it to the bridge.

    PAYLOAD is a .http file, or a body with --source. Exit code 1 if a request is refused, 4 if nobody answers.
    """
    settings = environment.load()
    base = (url or settings.public_url or f"http://{settings.bind}").rstrip("/")
    declared, request = trial_events.recorded(usable(chosen(None)), payload, source)
    sender = _sender(declared, settings.public_url or base, key)
    if payload.suffix != ".http":
        request = posting.as_body(declared, request)
    request = altering.altered(declared.provider, sender.addressed(request), changes)
    sending = _Sending(sender=sender, request=request, at=at, new_id=new_id)
    if dry_run:
        for signed in sending.each(times, 0.0):
            _show(sender.shown(signed), base)
        return
    refused, known = 0, False
    for number, signed in enumerate(sending.each(times, wait), start=1):
        answer = posting.post(base, signed, settings.ca_bundle)
        refused += not 200 <= answer.status <= 299
        known = known or '"status":"duplicate"' in answer.body
        click.echo(_line(number, answer, as_json=as_json))
    if times > 1:
        click.echo(f"{times} sent, {refused} refused", err=True)
    if known and not new_id:
        said = "the bridge already has this event: use --new-id to send a new one"
        click.echo(said, err=True)
    if refused:
        raise SystemExit(1)


def _sender(source: Source, public_url: str, key: Path | None) -> Sender:
    """Signs with the source's secret, or with a key of our own if the source holds a public key."""
    recipe = source.provider.recipe
    if recipe is None or not recipe.by_public_key:
        if key is not None:
            raise click.UsageError(
                f"{source.provider.title} signs with a shared secret: drop --key"
            )
        secret = posting.secret_of(source)
        return Sender(source=source, secret=secret, public_url=public_url)
    private, public = posting.key_pair(recipe.algorithm, key)
    kept = f"private key: {key}" if key else "use --key FILE to keep the private key"
    click.echo(
        f"signed with your own key: the bridge accepts it if the secret of source '{source.name}'"
        f" is this public key ({kept})\n{public}",
        err=True,
    )
    return Sender(source=source, secret=private, public_url=public_url)


def _show(request: Request, base: str) -> None:
    url = base + request.target
    body = request.body or None
    for line in curl.command(request.method, url, posting.headers(request), body):
        click.echo(printable(line))


def _line(number: int, answer: Answer, *, as_json: bool) -> str:
    milliseconds = round(answer.elapsed * 1_000)
    if as_json:
        shown = {"number": number, "status": answer.status, "body": answer.body}
        return json_line({**shown, "elapsed_ms": milliseconds})
    said = printable(answer.body[:_SHOWN])
    return f"{number}: {answer.status} in {milliseconds} ms{': ' * bool(said)}{said}"
