"""Events: everything that was received, and the requests that were refused, newest first."""

from flask import Blueprint, Response

from bridge.admin.scopes import needs
from bridge.console import lists
from bridge.console.pages import Place

blueprint = Blueprint("events", __name__)
PLACE = Place(label="Events", path="events", icon="events", order=10)
LISTING = lists.Listing(
    kind="received",
    path="events",
    template="events.html",
    presets=(
        ("All", ""),
        ("Unmatched", "outcome:no_match"),
        ("Errors", "outcome:error"),
        ("Refused", "is:refused"),
        ("Duplicates", "is:duplicate"),
        ("Last 24 h", "since:24h"),
    ),
    command=("events", "list"),
)


@blueprint.get("/events")
@needs("read")
def listed() -> Response:
    """The list."""
    return lists.page(LISTING)


@blueprint.get("/events.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    return lists.as_json(LISTING)


@blueprint.get("/events/news")
@needs("read")
def news() -> Response:
    """How many are newer."""
    return lists.news(LISTING)
