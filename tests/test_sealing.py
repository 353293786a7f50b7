"""What is sealed opens with its key, in its place, and unchanged; everything else is told in words."""

import pytest

from bridge.errors import ConfigurationError
from bridge.sealing import Sealing

KEY = "0123456789abcdef"


def test_sealed_text_opens_again():
    """What was sealed comes back, never sealed the same way twice, and the text is not to be seen."""
    sealing = Sealing(KEY)
    first, second = (sealing.seal("refresh-tökén", "a") for _ in range(2))
    assert first != second and b"refresh" not in first
    assert Sealing(KEY).open(first, "a") == "refresh-tökén"


@pytest.mark.parametrize("change", ["key", "place", "bit", "cut", "empty", "foreign"])
def test_what_does_not_open(change):
    """Another key, another place, a changed bit, a cut text or something else: one sentence with what to do."""
    sealed = Sealing(KEY).seal("s3cret", "a")
    changed = {"bit": sealed[:-1] + bytes([sealed[-1] ^ 1]), "cut": sealed[:9]}
    changed |= {"empty": b"", "foreign": b"\x02" + sealed[1:]}
    key = KEY[::-1] if change == "key" else KEY
    about = "b" if change == "place" else "a"
    with pytest.raises(ConfigurationError, match="restore the former key"):
        Sealing(key).open(changed.get(change, sealed), about)


@pytest.mark.parametrize("key", ["", "short"])
def test_keys_that_protect_nothing(key):
    """Without a key, or with one that can be guessed, nothing is sealed."""
    with pytest.raises(ConfigurationError, match="BRIDGE_SECRET_KEY is") as raised:
        Sealing(key)
    assert "short:" not in str(raised.value)
