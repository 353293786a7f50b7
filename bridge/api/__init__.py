"""The REST API on the admin bind, under /api/v1. No logic of its own: services/ has it.

An application of its own, because flask-smorest answers every error of its application as JSON.
"""

from flask import Flask

from bridge.services.parts import Parts


def create(parts: Parts) -> Flask:
    """The application that is mounted at /api/v1."""
    app = Flask("bridge.api", static_folder=None)
    app.extensions["bridge"] = parts
    return app
