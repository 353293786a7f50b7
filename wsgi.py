"""`gunicorn wsgi:app` works as it stands: gunicorn.conf.py beside this file holds the settings."""

from bridge.app import create_app

app = create_app()
