"""The REST API on the admin bind, under /api/v1. No logic of its own: services/ has it.

An application of its own, because flask-smorest answers every error of its application as JSON. Each module with a
`blueprint` is a resource, and is found by itself. resource.py declares operations, problems.py writes every error,
fields.py says what a value may be, access.py asks who is there.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from flask import Flask

from bridge.api import access
from bridge.api.document import Api
from bridge.api.fields import CONVERTERS
from bridge.api.problems import answer_errors
from bridge.api.resource import Resource
from bridge.api.values import ExactJson
from bridge.services.parts import Parts

# Bytes: a question is small, and a mapping file to try is not large.
MAX_BODY = 2 * 1024 * 1024


def create(parts: Parts) -> Flask:
    """The application that is mounted at /api/v1."""
    app = Flask("bridge.api", static_folder=None)
    app.extensions["bridge"] = parts
    app.json = ExactJson(app)
    app.config |= {"MAX_CONTENT_LENGTH": MAX_BODY, "PROPAGATE_EXCEPTIONS": False}
    # A redirect would drop the body of a POST.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.url_map.converters |= CONVERTERS
    answer_errors(app)
    access.install(app, parts)
    api = Api(app)
    for resource in resources():
        api.register_blueprint(resource)
    return app


def resources() -> Iterator[Resource]:
    """The blueprint of every module of this package that has one, in the order of their names."""
    for module in iter_modules(__path__):
        found = import_module(f"{__name__}.{module.name}")
        if isinstance(blueprint := getattr(found, "blueprint", None), Resource):
            yield blueprint
