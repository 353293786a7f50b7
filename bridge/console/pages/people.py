"""People: who has an account and what they may do. For admins."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from bridge.admin.scopes import needs
from bridge.console.frame import to, twin
from bridge.console.pages import Place
from bridge.console.session import parts, who
from bridge.errors import InputRefused, PersonRefused
from bridge.services import accounts, passwords, people, sessions, tokens

blueprint = Blueprint("people", __name__)
PLACE = Place(
    label="People",
    path="people",
    icon="people",
    group="setup",
    order=60,
    scope=people.ADMIN,
)


@blueprint.get("/people")
@needs("admin")
def page() -> str:
    """Everybody who has an account."""
    return _page()


@blueprint.get("/people.json")
@needs("admin")
def page_json() -> Response:
    """The same as JSON."""
    return twin({"data": accounts.listed(parts().database, now=datetime.now(UTC))})


@blueprint.post("/people")
@needs("admin")
def add() -> str | tuple[str, int]:
    """Adds an account; this answer alone shows its password."""
    name, password = request.form.get("name", "").strip(), passwords.made()
    try:
        accounts.add(
            parts().database,
            name,
            request.form.get("role", ""),
            password,
            _by(),
            reveals="reveal" in request.form,
            now=datetime.now(UTC),
        )
    except InputRefused as error:
        return _page(str(error)), 422
    return _page(made=(name, password))


@blueprint.post("/people/<name>/password")
@needs("admin")
def password(name: str) -> str:
    """Gives an account a new password; this answer alone shows it."""
    new, now = passwords.made(), datetime.now(UTC)
    accounts.set_password(parts().database, name, new, _by(), now=now)
    return _page(made=(name, new))


@blueprint.post("/people/<name>/role")
@needs("admin")
def role(name: str) -> Any:
    """Changes what an account may do."""
    chosen, reveals = request.form.get("role", ""), "reveal" in request.form
    return _done(
        f"{name} is {chosen} now.",
        lambda now: accounts.set_role(
            parts().database, name, chosen, _by(), reveals=reveals, now=now
        ),
    )


@blueprint.post("/people/<name>/disable")
@needs("admin")
def disable(name: str) -> Any:
    """Refuses an account from now on."""
    return _done(
        f"{name} is disabled.",
        lambda now: accounts.disable(parts().database, name, _by(), now=now),
    )


@blueprint.post("/people/<name>/enable")
@needs("admin")
def enable(name: str) -> Any:
    """Accepts an account again."""
    return _done(
        f"{name} is enabled.",
        lambda now: accounts.enable(parts().database, name, _by(), now=now),
    )


@blueprint.post("/people/<name>/remove")
@needs("admin")
def remove(name: str) -> Any:
    """Removes an account."""
    return _done(
        f"{name} was removed.",
        lambda now: accounts.remove(parts().database, name, _by(), now=now),
    )


@blueprint.post("/people/<name>/sign-out")
@needs("admin")
def sign_out(name: str) -> Any:
    """Ends all sessions of an account."""
    return _done(
        f"The sessions of {name} have ended.",
        lambda now: sessions.revoke(parts().database, name, _by(), now=now),
    )


@blueprint.post("/people/tokens/<name>/revoke")
@needs("admin")
def revoke(name: str) -> Any:
    """Ends a token, whoever it belongs to."""
    return _done(
        f"The token {name} was revoked.",
        lambda now: tokens.revoke(parts().database, name, _by(), now=now),
    )


def _by() -> Any:
    return who().by(request.form.get("reason", ""))


def _done(said: str, act: Callable[[datetime], object]) -> Any:
    try:
        act(datetime.now(UTC))
    except PersonRefused as error:
        return _page(str(error)), error.status
    flash(said)
    return redirect(to("people"), 303)


def _page(mistake: str = "", made: tuple[str, str] | None = None) -> str:
    database, now = parts().database, datetime.now(UTC)
    return render_template(
        "people.html",
        mistake=mistake,
        made=made,
        accounts=accounts.listed(database, now=now),
        tokens=tokens.listed(database, now=now),
        roles=people.ROLES,
    )
