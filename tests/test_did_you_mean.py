"""The question for a misspelt name."""

import pytest

from bridge.did_you_mean import MEANT, did_you_mean, nearest

KNOWN = ("stripe", "hubspot", "mercadopago")


@pytest.mark.parametrize(
    ("word", "alike", "found"),
    [("strpe", 0.6, "stripe"), ("strpe", 0.95, ""), ("x", 0.6, ""), ("", 0.6, "")],
)
def test_the_nearest_name_is_asked_for(word, alike, found):
    """One name at the most, and none that is less alike than wanted."""
    assert nearest(word, KNOWN, alike) == found
    asked = did_you_mean(word, iter(KNOWN), alike)
    assert asked == (f"did you mean '{found}'?" if found else "")
    assert [*MEANT.findall(asked)] == [found] * bool(found)
