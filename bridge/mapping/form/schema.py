"""The shape of a mapping file: every key, its type and its description. Shape only: names are looked up elsewhere.

The keys of a source are in source_shape.py, those of a rule in rule_shape.py.
"""

from bridge.kinds import Choice, Group, Integer, Kind, List, Names
from bridge.mapping.form.keys import Either, Name, Scalar, Text
from bridge.mapping.form.keys_measured import Moment
from bridge.mapping.form.rule_shape import (
    DefaultsShape,
    OrderingShape,
    ResponseShape,
    RuleShape,
    anything,
    identifier,
)
from bridge.mapping.form.shape import Shape
from bridge.mapping.form.source_shape import SourceShape
from bridge.state import State


class ReplyShape(Shape):
    status = Integer("The status of the answer.", low=100, high=599, required=True)
    headers = Names("Its headers.", values=Text("A value."))
    body = Kind("Its body: text as it is, anything else as JSON.")


def _replies(**rest: bool) -> List:
    return List(
        "What the vendor answers, one per attempt.",
        items=Either(
            "An answer, or why there is none.",
            Choice("No answer came.", choices=("timeout", "refused")),
            Group("An answer.", schema=ReplyShape),
        ),
        **rest,
    )


def _fetched(**rest: bool) -> Either:
    return Either(
        "What the look-up of its source answers.",
        Text("A file with the answer, as JSON."),
        anything("The answer."),
        **rest,
    )


def _fetched_headers() -> Names:
    return Names(
        "Headers of that answer.", values=Scalar("A value."), may_be_empty=True
    )


class EndingShape(Shape):
    """What a test lets a vendor answer to one call, and what becomes of the call."""

    replies = _replies()
    final = Choice(
        "The state of the delivery after these replies, or before the first attempt.",
        choices=(State.DELIVERED, State.DEAD, State.HELD, "parked", State.WAITING),
        required=True,
    )


class AgainShape(Shape):
    """What a fresh look-up answers in a test, and what is expected of the rule then."""

    fetched = _fetched(required=True)
    fetched_headers = _fetched_headers()
    expect = Kind("The outcome of the call that was refused.", required=True)


class SecondLookShape(Shape):
    """The same of a call that is looked up again: what becomes of it is said of the call that is made then."""

    replies = _replies(required=True)
    again = Group(
        "The fresh look-up, and what it leads to.", schema=AgainShape, required=True
    )


class CaseShape(Shape):
    name = Text("One sentence.", meant=("id", "title", "test"), required=True)
    given = Text(
        "A recorded .http request or a bare .json body.",
        meant=("payload", "file", "input", "when", "request"),
        required=True,
    )
    patch = anything("Dotted path → value; null deletes.")
    fetched = _fetched()
    fetched_headers = _fetched_headers()
    at = Moment("When the event arrives.")
    expect = Names(
        "Rule → outcome; rules that are not named must be no_match.",
        values=Kind("An outcome."),
        meant=("expected", "then", "output"),
        may_be_empty=True,
        required=True,
    )


class FileShape(Shape):
    free_prefix = "x-"

    version = Integer("The version of this form: 1.", low=1, high=1, required=True)
    source = Either(
        "The source of the rules: declared here, or the name of one declared elsewhere.",
        Name("A source."),
        Group("A source.", schema=SourceShape),
    )
    connections = Names(
        "Connections by name.",
        values=Names("A connection.", values=Kind("An option.")),
        key=Name("A name."),
    )
    defaults = Group("Merged under every rule of this file.", schema=DefaultsShape)
    rules = List("The rules.", items=Group("A rule.", schema=RuleShape))
    tables = Names(
        "Tables by name.", values=anything("Key → value."), key=identifier("A name.")
    )
    tests = List("The tests.", items=Group("A test.", schema=CaseShape))


# Keys whose text is an expression by itself, without {{ and }}.
BARE = frozenset(
    name
    for shape in (DefaultsShape, OrderingShape, ResponseShape)
    for name, key in shape().fields.items()
    if isinstance(key, Text) and key.metadata["notation"] == "expression"
)
