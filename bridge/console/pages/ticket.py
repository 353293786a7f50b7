"""A ticket: what was written into it, by which rule, event and person, and what is still to come."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.pages import Place
from bridge.console.session import parts
from bridge.greenlets import off_the_loop
from bridge.services import story

blueprint = Blueprint("ticket", __name__)
PLACE = Place(label="Tickets", path="tickets", icon="ticket", group="watch", order=30)

# Updates on one page.
_MOST = 200


@blueprint.get("/tickets")
@needs("read")
def find() -> str | Response:
    """Asks for a ticket, and leads to it; one that an address cannot hold is shown here."""
    name = request.args.get("ticket", "").strip()
    if name and _fits_an_address(name):
        return redirect(to("tickets", name), 303)
    return _page(name) if name else render_template("tickets.html")


@blueprint.get("/tickets/<path:ticket>", merge_slashes=False)
@needs("read")
def show(ticket: str) -> str:
    """The story of a ticket."""
    return _page(ticket)


@blueprint.get("/tickets/<path:ticket>.json", merge_slashes=False)
@needs("read")
def as_json(ticket: str) -> Response:
    """The same as JSON."""
    return twin(_story(ticket))


def _page(ticket: str) -> str:
    return render_template("ticket.html", story=_story(ticket), most=_MOST)


def _story(ticket: str) -> Mapping[str, Any]:
    database, now = parts().database, datetime.now(UTC)
    return off_the_loop(lambda: story.of_ticket(database, ticket, now, _MOST))


def _fits_an_address(name: str) -> bool:
    return not name.startswith("/") and not name.endswith(".json")
