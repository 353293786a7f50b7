"""What every operation of the API has in common: who may ask, what is refused, and how errors are written."""

import faces
import pytest
from fronts import parts as parts_of
from fronts import set_secrets

from bridge.api import create
from bridge.settings import Settings


@pytest.fixture
def client(sqlite, tmp_path, monkeypatch):
    """An API."""
    set_secrets(monkeypatch)
    return create(parts_of(sqlite, tmp_path, Settings())).test_client()


@pytest.fixture
def reader(sqlite):
    """The header of somebody who may only read."""
    return faces.bearer(sqlite, "viewer")


def test_every_error_is_a_problem_with_code_remedy_and_request_id(client, reader):
    """RFC 9457, whoever refuses: the operation, the path, the method or the query."""
    for method, path, headers, status, code in (
        ("GET", "/audit", {}, 401, "unauthorized"),
        ("GET", "/audit?limit=0", reader, 400, "bad_request"),
        ("GET", "/audit?limits=1", reader, 400, "bad_request"),
        ("GET", "/audit?limit=1&limit=2", reader, 400, "bad_request"),
        ("GET", "/audit?limit=%D9%A3", reader, 400, "bad_request"),
        ("DELETE", "/audit", reader, 405, "method_not_allowed"),
        ("GET", "/nothing", reader, 404, "not_found"),
    ):
        answer = client.open(path, method=method, headers=headers)
        told = answer.json
        assert (answer.status_code, told["code"]) == (status, code), path
        assert answer.content_type == "application/problem+json"
        assert told["status"] == status and told["remedy"] and told["request_id"]


def test_a_405_says_what_is_allowed(client, reader):
    """flask-smorest drops the Allow header; it is there."""
    allowed = client.delete("/audit", headers=reader).headers["Allow"]
    assert "GET" in allowed
