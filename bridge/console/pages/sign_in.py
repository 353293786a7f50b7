"""Signing in with a password, and signing out. Says what to do where nobody has an account yet."""

from datetime import UTC, datetime

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
)

from bridge.console import session
from bridge.console.frame import to
from bridge.errors import NotSignedIn, TooManyTries
from bridge.services import accounts, sessions
from bridge.services.parts import Parts

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
@session.open_to_all
def form() -> Response:
    """The form; whoever is signed in already goes on."""
    following = session.inside(request.args.get("next", ""))
    if g.person:
        return redirect(following or to(), 303)  # type: ignore[return-value]
    return _page(200, following=following or "")


@blueprint.post("/sign-in")
@session.open_to_all
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


@blueprint.post("/sign-out")
@session.needs("read")
def out() -> Response:
    """Ends the session here and in the store."""
    sessions.sign_out(session.parts().database, session.token())
    session.end()
    flash("You are signed out.")
    return redirect(to("sign-in"), 303)  # type: ignore[return-value]


def _page(status: int, *, following: str, name: str = "", said: str = "") -> Response:
    parts: Parts = session.parts()
    html = render_template(
        "sign_in.html",
        following=following,
        name=name[:64],
        said=said,
        nobody=not accounts.there_are(parts.database),
    )
    return make_response(html, status)
