"""What stands around every page: the navigation with its numbers, the banners, and the words of templates."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from markupsafe import Markup

from bridge.admin import scopes
from bridge.console import assets, charts, session, words
from bridge.console.pages import Place
from bridge.console.tree import tree
from bridge.services import veiling
from bridge.services.parts import Parts
from bridge.services.pulse import Pulse, Pulses

_THEMES = ("light", "dark", "system")
_YEAR = 365 * 24 * 60 * 60
blueprint = Blueprint("frame", __name__)


def install(app: Flask, parts: Parts) -> None:
    """Gives templates their words, and serves what the frame itself asks for."""
    pulses = app.extensions["pulse"] = Pulses(parts)

    @app.after_request
    def look_again(answer: Response) -> Response:
        if request.method not in ("GET", "HEAD"):
            pulses.forget()
        return answer

    app.jinja_env.globals.update(
        environment=parts.settings.environment,
        to=to,
        twin=twin_url,
        page_url=page_url,
        tree=tree,
        chart_bars=charts.bars,
        spark_points=charts.spark,
        icon=icon,
        current_place=current_place,
        has_page=lambda endpoint: endpoint in current_app.view_functions,
        has_path=lambda path: any(one.path == path for one in _places()),
        pulse=pulse,
        theme=theme,
        places=_places,
    )
    app.jinja_env.filters.update(words.FILTERS, veiled=veiling.veiled_text)
    app.jinja_env.tests.update(words.TESTS)
    app.register_blueprint(blueprint)


def to(*path: object, **query: object) -> str:
    """The address of a page: `to("events", 12)`, `to("events", q="source:stripe")`. Empty values are left out."""
    parts = "/".join(quote(str(part), safe="") for part in path)
    pairs = {key: str(value) for key, value in query.items() if value not in (None, "")}
    return f"{request.script_root}/{parts}{'?' if pairs else ''}{urlencode(pairs)}"


def page_url() -> str:
    """The address of this page, without its host."""
    query = request.query_string.decode("latin-1")
    path = quote(request.path, safe="/")
    return f"{request.script_root}{path}{'?' if query else ''}{query}"


def twin_url() -> str:
    """The address of this page as JSON."""
    path, mark, query = page_url().partition("?")
    return f"{path}.json{mark}{query}"


def icon(name: str) -> Markup:
    """A symbol of static/icons.svg, for the eye only."""
    return Markup(
        '<svg class="icon" width="16" height="16" aria-hidden="true"><use href="{}#{}"/></svg>'
    ).format(assets.asset("icons.svg"), name)


def _places() -> Sequence[Place]:
    places: Sequence[Place] = current_app.extensions["places"]
    return places


def current_place() -> str:
    """The path of the place that this page belongs to: the one whose path begins the page's address."""
    first = request.path.strip("/").split("/")[0].removesuffix(".json")
    if first == "pulse":  # asked by a page, which says where it is
        first = request.args.get("at", "")
    return first if first in {one.path for one in _places()} else "-"


def pulse() -> Pulse:
    """The numbers of the frame; the same ones for all of a page."""
    seen: Pulse = current_app.extensions["pulse"]()
    return seen


def theme() -> str:
    """The theme that this browser asked for: light, dark, or the system's."""
    chosen = request.cookies.get("bridge-theme", "system")
    return chosen if chosen in _THEMES else "system"


@blueprint.post("/theme")
@scopes.open_to_all
def choose_theme() -> Response:
    """Keeps the theme in a cookie. It is nobody's secret and changes nothing in the bridge."""
    chosen = request.form.get("theme", "system")
    answer = make_response(
        redirect(session.inside(request.form.get("next", "")) or to(), 303)
    )
    if chosen in _THEMES:
        answer.set_cookie("bridge-theme", chosen, max_age=_YEAR, samesite="Lax")
    return answer


@blueprint.get("/pulse")
@scopes.needs("read")
def beat() -> Response:
    """The frame's numbers if they changed since the page that asks was made, else 204."""
    seen = pulse()
    if request.args.get("after") == words.mark(seen):
        return Response(status=204)
    return make_response(render_template("parts/pulse.html"))


@blueprint.get("/favicon.svg")
@scopes.open_to_all
def favicon() -> Response:
    """The icon of the tab, with the number of dead letters that it was asked for."""
    told = request.args.get("dead", "0")
    number = min(int(told), 100) if told.isascii() and told.isdecimal() else 0
    text = render_template("parts/favicon.svg", number=number)
    answer = Response(text, content_type="image/svg+xml; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


def twin(value: Mapping[str, Any]) -> Response:
    """An answer in JSON, for a page's `.json` address."""
    from bridge.strict import json

    text = json.dumps(words.plain(value))
    return Response(text, content_type="application/json")
