"""A kind of value has one name and one sentence, whoever wrote the value: for a rule, a source or a vendor."""

import pytest

from bridge import providers, vendors
from bridge.kinds import Flag, Group, Integer, List, Names, Text, kind_of
from bridge.mapping import build
from bridge.providers import RecipeError

RULE = """\
version: 1
source: { name: stripe, verify: { secret: { env: A } } }
rules:
  - id: paid
    target: tolky.update_ticket
    fields: { ticketId: b8c9f8c4-0b6a-4b2a-8f8f-0c9d9e2f5a1a, subject: a }
    auth: { bearer: { env: B } }
    ordering: { coalesce: text }
"""


@pytest.mark.parametrize(
    "kind, value",
    [
        (Text(), "text"),
        (Flag(), True),
        (List(items=Text()), ["text"]),
        (Names(values=Text()), {"name": "text"}),
        (Group(schema=vendors.operation("tolky.move_stage").schema), {}),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_kind_is_called_what_its_values_are_called(kind, value):
    """So "needs a mapping, this is text" has its words from one list."""
    assert kind.needs == kind_of(value)


def test_three_rooms_say_the_same():
    """Of text where true or false is needed."""
    said = "needs true or false, this is text"
    found = build({"a.yaml": RULE}, {"A": "s", "B": "t"}).findings
    assert f"'ordering.coalesce' {said}" in [one.message for one in found]
    tolky = vendors.operation("tolky.update_ticket")
    assert vendors.check_values(tolky, {"closed": "no"})["closed"].startswith(said)
    with pytest.raises(RecipeError) as caught:
        providers.configure(providers.get("stripe"), verify={}, event={"thin": "no"})
    assert caught.value.findings == {"event.thin": said}


@pytest.mark.parametrize(
    "kind, value",
    [
        (Text(), 5),
        (Text(), ""),
        (Flag(), "yes"),
        (Flag(), 1),
        (Integer(low=1, high=9), "5"),
        (Integer(low=1, high=9), True),
        (List(items=Text()), "a"),
        (List(items=Text()), []),
    ],
)
def test_nothing_is_taken_for_something_else(kind, value):
    """What looks like a value of a kind is none."""
    assert kind.problem(value)
