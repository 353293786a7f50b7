"""Deliveries: every call to a vendor and its state, newest first."""

from flask import Blueprint, Response

from bridge.admin.scopes import needs
from bridge.console import lists
from bridge.console.pages import Place

blueprint = Blueprint("deliveries", __name__)
PLACE = Place(label="Deliveries", path="deliveries", icon="deliveries", order=20)
LISTING = lists.Listing(
    kind="deliveries",
    path="deliveries",
    template="deliveries.html",
    presets=(
        ("All", ""),
        ("Waiting", "state:waiting"),
        ("Held", "state:held"),
        ("Dead", "state:dead"),
        ("Delivered", "state:delivered"),
        ("Last 24 h", "since:24h"),
    ),
    command=("deliveries", "list"),
)


@blueprint.get("/deliveries")
@needs("read")
def listed() -> Response:
    """The list."""
    return lists.page(LISTING)


@blueprint.get("/deliveries.json")
@needs("read")
def listed_json() -> Response:
    """The same as JSON."""
    return lists.as_json(LISTING)


@blueprint.get("/deliveries/news")
@needs("read")
def news() -> Response:
    """How many are newer."""
    return lists.news(LISTING)
