"""Who asks: the token in `Authorization`, and the scope that each operation needs.

Every operation needs a token, unless it is marked `open_to_all`. A session of the console opens nothing here: a token
is never sent by a browser on its own, so the API needs no proof against other pages.
"""

from datetime import UTC, datetime

from flask import Flask, g, request

from bridge.admin import scopes
from bridge.errors import NotSignedIn
from bridge.services import people
from bridge.services.parts import Parts
from bridge.services.people import Person

_SAID = "this needs a valid token"


def install(app: Flask, parts: Parts) -> None:
    """Demands a token for every operation that is not open to all."""

    def demand() -> None:
        g.person = None
        view = scopes.asked_view()
        if view is None or scopes.is_open(view):
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            now = datetime.now(UTC)
            g.person = people.of_token(parts.database, token.strip(), now=now)
        who().require(scopes.needed(view))
        # Open files would go on telling what was in a store that is gone.
        parts.database.require_in_place()

    app.before_request(demand)


def who() -> Person:
    """The person who answers for the token of this request. Raises NotSignedIn."""
    person: Person | None = g.person
    if person is None:
        raise NotSignedIn(_SAID)
    return person
