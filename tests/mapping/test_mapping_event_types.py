"""Patterns of event types: what they fit, and that no type makes them slow."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.rules.event_types import type_pattern

PARTS = st.text("ab.*", max_size=8)


@given(PARTS, st.text("ab.\n", max_size=12))
def test_a_star_stands_for_anything(pattern, kind):
    """The fast form fits exactly what the plain one fits."""
    plain = re.compile(re.escape(pattern).replace(r"\*", ".*"), re.DOTALL)
    assert bool(type_pattern([pattern]).fullmatch(kind)) is bool(plain.fullmatch(kind))


def test_several_patterns_are_tried_in_turn():
    """One that fits is enough."""
    types = type_pattern(["invoice.paid", "deal.*", "*.deleted"])
    fitting = ["invoice.paid", "deal.x", "a.b.deleted"]
    assert all(map(types.fullmatch, fitting))
    assert not types.fullmatch("invoice.paid.twice")


@pytest.mark.parametrize("pattern", ["*.*.*.*.*.*.x", "*a*a*a*a*a*b"])
def test_no_type_makes_a_pattern_slow(pattern):
    """A sender chooses the type: 200 characters, all of which a star might take."""
    started = time.process_time()
    assert not type_pattern([pattern]).fullmatch(pattern[1] * 200)
    assert time.process_time() - started < 0.1
