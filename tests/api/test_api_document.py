"""The OpenAPI document: complete, and true of what is answered."""

import pytest
from api_world import CANARY, make
from apis import address, answer, differs, given, operations
from faces import admin, bearer, parts
from jsonschema import Draft202012Validator

from bridge.sandbox import DEFAULT_CREDENTIALS

V1 = "/api/v1"


@pytest.fixture
def world(sqlite, sandbox, tmp_path, monkeypatch):
    """Parts whose store has one of everything, and rules that are in force."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    made = parts(sqlite, tmp_path)
    bench = make(sqlite, sandbox)
    made.rules.active = type(made.rules.active)(ruleset=bench.ruleset)
    return made


@pytest.fixture
def document(sqlite, tmp_path):
    return admin(parts(sqlite, tmp_path)).get(f"{V1}/openapi.json").json


def test_every_operation_is_described(document):
    """Summary, scope, an id of its own, and an example of what it takes and gives."""
    assert document["openapi"] == "3.1.0"
    found = [*operations(document)]
    ids = [operation["operationId"] for _, _, operation in found]
    assert len(ids) == len({*ids}) > 15
    for method, path, operation in found:
        place = f"{method} {path}"
        assert operation["summary"].endswith("."), place
        assert operation["x-scope"] in ("read", "operate", "reveal", "admin"), place
        assert operation["security"] == [{"token": [operation["x-scope"]]}], place
        assert answer(operation)[2] not in (None, {}, ""), place
        if "requestBody" in operation:
            assert given(operation) is not None, place


def test_examples_fit_their_schemas(document):
    """An example that its own schema refuses would mislead."""
    for method, path, operation in operations(document):
        for name, content in _contents(operation):
            schema = {**content["schema"], "components": document["components"]}
            wrong = [
                f"{error.json_path}: {error.message}"
                for error in Draft202012Validator(schema).iter_errors(
                    content["example"]
                )
            ]
            assert not wrong, f"{method} {path} {name}"


def test_examples_are_what_is_answered(world):
    """Each operation is asked as its example says; the answer has its status, keys and types, and no secret."""
    client, token = admin(world), bearer(world.database)
    document = client.get(f"{V1}/openapi.json").json
    wrong = []
    for method, path, operation in operations(document):
        status, media, example = answer(operation)
        url = f"{V1}{address(path, operation)}"
        told = client.open(url, method=method, headers=token, json=given(operation))
        text = told.get_data(as_text=True)
        assert CANARY not in text, path
        if (told.status_code, told.content_type.partition(";")[0]) != (status, media):
            wrong.append(f"{method} {url}: {told.status_code} {text}")
        elif media == "application/json" and (found := differs(example, told.json)):
            wrong.append(f"{method} {url}: {found}")
    assert not wrong, "\n".join(wrong)


def test_each_operation_needs_its_scope(world):
    """Without a token 401, with every scope but its own 403; neither tells anything else."""
    client = admin(world)
    scopes = ("read", "operate", "reveal", "admin")
    others = {
        one: bearer(world.database, scopes=[each for each in scopes if each != one])
        for one in scopes
    }
    for method, path, operation in operations(client.get(f"{V1}/openapi.json").json):
        url, body = f"{V1}{address(path, operation)}", given(operation)
        for headers, status in ({}, 401), (others[operation["x-scope"]], 403):
            told = client.open(url, method=method, headers=headers, json=body)
            assert told.status_code == status, (method, url)
            assert told.content_type == "application/problem+json"


def test_the_hooks_bind_never_serves_it(world):
    """Only the admin bind has the API."""
    from bridge.app import hooks_app

    told = hooks_app(world).test_client().get(f"{V1}/openapi.json")
    assert told.status_code == 404
    assert b"openapi" not in told.data


def _contents(operation):
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            if "example" in content:
                yield status, content
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield "body", content
