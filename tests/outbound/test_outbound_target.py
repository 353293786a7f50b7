"""From connections to targets: secrets resolved for one call, and shown nowhere."""

import pytest

from bridge.errors import ConfigurationError, MissingSecret, UnknownName
from bridge.model import Connection, SecretRef
from bridge.outbound import resolve_target

ENVIRON = {"KEY": "s3cret", "HOST": "https://erp.test/api", "EXTRA": "s3cret-extra"}


def env(name):
    return SecretRef(kind="env", name=name)


def connection(vendor, auth, **options):
    return Connection(name="c", vendor=vendor, options=options, auth=auth)


def test_own_address_and_credentials():
    """A vendor knows its own address and turns the secret into its own header."""
    target = resolve_target(connection("vambe", {"api_key": env("KEY")}), ENVIRON)
    assert (target.vendor, target.base_url) == ("vambe", "https://api.vambe.me")
    assert [(name.lower(), value) for name, value in target.headers] == [
        ("x-api-key", "s3cret")
    ]


def test_references_in_options():
    """base_url and static headers may be references; credentials come last, so that they win."""
    target = resolve_target(
        connection(
            "http",
            {"bearer": env("KEY")},
            base_url=env("HOST"),
            headers={"X-Extra": env("EXTRA"), "X-Type": "TICKET"},
        ),
        ENVIRON,
    )
    assert target.base_url == "https://erp.test/api"
    assert [(name.lower(), value) for name, value in target.headers] == [
        ("x-extra", "s3cret-extra"),
        ("x-type", "TICKET"),
        ("authorization", "Bearer s3cret"),
    ]


def test_repr_hides_secrets():
    """A target in a traceback or a log shows no secret."""
    oauth2 = {
        "token_url": "https://id.test/token",
        "client_id": env("KEY"),
        "client_secret": env("KEY"),
    }
    for auth in ({"bearer": env("KEY")}, {"oauth2": oauth2}):
        target = resolve_target(
            connection(
                "http",
                auth,
                base_url="https://erp.test",
                headers={"X-Extra": env("EXTRA")},
            ),
            ENVIRON,
        )
        assert "s3cret" not in repr(target)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (connection("vamb", {"api_key": env("KEY")}), UnknownName),
        (connection("vambe", {"api_key": env("UNSET")}), MissingSecret),
        (connection("vambe", {"oauth2": {"token_url": "x"}}), UnknownName),
        (connection("http", {"bearer": env("KEY")}), ConfigurationError),
        (
            connection("http", {"oauth2": {}}, base_url="https://erp.test"),
            ConfigurationError,
        ),
        (
            connection("http", {}, base_url="https://erp.test", headers="s3cret"),
            ConfigurationError,
        ),
    ],
)
def test_what_cannot_be_resolved(given, error):
    """An unknown vendor, an unset secret or a missing option is an error of configuration, without any value."""
    with pytest.raises(error) as raised:
        resolve_target(given, ENVIRON)
    assert "s3cret" not in str(raised.value)
