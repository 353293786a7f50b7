"""Tokens open the API as far as their scopes go; people and tokens are managed by it."""

from datetime import UTC, datetime

import faces
import pytest
from faces import BY

from bridge.services import accounts, tokens


@pytest.fixture
def parts(sqlite, tmp_path):
    return faces.parts(sqlite, tmp_path)


@pytest.fixture
def ask(parts):
    """Asks as an admin's token."""
    client, headers = faces.admin(parts), faces.bearer(
        parts.database, "admin", name="ana"
    )

    def asked(method, path, body=None, headers=headers):
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    return asked


def test_only_a_valid_token_opens(parts, ask):
    """T-81: no token, a wrong one, one of another kind, one that ended, and a session's cookie: 401, and how to ask."""
    made = tokens.add(parts.database, "ci", "ana", ["admin"], BY, now=datetime.now(UTC))
    good = {"Authorization": f"Bearer {made.token}"}
    assert ask("GET", "/people", headers=good).status_code == 200
    tokens.revoke(parts.database, "ci", BY, now=datetime.now(UTC))
    for headers in (
        {},
        {"Authorization": "Bearer bridge_wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {made.token}"},
        {"Authorization": made.token},
        good,
    ):
        answer = ask("GET", "/people", headers=headers)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    client = faces.signed_in(parts, "admin", "ana")
    assert client.get("/api/v1/people").status_code == 401


def test_scopes_are_demanded(parts, ask):
    """A token without the scope gets 403; its account's role gives it nothing."""
    few = faces.bearer(parts.database, "admin", ["read", "operate"], name="ana")
    answer = ask("GET", "/people", headers=few)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_people_and_tokens(parts, ask):
    """What `bridge user` and `bridge token` do, the API does in the same words; secrets are in one answer only."""
    made = ask("POST", "/people", {"name": "bo", "role": "viewer"})
    assert made.status_code == 201 and len(made.json["password"]) == 20
    assert ask("POST", "/people", {"name": "bo", "role": "viewer"}).status_code == 422
    changed = ask("PATCH", "/people/bo", {"role": "operator", "disabled": True})
    assert changed.json["role"] == "operator" and changed.json["disabled_at"]
    refused = ask("POST", "/tokens", {"name": "x", "owner": "bo", "scopes": ["read"]})
    assert refused.status_code == 403
    assert ask("PATCH", "/people/bo", {"disabled": False}).json["disabled_at"] is None
    body = {"name": "x", "owner": "bo", "scopes": ["read"], "days": 1}
    token = ask("POST", "/tokens", body)
    assert token.status_code == 201
    again = ask("POST", "/tokens/x/rotate", {"hours": 0})
    assert again.status_code == 201 and again.json["token"] != token.json["token"]
    listed = ask("GET", "/tokens").get_data(as_text=True) + ask(
        "GET", "/people"
    ).get_data(as_text=True)
    for secret in (
        token.json["token"],
        again.json["token"],
        made.json["password"],
        "argon2",
    ):
        assert secret not in listed
    assert ask("POST", "/tokens/x/revoke", {}).json == {"message": "2 revoked"}
    assert ask("POST", "/tokens/x/revoke", {}).status_code == 404
    assert ask("GET", "/people/bo/sessions").json == {"data": [], "next": None}
    assert ask("POST", "/people/bo/sessions/end", {}).status_code == 200
    assert ask("POST", "/people/bo/remove", {"reason": "left"}).status_code == 200
    assert ask("GET", "/people/bo").status_code == 404
    assert ask("POST", "/people/ana/remove", {}).status_code == 422
    assert [
        one.name for one in accounts.listed(parts.database, now=datetime.now(UTC))
    ] == ["ana"]
