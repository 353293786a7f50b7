"""Round everything on the admin bind: refuses requests that another page made a browser send, and marks every answer.

Who asks, and what they may do, is not its affair: console and API demand that of each request.
"""

import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from bridge.admin.hosts import Hosts
from bridge.settings import Settings
from bridge.strict import json

Environ = dict[str, Any]
Start = Callable[..., Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    # Not no-referrer: with that, browsers send `Origin: null` with the console's own forms.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
)
_SAFE = ("GET", "HEAD", "OPTIONS")
_OWN = ("same-origin", "none")


class Guard:
    """A WSGI application in front of another one."""

    def __init__(self, app: Wsgi, settings: Settings) -> None:
        self._app = app
        self._hosts = Hosts.of(settings)

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answers, or lets the application answer."""
        id = secrets.token_hex(8)
        environ["bridge.request_id"] = id

        def marked(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start(status, _marked(headers, id), *rest)

        refusal = self._refusal(environ)
        if refusal is None:
            return self._app(environ, marked)
        status, said = refusal
        marked(
            f"{status.value} {status.phrase}",
            [("Content-Type", "application/problem+json")],
        )
        return [_problem(status, said, id)]

    def _refusal(self, environ: Environ) -> tuple[HTTPStatus, str] | None:
        """Why a request is refused; None for one that is not."""
        host = str(environ.get("HTTP_HOST", ""))
        if not self._hosts.are_ours(host):
            return HTTPStatus.MISDIRECTED_REQUEST, (
                "this host name is not the bridge's: use its address, or set BRIDGE_ADMIN_URL to the URL in use"
            )
        if _of_another_site(environ) or self._of_another_origin(environ, host):
            return HTTPStatus.FORBIDDEN, "another page may not send this request"
        return None

    def _of_another_origin(self, environ: Environ, host: str) -> bool:
        """Browsers send `Origin` with everything that changes something; programs send none."""
        origin = environ.get("HTTP_ORIGIN")
        if origin is None:
            return False
        return not self._hosts.is_same(str(origin), host)


def _of_another_site(environ: Environ) -> bool:
    """Whether a browser says that another site's page asked; a link to a page may be followed from anywhere."""
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    if site in _OWN:
        return False
    visits = (
        environ["REQUEST_METHOD"] in _SAFE
        and environ.get("HTTP_SEC_FETCH_MODE") == "navigate"
        and environ.get("HTTP_SEC_FETCH_DEST") == "document"
    )
    return not visits


def _marked(headers: list[tuple[str, str]], id: str) -> list[tuple[str, str]]:
    """The headers with ours; only caching is the application's choice."""
    ours = {name.lower() for name, _ in HEADERS} | {"x-request-id"}
    kept = [(name, value) for name, value in headers if name.lower() not in ours]
    if not any(name.lower() == "cache-control" for name, _ in kept):
        kept.append(("Cache-Control", "no-store"))
    return [*kept, *HEADERS, ("X-Request-Id", id)]


def _problem(status: HTTPStatus, said: str, id: str) -> bytes:
    return json.dumps(
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": said,
            "code": "wrong_host" if status == 421 else "cross_origin",
            "request_id": id,
        }
    )
