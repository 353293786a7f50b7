"""What every operation of the API has in common: who may ask, what is refused, and how errors are written."""

import pytest
from faces import admin, bearer, parts

from bridge.errors import StoreLost
from bridge.store import audit

V1 = "/api/v1"


@pytest.fixture
def made(sqlite, tmp_path):
    return parts(sqlite, tmp_path)


@pytest.fixture
def ask(made):
    """Asks the API with a token that may read; the answer."""
    client, token = admin(made), bearer(made.database, role="viewer")

    def open_(method, path, **options):
        options.setdefault("headers", token)
        return client.open(f"{V1}{path}", method=method, **options)

    return open_


def test_every_error_is_a_problem_with_code_remedy_and_request_id(ask):
    """RFC 9457, whoever refuses: the operation, the path, the method, the query or the token."""
    for method, path, headers, status, code in (
        ("GET", "/audit", {}, 401, "unauthorized"),
        ("POST", "/pauses", None, 403, "forbidden"),
        ("GET", "/audit?limit=0", None, 400, "bad_request"),
        ("GET", "/audit?limits=1", None, 400, "bad_request"),
        ("GET", "/pauses?limit=1", None, 400, "bad_request"),
        ("GET", "/audit?limit=1&limit=2", None, 400, "bad_request"),
        ("GET", "/audit?limit=%D9%A3", None, 400, "bad_request"),
        ("DELETE", "/audit", None, 405, "method_not_allowed"),
        ("GET", "/nothing", None, 404, "not_found"),
    ):
        more = {} if headers is None else {"headers": headers}
        answer = ask(method, path, **more)
        told = answer.json
        assert (answer.status_code, told["code"]) == (status, code), path
        assert answer.content_type == "application/problem+json"
        assert told["status"] == status and told["detail"] and told["remedy"]
        assert told["request_id"] == answer.headers["X-Request-Id"]


def test_errors_carry_the_headers_that_belong_to_them(ask):
    """A 405 says what is allowed, which flask-smorest drops; a 401 says how to authenticate."""
    assert "GET" in ask("DELETE", "/audit").headers["Allow"]
    assert ask("GET", "/audit", headers={}).headers["WWW-Authenticate"] == "Bearer"


def test_a_body_is_read_strictly(made):
    """JSON by its type, an object, each key once and known, within bounds; nothing is done otherwise."""
    client, token = admin(made), bearer(made.database)
    json = {**token, "Content-Type": "application/json"}
    for headers, body, status in (
        ({**token, "Content-Type": "text/plain"}, b'{"all": true}', 415),
        (json, b'{"all": true', 400),
        (json, b'{"all": true, "all": true}', 400),
        (json, b'{"all": true, "every": 1}', 400),
        (json, b'{"all": "yes"}', 400),
        (json, b'{"all": 1}', 400),
        (json, b'{"rule": "\\u0000"}', 400),
        (json, b'{"rule": "\\ud800"}', 400),
        (json, b"[1]", 400),
        (json, b"", 400),
        (json, b" " * (3 * 1024 * 1024), 413),
    ):
        told = client.post(f"{V1}/pauses", headers=headers, data=body)
        assert told.status_code == status, (body[:40], told.json)
        assert told.content_type == "application/problem+json"
    assert client.get(f"{V1}/pauses", headers=token).json["data"] == []


def test_a_store_that_is_down_is_503_and_a_defect_500_without_a_trace(ask, monkeypatch):
    """The first says when to ask again; the second shows nothing of the inside, and both name the request."""

    def broken(error):
        def listed(*_, **__):
            raise error

        return listed

    monkeypatch.setattr("bridge.services.pausing.listed", broken(StoreLost("gone")))
    away = ask("GET", "/pauses")
    assert (away.status_code, away.json["code"]) == (503, "store_unavailable")
    assert int(away.headers["Retry-After"]) > 0
    error = KeyError("SELECT secret FROM vault")
    monkeypatch.setattr("bridge.services.pausing.listed", broken(error))
    defect = ask("GET", "/pauses")
    assert (defect.status_code, defect.json["code"]) == (500, "internal_server_error")
    assert b"SELECT" not in defect.data and b"Traceback" not in defect.data
    assert defect.json["request_id"] == defect.headers["X-Request-Id"]


def test_a_repeated_request_is_done_once(made):
    """The same key and request get the same answer; another request, or another person, does not."""
    client, token = admin(made), bearer(made.database)
    keyed = {**token, "Idempotency-Key": "one"}
    body = {"all": True, "reason": "x"}
    first = client.post(f"{V1}/pauses", headers=keyed, json=body)
    again = client.post(f"{V1}/pauses", headers=keyed, json=body)
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    with made.database.read() as tx:
        acts = [row["action"] for row in audit.newest(tx, limit=9)]
    assert acts.count("pause") == 1
    other = client.post(f"{V1}/pauses/end", headers=keyed, json=body)
    assert (other.status_code, other.json["code"]) == (422, "key_reused")
    ben = {**bearer(made.database, name="ben"), "Idempotency-Key": "one"}
    theirs = client.post(f"{V1}/pauses/end", headers=ben, json=body)
    assert theirs.status_code == 200


def test_a_key_of_a_refused_request_is_free_again(made):
    """Nothing was done, so the corrected request may have the same key."""
    client = admin(made)
    keyed = {**bearer(made.database), "Idempotency-Key": "one"}
    assert client.post(f"{V1}/pauses", headers=keyed, json={}).status_code == 400
    right = client.post(f"{V1}/pauses", headers=keyed, json={"all": True})
    assert right.status_code == 200
    bad = client.post(
        f"{V1}/pauses", headers={**keyed, "Idempotency-Key": "é"}, json={}
    )
    assert bad.status_code == 400
