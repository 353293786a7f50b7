"""`auth: oauth2` in mapping files: what goes together, what does not, and how each is said."""

import pytest

from bridge import mapping
from bridge.mapping.jsonschema import mapping_schema
from bridge.outbound import resolve_target

PLAIN = {
    "token_url": "https://id.test/token",
    "client_id": "me",
    "client_secret": "{ env: SECRET }",
}
ENVIRON = {"SECRET": "s3cret", "OTHER": "0ther", "HOOKS": "h00ks"}


def written(changes):
    parts = {**PLAIN, **changes}
    lines = [f"        {key}: {value}" for key, value in parts.items() if value]
    return "\n".join(
        (
            "version: 1",
            "source: { name: shop, provider: stripe, verify: { secret: { env: HOOKS } } }",
            "connections:",
            "  crm:",
            "    vendor: http",
            "    base_url: https://crm.test",
            "    auth:",
            "      oauth2:",
            *lines,
            "rules:",
            "  - id: any",
            "    target: http.request",
            "    connection: crm",
            "    fields: { method: POST, path: /a }",
        )
    )


def wrong(loaded):
    """The findings but for the one that this file has no tests."""
    return [found for found in loaded.findings if found.code != "W601"]


@pytest.fixture
def load(tmp_path):
    def load(**changes):
        (tmp_path / "crm.yaml").write_text(written(changes))
        return mapping.load(tmp_path, ENVIRON)

    return load


def test_everything_that_can_be_said(load):
    """All keys reach the request for a token, references resolved, parameters in their order."""
    loaded = load(
        client_auth="body",
        scope="a b",
        audience="https://api.test",
        params="{ resource: https://a.test, api_key: { env: OTHER } }",
    )
    assert wrong(loaded) == []
    client = resolve_target(loaded.usable().connections["crm"], ENVIRON).oauth2
    assert (client.client_auth, client.audience) == ("body", "https://api.test")
    assert client.client_secret == "s3cret"
    assert client.params == (("resource", "https://a.test"), ("api_key", "0ther"))


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"client_auth": "post"}, "A403", "'oauth2.client_auth' is not one of basic, body, none"),
        ({"client_auth": "none"}, "A403", "cannot be combined with client_auth none"),
        ({"client_secret": ""}, "A403", "'oauth2.client_secret' is required"),
        ({"token_url": "https://id.test/t?tenant=1"}, "A403", "must end before the ?"),
        ({"token_url": "id.test/token"}, "A403", "must start with https://"),
        ({"params": "{ client_id: x }"}, "A403", "'oauth2.params.client_id' cannot be set in params"),
        ({"params": "{ scope: x }"}, "A403", "'oauth2.params.scope' cannot be set in params"),
        ({"params": "{ level: 7 }"}, "A403", "'oauth2.params.level' needs text"),
        ({"params": "{ level: null }"}, "A403", "'oauth2.params.level' needs text"),
        ({"params": "resource"}, "A403", "'oauth2.params' needs names with their values"),
        ({"params": "{ env: OTHER }"}, "A403", "'oauth2.params' needs names with their values"),
        ({"params": "{ password: hunter2 }"}, "A401", "is written into the file"),
        ({"params": "{ client_assertion: eyJ }"}, "A401", "is written into the file"),
        ({"client_secret": "hunter2"}, "A401", "is written into the file"),
        (
            {"params": "{ grant_type: password }", "refresh_token": "{ env: OTHER }"},
            "A403",
            "cannot be combined with refresh_token",
        ),
        ({"refresh_token": "hunter2"}, "A401", "is written into the file"),
        ({"audiense": "hunter2"}, "A403", "did you mean 'audience'?"),
        ({"xyz": "hunter2"}, "A403", "use token_url, client_id, client_secret, client_auth, scope"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(load, changes, code, words):
    """Each mistake is one finding at its own line that says the fix, and shows no secret."""
    [finding] = wrong(load(**changes))
    assert finding.code == code
    assert words in finding.message + finding.help
    assert "hunter2" not in finding.message + finding.help + finding.excerpt
    assert "oauth2" in finding.excerpt or "  " * 4 in finding.excerpt


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, 1),
        ({"BRIDGE_SECRET_KEY": "k" * 32}, 0),
        ({"BRIDGE_SECRET_KEY_FILE": "/k"}, 0),
    ],
)
def test_refresh_tokens_need_a_key(load, environ, missing):
    """Without BRIDGE_SECRET_KEY what follows a refresh token could not be kept: that is said before the first call."""
    ruleset = load(refresh_token="{ env: OTHER }").usable()
    found = mapping.missing_secrets(ruleset, {**ENVIRON, **environ})
    assert [one.code for one in found] == ["A402"] * missing
    assert all("BRIDGE_SECRET_KEY is not set" in one.message for one in found)


