"""The console: pages for people on the admin bind, under /console. No logic of its own: services/ has it.

Must never be reachable on the hooks bind, and never trust what an event contains.
"""

from flask import Flask

from bridge.services.parts import Parts


def create(parts: Parts) -> Flask:
    """The application that is mounted at /console."""
    app = Flask("bridge.console", static_folder=None)
    app.extensions["bridge"] = parts
    return app
