"""Pages for what went wrong. They keep the frame, say what to do, and never show a trace."""

from typing import NamedTuple

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from bridge import log
from bridge.errors import PersonRefused, StoreUnavailable

_log = log.get("console")


class _Words(NamedTuple):
    title: str
    text: str


_WORDS = {
    400: _Words(
        "This request cannot be read", "Go back, reload the page, and try again."
    ),
    403: _Words(
        "You may not do this",
        "Your account lacks the scope that this needs. An admin can change your role with bridge user role.",
    ),
    404: _Words(
        "There is no such page",
        "The address may be misspelt, or what it named was deleted after the retention period.",
    ),
    405: _Words(
        "This address does not take that",
        "Open the page it belongs to, and use its button.",
    ),
    413: _Words("This is too large", "Send less at a time."),
    500: _Words(
        "The console failed",
        "Receiving and delivering continue. The log has the cause, under this time.",
    ),
    503: _Words(
        "The store cannot be reached",
        "Senders get 503 and will send again. Nothing that was accepted is lost.",
    ),
}


def install(app: Flask) -> None:
    """Answers every error with a page."""
    app.register_error_handler(HTTPException, _known)
    app.register_error_handler(PersonRefused, _refused)
    app.register_error_handler(StoreUnavailable, _store)
    app.register_error_handler(Exception, _unknown)


def _known(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]
    answer = page(error.code or 500)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value
    return answer


def _refused(error: PersonRefused) -> Response:
    return page(error.status, detail=str(error))


def _store(error: StoreUnavailable) -> Response:
    answer = page(503, detail=str(error))
    answer.headers["Retry-After"] = "5"
    return answer


def _unknown(error: Exception) -> Response:
    _log.error(
        "a page failed", path=request.path, error=type(error).__name__, exc_info=True
    )
    return page(500)


def page(status: int, *, title: str = "", text: str = "", detail: str = "") -> Response:
    """The page of an error: `title` and `text` if the usual words do not fit, `detail` for what exactly happened."""
    usual = _WORDS.get(status, _WORDS[400 if status < 500 else 500])
    html = render_template(
        "mistake.html",
        status=status,
        title=title or usual.title,
        text=text or usual.text,
        detail=detail,
    )
    return make_response(html, status)
