"""Signing in with a password, and signing out. Says what to do where nobody has an account yet."""

from dataclasses import asdict
from datetime import UTC, datetime

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
)

from bridge.admin import scopes
from bridge.console import session
from bridge.console.frame import to
from bridge.errors import NotSignedIn, TooManyTries
from bridge.services import accounts, sessions
from bridge.services.parts import Parts
from bridge.services.single_sign_on import Provider, Started

_STARTED = "elsewhere"
blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
@scopes.open_to_all
def form() -> Response:
    """The form; whoever is signed in already goes on."""
    following = session.inside(request.args.get("next", ""))
    if g.person:
        return redirect(following or to(), 303)  # type: ignore[return-value]
    return _page(200, following=following or "")


@blueprint.post("/sign-in")
@scopes.open_to_all
def enter() -> Response:
    """Begins a session, or says why not."""
    following = session.inside(request.form.get("next", "")) or ""
    name = request.form.get("name", "")
    try:
        begun = sessions.sign_in(
            session.parts().database,
            name,
            request.form.get("password", ""),
            address=session.address(),
            agent=request.headers.get("User-Agent", ""),
            now=datetime.now(UTC),
        )
    except (NotSignedIn, TooManyTries) as error:
        answer = _page(error.status, following=following, name=name, said=str(error))
        if isinstance(error, TooManyTries):
            answer.headers["Retry-After"] = str(error.wait)
        return answer
    session.begin(begun)
    return redirect(following or to(), 303)  # type: ignore[return-value]


@blueprint.get("/sign-in/elsewhere")
@scopes.open_to_all
def elsewhere() -> Response:
    """Leads to the provider."""
    following = session.inside(request.args.get("next", "")) or ""
    try:
        started = _provider().start()
    except NotSignedIn as error:
        return _page(error.status, following=following, said=str(error))
    session.keep(_STARTED, {**asdict(started), "following": following})
    return redirect(started.url, 303)  # type: ignore[return-value]


@blueprint.get("/sign-in/back")
@scopes.open_to_all
def back() -> Response:
    """Begins a session for a person whom the provider sends back."""
    kept, now = session.taken(_STARTED), datetime.now(UTC)
    following = str(kept.pop("following", ""))
    try:
        if not kept:
            raise NotSignedIn("this sign-in was not begun here: try again")
        proven = _provider().finish(Started(**kept), request.args, now)
        database = session.parts().database
        account = accounts.signed_on(
            database, proven.subject, proven.name, proven.role, now=now
        )
    except NotSignedIn as error:
        return _page(error.status, following=following, said=str(error))
    session.begin(
        sessions.begin(
            database,
            account.id,
            account.name,
            address=session.address(),
            agent=request.headers.get("User-Agent", ""),
            now=now,
        )
    )
    return redirect(following or to(), 303)  # type: ignore[return-value]


@blueprint.post("/sign-out")
@scopes.needs("read")
def out() -> Response:
    """Ends the session here and in the store."""
    sessions.sign_out(session.parts().database, session.token())
    session.end()
    flash("You are signed out.")
    return redirect(to("sign-in"), 303)  # type: ignore[return-value]


def _provider() -> Provider:
    """The provider of the settings, made at first use."""
    settings = session.parts().settings
    if not settings.oidc_issuer:
        abort(404)
    made: Provider | None = current_app.extensions.get("provider")
    if made is None:
        made = current_app.extensions["provider"] = Provider(settings)
    return made


def _page(status: int, *, following: str, name: str = "", said: str = "") -> Response:
    parts: Parts = session.parts()
    html = render_template(
        "sign_in.html",
        following=following,
        name=name[:64],
        said=said,
        elsewhere=bool(parts.settings.oidc_issuer),
        nobody=not accounts.there_are(parts.database),
    )
    return make_response(html, status)
