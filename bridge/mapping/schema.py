"""The shape of a mapping file: every key, its type and its description. Shape only: names are looked up elsewhere."""

import re
from typing import Any

from bridge.mapping.keys import (
    IDENTIFIER,
    Choice,
    Duration,
    Either,
    Flag,
    Integer,
    Key,
    List,
    Moment,
    Name,
    Names,
    Pattern,
    Scalar,
    Text,
)
from bridge.mapping.shape import Group, Shape

MAX_ITEMS = 1_000  # of for_each, per event and rule

_TARGET = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def _identifier(description: str, **rest: object) -> Pattern:
    form = "a name for expressions: letters, digits and '_', not a digit first"
    return Pattern(description, IDENTIFIER, form, example="invoice", **rest)


def _anything(description: str, **rest: Any) -> Names:
    return Names(description, Key("A value.", allow_none=True), **rest)


class SourceShape(Shape):
    name = Name("Declares POST /hooks/<name>.", required=True)
    provider = Name("How it signs and where id, type and time are. Default: the name.")
    verify = _anything(
        "The secret (a list while rotating), and for `generic` how.",
        meant=("secret", "auth", "signature"),
    )
    event = _anything("Where id, type and time are, for a sender nobody knows.")


class ForEachShape(Shape):
    in_ = Text(
        "An expression that gives a list.",
        notation="template",
        data_key="in",
        required=True,
    )
    as_ = _identifier("What expressions call the item: default `item`.", data_key="as")
    key = Text(
        "What tells items apart. Default: the item, else its index.",
        notation="template",
    )
    max = Integer("More items are an error. Default and most: 1000.", 1, MAX_ITEMS)


class OrderingShape(Shape):
    key = Text(
        "Deliveries of one key go one after another. Default: the ticket.",
        notation="template",
    )
    at = Text("An expression: the time that says what is newer.", notation="expression")
    stale = Choice("What happens to an update older than the last.", "skip", "send")
    coalesce = Flag("Of the updates that wait, only the newest is sent. Default false.")


class RetriesShape(Shape):
    max_attempts = Integer("Calls in all, the first included. Default 10.", 1, 100)
    max_age = Duration("Not tried longer than this. Default 4d.")
    initial = Duration("The first wait, doubled each time.")
    max_delay = Duration("No wait is longer. Default 1d.")
    on_ambiguous = Choice("When a call may have been applied.", "retry", "hold")


class ResponseShape(Shape):
    when = Text(
        "An expression over `response`: status, headers, body.",
        notation="expression",
        required=True,
    )
    do = Choice(
        "What such an answer means.", "retry", "fail", "ok", "ignore", required=True
    )
    note = Text("Why, for people.")


class DefaultsShape(Shape):
    """What a rule may hold and `defaults` may give it."""

    description = Text("For people.")
    mode = Choice(
        "shadow sends nothing, off does nothing.",
        "live",
        "shadow",
        "off",
        meant=("enabled", "disabled", "active"),
    )
    events = List(
        "Event types; * stands for anything.",
        Text("A type or pattern."),
        meant=("on", "type", "types", "trigger", "triggers"),
    )
    let = Names(
        "Names for expressions.",
        Scalar("A value."),
        _identifier("A name."),
        notation="template",
    )
    skip_if_missing = List(
        "Paths without which the rule is skipped.",
        Text("A path."),
        notation="expression",
    )
    when = Text(
        "An expression that gives true or false.",
        notation="expression",
        meant=("if", "condition", "filter", "match", "where"),
    )
    for_each = Group("One delivery per item of a list.", ForEachShape)
    target = Pattern(
        "vendor.operation",
        _TARGET,
        "a target such as vambe.update_amount",
        example="vambe.update_amount",
        meant=("action", "operation", "call", "to", "do"),
    )
    connection = Either(
        "Where and as whom: a name, or its options.",
        Name("A name under `connections`."),
        Names("Options.", Key("An option.")),
    )
    auth = Names("One scheme and its secret.", Key("The secret."))
    fields_ = Names(
        "What is sent.",
        Key("A value.", allow_none=True),
        notation="template",
        meant=("body", "data", "payload", "params", "with"),
        data_key="fields",
    )
    hold_if = Text(
        "An expression over `fields`: true waits for a person.", notation="expression"
    )
    ordering = Group("What is newer, and what waits for what.", OrderingShape)
    idempotency_key = Text("The same key is sent once.", notation="template")
    max_event_age = Duration("Older events are skipped.")
    retries = Group("How long it is tried.", RetriesShape)
    responses = List(
        "Answers that the rule judges itself; the first that fits counts.",
        Group("A kind of answer.", ResponseShape),
    )


class RuleShape(DefaultsShape):
    id = Name("Unique in all files.", meant=("name", "rule"), required=True)


class ReplyShape(Shape):
    status = Integer("The status of the answer.", 100, 599, required=True)
    headers = Names("Its headers.", Text("A value."))
    body = Key("Its body: text as it is, anything else as JSON.")


class EndingShape(Shape):
    """What a test lets a vendor answer to one call, and what becomes of the call."""

    replies = List(
        "What the vendor answers, one per attempt.",
        Either(
            "An answer, or why there is none.",
            Choice("No answer came.", "timeout", "refused"),
            Group("An answer.", ReplyShape),
        ),
    )
    final = Choice(
        "The state of the delivery after these replies, or before the first attempt.",
        "delivered",
        "dead",
        "held",
        "parked",
        "waiting",
        required=True,
    )


class CaseShape(Shape):
    name = Text("One sentence.", meant=("id", "title", "test"), required=True)
    given = Text(
        "A recorded .http request or a bare .json body.",
        meant=("payload", "file", "input", "when", "request"),
        required=True,
    )
    patch = _anything("Dotted path → value; null deletes.")
    at = Moment("When the event arrives.")
    expect = Names(
        "Rule → outcome; rules that are not named must be no_match.",
        Key("An outcome."),
        meant=("expected", "then", "output"),
        may_be_empty=True,
        required=True,
    )


class FileShape(Shape):
    free_prefix = "x-"

    version = Integer("The version of this form: 1.", 1, 1, required=True)
    source = Either(
        "The source of the rules: declared here, or the name of one declared elsewhere.",
        Name("A source."),
        Group("A source.", SourceShape),
    )
    connections = Names(
        "Connections by name.",
        Names("A connection.", Key("An option.")),
        Name("A name."),
    )
    defaults = Group("Merged under every rule of this file.", DefaultsShape)
    rules = List("The rules.", Group("A rule.", RuleShape))
    tables = Names("Tables by name.", _anything("Key → value."), _identifier("A name."))
    tests = List("The tests.", Group("A test.", CaseShape))


# Keys whose text is an expression by itself, without {{ and }}.
BARE = frozenset(
    name
    for shape in (DefaultsShape, OrderingShape, ResponseShape)
    for name, key in shape().fields.items()
    if isinstance(key, Text) and key.metadata["notation"] == "expression"
)
