"""Secrets are resolved when needed and never shown."""

import pytest

from bridge.errors import MissingSecret
from bridge.model import SecretRef
from bridge.secret import Secret, resolve, resolve_all


@pytest.mark.parametrize("show", [str, repr, "{}".format, "%s".__mod__])
def test_secret_shows_nothing(show):
    """Every usual way of turning it into text gives the mask."""
    assert show(Secret("s3cret")) == "<secret>"


def test_reveal_gives_the_value():
    """The value is there for who asks for it by name."""
    assert Secret("s3cret").reveal() == "s3cret"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_unset_or_empty_is_missing(value):
    """An empty secret would accept or send anything: it counts as missing."""
    environ = {} if value is None else {"NAME": value}
    with pytest.raises(MissingSecret, match="NAME"):
        resolve(SecretRef(kind="env", name="NAME"), environ)


def test_file_is_read_again(tmp_path):
    """A rotated file takes effect without a restart."""
    path = tmp_path / "key"
    ref = SecretRef(kind="file", name=str(path))
    path.write_text("one\n")
    assert resolve(ref).reveal() == "one"
    path.write_text("two\n")
    assert resolve(ref).reveal() == "two"


@pytest.mark.parametrize("content", [b"x" * 70_000, b"\xff\xfe"])
def test_file_that_is_no_secret_is_refused(tmp_path, content):
    """A huge or binary file is a wrong path, said without showing its content."""
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(MissingSecret):
        resolve(SecretRef(kind="file", name=str(tmp_path / "key")))


def test_nested_references_are_resolved():
    """References anywhere inside options and auth are replaced, the rest stays."""
    ref = SecretRef(kind="env", name="A")
    given = {"basic": {"username": "u", "password": ref}, "list": [ref, 1]}
    assert resolve_all(given, {"A": "x"}) == {
        "basic": {"username": "u", "password": "x"},
        "list": ["x", 1],
    }
