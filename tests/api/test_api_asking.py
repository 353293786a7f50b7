"""What every operation of the API has in common: who may ask, what is refused, and how errors are written."""

from types import SimpleNamespace

import pytest
from fronts import parts as parts_of
from fronts import set_secrets

from bridge.api import create
from bridge.settings import Settings


@pytest.fixture
def client(sqlite, tmp_path, monkeypatch):
    """An API whose token `reader` may read."""
    set_secrets(monkeypatch)
    app = create(parts_of(sqlite, tmp_path, Settings()))
    reader = SimpleNamespace(name="ana", scopes={"read"})
    app.extensions["bridge.of_token"] = {"reader": reader}.get
    return app.test_client()


READER = {"Authorization": "Bearer reader"}


def test_every_error_is_a_problem_with_code_remedy_and_request_id(client):
    """RFC 9457, whoever refuses: the operation, the path, the method or the query."""
    for method, path, headers, status, code in (
        ("GET", "/audit", {}, 401, "unauthorized"),
        ("GET", "/audit?limit=0", READER, 400, "bad_request"),
        ("GET", "/audit?limits=1", READER, 400, "bad_request"),
        ("GET", "/audit?limit=1&limit=2", READER, 400, "bad_request"),
        ("GET", "/audit?limit=%D9%A3", READER, 400, "bad_request"),
        ("DELETE", "/audit", READER, 405, "method_not_allowed"),
        ("GET", "/nothing", READER, 404, "not_found"),
    ):
        answer = client.open(path, method=method, headers=headers)
        told = answer.json
        assert (answer.status_code, told["code"]) == (status, code), path
        assert answer.content_type == "application/problem+json"
        assert told["status"] == status and told["remedy"] and told["request_id"]


def test_a_405_says_what_is_allowed(client):
    """flask-smorest drops the Allow header; it is there."""
    allowed = client.delete("/audit", headers=READER).headers["Allow"]
    assert "GET" in allowed
