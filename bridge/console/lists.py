"""Lists of events and deliveries: the filter in the address, pages by cursor, and what is new.

services/finding.py finds. Rows never move by themselves: the page asks how many are newer, and shows a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, make_response, render_template, request

from bridge.console.frame import twin
from bridge.console.session import parts
from bridge.services import filters, finding
from bridge.services.cursors import BadCursor
from bridge.services.filters import BadFilter
from bridge.store import Database
from bridge.store.filtering import Kind

# What a person may widen a search to, from each window.
_WIDER = {"1h": "24h", "24h": "7d", "7d": "30d", "30d": ""}


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """One list: what it finds, where it is, and its ready-made filters as (label, text)."""

    kind: Kind
    path: str
    template: str
    presets: Sequence[tuple[str, str]]
    # The words of the command that lists the same, before the filter.
    command: Sequence[str]


def page(listing: Listing) -> Response:
    """The page: rows, or the filter's mistake, or what to do if nothing was found."""
    text, cursor = request.args.get("q", "").strip(), request.args.get("cursor", "")
    found, bad, stale = None, None, ""
    try:
        found = _find(listing, text, cursor)
    except BadFilter as error:
        bad = error
    except BadCursor as error:
        stale = str(error)
    html = render_template(
        listing.template,
        listing=listing,
        q=text,
        bad=bad,
        stale=stale,
        found=found,
        first=not cursor,
        words=[] if bad else chips(text),
        command=[*listing.command, *_told(text)],
        missed=None if found is None or found.rows else _missed(listing, text),
    )
    return make_response(html, 200 if found else 422)


def as_json(listing: Listing) -> Response:
    """The same rows for programs."""
    text, cursor = request.args.get("q", "").strip(), request.args.get("cursor", "")
    try:
        found = _find(listing, text, cursor)
    except (BadFilter, BadCursor) as error:
        answer = twin({"code": error.reason, "detail": str(error)})
        answer.status_code = 422
        return answer
    return twin(
        {
            "data": found.rows,
            "next": found.next or None,
            "complete": found.complete,
            "note": found.note,
        }
    )


def news(listing: Listing) -> Response:
    """How many rows are newer than the page, as its link; 204 if there are no more than it shows."""
    text, after = request.args.get("q", ""), request.args.get("after", "")
    try:
        number = finding.newer(
            _database(), listing.kind, text, after=after, now=datetime.now(UTC)
        )
    except (BadFilter, BadCursor):
        return Response(status=204)
    if str(number) == request.args.get("seen", "0"):
        return Response(status=204)
    html = render_template(
        "parts/news.html",
        path=listing.path,
        q=text,
        after=after,
        number=number,
        most=finding.MOST_NEWER,
    )
    return make_response(html)


def chips(text: str) -> list[tuple[str, str]]:
    """Each word of a filter, and the filter without it."""
    words = filters.words(text)
    return [
        (word.text, " ".join(other.text for other in words if other is not word))
        for word in words
    ]


def narrowed(text: str, key: str, value: object, negated: bool = False) -> str:
    """The filter for only this value of a key, or for all but it. "" if a filter cannot hold the value."""
    try:
        word = filters.word(key, str(value), negated=negated)
        words = filters.words(text)
    except BadFilter:
        return ""
    kept = [one.text for one in words if negated or one.key != key or one.negated]
    return " ".join((*(one for one in kept if one != word), word))


def _find(listing: Listing, text: str, cursor: str) -> finding.Found:
    return finding.find(
        _database(), listing.kind, text, cursor=cursor, now=datetime.now(UTC)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """A search without a result: how many rows there are without the filter, in which window, and the wider filter."""

    number: int
    exact: bool
    window: str
    wider: str
    wider_window: str


def _missed(listing: Listing, text: str) -> Missed:
    """What to say where nothing was found."""
    words = filters.words(text)
    since = [one for one in words if one.key == "since" and not one.negated]
    window = since[0].value if len(since) == 1 else ""
    counted = finding.count(
        _database(),
        listing.kind,
        " ".join(one.text for one in since),
        now=datetime.now(UTC),
    )
    wider = _WIDER.get(window, "")
    others = [one.text for one in words if one not in since]
    return Missed(
        number=counted.number,
        exact=counted.exact,
        window=window,
        wider=" ".join((*others, *([f"since:{wider}"] if wider else ()))),
        wider_window=wider or "all time" if window else "",
    )


def _told(text: str) -> list[str]:
    """The words of a filter as a command takes them."""
    try:
        return [word.text for word in filters.words(text)]
    except BadFilter:
        return [text]


def _database() -> Database:
    return parts().database
