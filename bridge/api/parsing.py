"""Reads queries and bodies strictly: unknown names, repeated names and doubtful JSON are refused."""

from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE, Schema, ValidationError
from webargs import core
from webargs.flaskparser import FlaskParser

from bridge.api.problems import Problem
from bridge.strict import json


class Parser(FlaskParser):
    """What flask-smorest reads requests with."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "json": RAISE,
    }

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The query, each name once."""
        for name, values in req.args.lists():
            if len(values) > 1:
                raise ValidationError({name: ["Given more than once."]})
        return req.args.to_dict()

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body, which is one JSON object. Raises Malformed for what is not JSON."""
        raw = req.get_data(cache=True)
        if not raw:
            return core.missing
        if not core.is_json(req.mimetype):
            raise Problem(415, "the body is not JSON by its content type")
        return json.loads(raw)

    def _handle_invalid_json_error(self, *_: Any, **__: Any) -> NoReturn:
        raise AssertionError("load_json reads the body itself")
