"""Who asks: the session in the cookie, the scope that each view needs, and the proof that a form is the console's own.

Every view needs a signed-in person, unless it is marked `open_to_all`. The cookie holds a random token, of which the
store has the hash; Flask signs it with a key that all processes of the bridge share.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, redirect, request, session
from flask_wtf.csrf import CSRFProtect

from bridge.admin import scopes
from bridge.errors import NotSignedIn
from bridge.receive.admission import remote
from bridge.services import people
from bridge.services import sessions as services
from bridge.services.parts import Parts
from bridge.services.people import Person
from bridge.services.sessions import Begun
from bridge.settings import Settings, split_bind
from bridge.strict import json

_KEY = "console"
_TOKEN = "token"


def install(app: Flask, parts: Parts) -> None:
    """Demands a session for each request, and a token for each form."""
    app.secret_key = services.signing_key(parts.database, _KEY)
    app.config.update(_cookie(parts.settings))
    app.config.update(
        # A page may stay open for as long as its session.
        WTF_CSRF_TIME_LIMIT=None,
        # The guard of the admin bind compares `Origin`, also behind a proxy that takes TLS off.
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
    )
    app.before_request(_demand)
    CSRFProtect(app)
    app.context_processor(lambda: {"person": g.get("person")})


def who() -> Person:
    """The person who asks. Raises NotSignedIn in a view that is open to all, where nobody may have signed in."""
    person: Person | None = g.get("person")
    if person is None:
        raise NotSignedIn("sign in first")
    return person


def address() -> str:
    """Where this request comes from."""
    return remote(request.environ, parts().settings.trusted_proxies)


def begin(begun: Begun) -> None:
    """Signs the person in, with nothing left of whatever the cookie held before."""
    session.clear()
    session[_TOKEN] = begun.token


def keep(name: str, value: dict[str, Any]) -> None:
    """Keeps something in the signed cookie. Its person can read it."""
    session[name] = value


def taken(name: str) -> dict[str, Any]:
    """What the cookie kept, once."""
    return dict(session.pop(name, {}))


def end() -> None:
    """Forgets the session in the cookie."""
    session.clear()


def parts() -> Parts:
    """What the console is given."""
    given: Parts = current_app.extensions["bridge"]
    return given


def token() -> str:
    """The token of this request's session, or ""."""
    found = session.get(_TOKEN, "")
    return found if isinstance(found, str) else ""


def inside(target: str) -> str | None:
    """A path of this console, as somebody wrote it; None for anything else."""
    plain = target.isascii() and target.isprintable() and "\\" not in target
    if plain and target.startswith(f"{request.script_root}/") and "//" not in target:
        return target
    return None


def _demand() -> Any:
    """Answers for the view where the person is not signed in, and raises NotAllowed where the scope is missing."""
    if request.endpoint == "static":
        return None
    polls = request.method == "GET" and "after" in request.args
    g.person = token() and people.of_session(
        parts().database, token(), now=datetime.now(UTC), polls=polls
    )
    view = scopes.asked_view()
    if scopes.is_open(view):
        g.person = g.person or None
        return None
    if not g.person:
        g.person = None
        return _sign_in_first()
    g.person.require(scopes.needed(view))
    # Open files would go on telling what was in a store that is gone.
    parts().database.require_in_place()
    return None


def _sign_in_first() -> Response:
    """Leads a person to the sign-in page, and back to this one; tells a program."""
    asked = request.full_path.rstrip("?") if request.method == "GET" else "/"
    page = f"{request.script_root}/sign-in"
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": page})
    if request.path.endswith(".json"):
        said = json.dumps({"code": NotSignedIn.reason, "detail": "sign in first"})
        return Response(said, status=401, content_type="application/json")
    following = urlencode({"next": f"{request.script_root}{asked}"})
    answer: Response = redirect(f"{page}?{following}", 303)  # type: ignore[assignment]
    return answer


def _cookie(settings: Settings) -> dict[str, Any]:
    """The cookie's name and marks; bridges on one host are told apart by their ports."""
    secure = (settings.admin_url or "").startswith("https:")
    port = split_bind(settings.admin_bind)[1]
    return {
        "SESSION_COOKIE_NAME": "__Host-bridge" if secure else f"bridge-{port}",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        # Not Strict: a link in an alert would then lead to the sign-in page.
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
    }
