"""What HTTP allows in a request: names, values, and the query of an address."""

import pytest

from bridge.strict.outgoing import (
    header_name_problem,
    header_value_problem,
    is_header_name,
    with_query,
)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("X-Team", ""),
        ("Idempotency-Key", "is a header that only the bridge sets: name another"),
        ("Proxy-Whatever", "is a header that only the bridge sets: drop it"),
        ("a b", "is not a header name: use letters, digits and hyphens"),
    ],
)
def test_a_header_that_cannot_be_set_says_what_to_do(name, problem):
    """The fix is that of the name where it has one of its own."""
    assert header_name_problem(name, {"idempotency-key": "name another"}) == problem


def test_a_value_says_its_own_fix():
    """Who pasted a secret is told something else than who wrote a rule."""
    assert header_value_problem("a\n", "paste it again").endswith(": paste it again")
    assert header_value_problem("a b") == ""


def test_names_are_tokens():
    """RFC 9110, 5.6.2."""
    assert (
        is_header_name("x_|~") and not is_header_name("x:") and not is_header_name("")
    )


def test_a_query_goes_over_the_wire_percent_encoded():
    """A blank is no plus, a name may repeat, and no pairs leave no question mark."""
    pairs = [("q", "a b"), ("q", "ñ&")]
    assert with_query("/x", pairs) == "/x?q=a%20b&q=%C3%B1%26"
    assert with_query("/x", [("key", "<secret>")], safe="<>") == "/x?key=<secret>"
    assert with_query("/x", ()) == "/x"
