"""One's own account: the password, the open sessions and the tokens."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to
from bridge.console.session import parts, token, who
from bridge.errors import InputRefused, PersonRefused
from bridge.services import accounts, people, sessions, tokens
from bridge.services.tokens import Made

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@needs("read")
def page() -> str:
    """The page."""
    return _page()


@blueprint.post("/account/password")
@needs("read")
def password() -> Response | str | tuple[str, int]:
    """Replaces the password, and ends the other sessions."""
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _page("the two new passwords differ"), 422
    try:
        accounts.change_own_password(
            parts().database,
            who().name,
            request.form.get("old", ""),
            new,
            who().by(),
            keep=token(),
            now=datetime.now(UTC),
        )
    except InputRefused as error:
        return _page(str(error)), 422
    flash("Your password was replaced. Your other sessions have ended.")
    return redirect(to("account"), 303)


@blueprint.post("/account/sessions/<int:id>/end")
@needs("read")
def end_session(id: int) -> Response:
    """Ends one of one's own sessions."""
    now = datetime.now(UTC)
    sessions.revoke(parts().database, who().name, who().by(), only=id, now=now)
    flash("The session has ended.")
    return redirect(to("account"), 303)


@blueprint.post("/account/tokens")
@needs("read")
def add_token() -> str | tuple[str, int]:
    """Makes a token, which this answer alone shows."""
    days = request.form.get("days", "")
    life = (
        timedelta(days=int(days))
        if days.isascii() and days.isdecimal() and len(days) < 6
        else timedelta(0)
    )
    return _made(
        lambda now: tokens.add(
            parts().database,
            request.form.get("name", ""),
            who().name,
            request.form.getlist("scope"),
            who().by(),
            life=life,
            now=now,
        )
    )


@blueprint.post("/account/tokens/<name>/rotate")
@needs("read")
def rotate_token(name: str) -> str | tuple[str, int]:
    """Makes the next token of this name, which this answer alone shows."""
    mine = who()
    return _made(
        lambda now: tokens.rotate(
            parts().database, name, mine.by(), owner=mine.name, now=now
        )
    )


@blueprint.post("/account/tokens/<name>/revoke")
@needs("read")
def revoke_token(name: str) -> Response:
    """Ends one's own tokens of this name."""
    mine, now = who(), datetime.now(UTC)
    tokens.revoke(parts().database, name, mine.by(), owner=mine.name, now=now)
    flash(f"The token {name} was revoked.")
    return redirect(to("account"), 303)


def _made(make: Callable[[datetime], Made]) -> str | tuple[str, int]:
    try:
        return _page(made=make(datetime.now(UTC)))
    except PersonRefused as error:
        return _page(str(error)), error.status


def _page(mistake: str = "", made: Made | None = None) -> str:
    database, mine, now = parts().database, who(), datetime.now(UTC)
    return render_template(
        "account.html",
        mistake=mistake,
        made=made,
        account=accounts.shown(database, mine.name, now=now),
        sessions=sessions.of(database, mine.name, now=now),
        here=mine.via,
        tokens=tokens.listed(database, owner=mine.name, now=now),
        scopes={name: said for name, said in people.SCOPES.items() if mine.may(name)},
        days=tokens.LIFE.days,
    )
