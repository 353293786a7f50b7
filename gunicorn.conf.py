"""Read by `gunicorn wsgi:app`; what the settings are, and why, stands in bridge/receive/server.py."""

from bridge.receive.server import *  # noqa: F401,F403
