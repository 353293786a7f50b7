"""Names of two spellings are made one, in time that no sender can stretch."""

import time

import pytest

from bridge.strict.names import LONGEST, compose
from bridge.vendors.base import sends_json

# Marks that stand in the wrong order: composing them takes the square of their number.
MARKS = ("\u0315\u0300" * 30_000, "a" + "\u0315" * 30_000 + "\u0300" * 30_000)


def test_two_spellings_of_a_name_are_one():
    """A letter and its mark are what the one character for both is."""
    assert compose("Cotizacio\u0301n") == compose("Cotización") == "Cotización"


@pytest.mark.parametrize("marks", MARKS)
def test_a_run_of_marks_takes_no_time(marks):
    """60,000 marks, at which Unicode's own way takes seconds, stay as they are."""
    started = time.process_time()
    assert compose(marks) == marks
    compose(marks[-LONGEST:])
    assert time.process_time() - started < 0.1


def test_no_vendor_s_body_takes_seconds_to_build():
    """What a payload holds in place of a name of the vendor's goes out as it came, and at once."""
    started = time.process_time()
    call = sends_json("POST", "/", composed=["level"])({"level": MARKS[0]}, {})
    assert time.process_time() - started < 0.5
    assert MARKS[0].encode() in call.body