CERTIFICATE = """version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: HOOKS } } }
connections:
  crm: { vendor: http, base_url: "https://crm.test", CERTIFICATE }
rules:
  - { id: any, target: http.request, connection: crm, fields: { method: POST, path: /a } }
"""
BOTH = "client_certificate: { file: /c.pem }, client_key: { file: /k.pem }"


@pytest.mark.parametrize(
    ("written", "code", "words"),
    [
        ("client_key: { file: /k.pem }", "M102", "'client_key' means nothing without client_certificate"),
        ("client_key_password: { env: P }", "M102", "'client_key_password' means nothing without"),
        ("client_certificate: /c.pem, client_key: { file: /k.pem }", "A401", "'client_certificate' is written into"),
        ("client_certificate: { file: /c.pem }, client_key: '-----BEGIN PRIVATE KEY-----'", "A401", "'client_key'"),
        ("client_cert: { file: /c.pem }", "M101", "did you mean 'client_certificate'?"),
    ],
)  # fmt: skip
def test_wrong_certificates(tmp_path, written, code, words):
    """Each is one finding; a key that was pasted into the file is not shown."""
    (tmp_path / "a.yaml").write_text(CERTIFICATE.replace("CERTIFICATE", written))
    [finding] = wrong(mapping.load(tmp_path, ENVIRON))
    assert finding.code == code
    assert words in finding.message + finding.help
    assert "PRIVATE KEY" not in finding.message + finding.excerpt


def test_a_certificate_without_tls(tmp_path):
    """Plain http shows no certificate: it is not passed over in silence."""
    text = CERTIFICATE.replace("CERTIFICATE", BOTH).replace("https://crm", "http://crm")
    (tmp_path / "a.yaml").write_text(text)
    [finding] = wrong(mapping.load(tmp_path, ENVIRON))
    assert "cannot be used with a plain http base_url" in finding.message
    assert finding.help == "write https"


def test_a_file_that_is_no_pem_is_found_with_the_secrets(tmp_path):
    """A certificate in another form is an error at its reference, before the first call."""
    for name in ("c", "k"):
        (tmp_path / f"{name}.pem").write_text("0\x82 s3cret")
    text = CERTIFICATE.replace("CERTIFICATE", BOTH.replace("/", f"{tmp_path}/"))
    ruleset = mapping.build({"a.yaml": text}, ENVIRON).usable()
    found = mapping.missing_secrets(ruleset, ENVIRON)
    assert [one.code for one in found] == ["A406", "A406"]
    assert all("in PEM" in one.message and "s3cret" not in one.message for one in found)


def test_editors_know_the_keys():
    """The JSON schema offers the ways to prove a client, and takes parameters as text or by reference."""
    form = mapping_schema()["definitions"]["http.auth"]["properties"]["oauth2"]
    assert form["properties"]["client_auth"] == {"enum": ["basic", "body", "none"]}
    assert form["required"] == ["token_url", "client_id"]
    assert form["properties"]["params"]["type"] == "object"


def test_a_connection_survives_its_keeping(load):
    """A delivery keeps its connection as JSON: parameters come back as they were."""
    from bridge.store import specs

    changes = {"params": "{ resource: https://a.test, api_key: { env: OTHER } }"}
    connection = load(**changes).usable().connections["crm"]
    kept = specs.from_json(specs.to_json(connection))
    assert (kept.auth, kept.options) == (connection.auth, connection.options)
