"""The console: pages for people on the admin bind, under /console. No logic of its own: services/ has it.

    pages/      one module per screen, found by itself: its `blueprint`, and its `PLACE` in the navigation
    templates/  base.html is the frame; parts/ui.html has the building blocks of pages
    static/     the style sheet, the script and the icons; vendor/ has what others wrote

Must never be reachable on the hooks bind, and never trust what an event contains.
"""

from flask import Flask
from jinja2 import StrictUndefined

from bridge.console import assets, frame, lists, mistakes, pages, session
from bridge.services.parts import Parts


def create(parts: Parts) -> Flask:
    """The application that is mounted at /console."""
    app = Flask("bridge.console", static_folder=None)
    app.extensions["bridge"] = parts
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    session.install(app, parts)
    assets.install(app)
    frame.install(app, parts)
    app.jinja_env.globals["narrowed"] = lists.narrowed
    mistakes.install(app)
    pages.install(app)
    return app
