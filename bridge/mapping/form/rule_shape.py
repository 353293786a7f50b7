"""The keys of a rule. Shape only: names are looked up elsewhere."""

import re
from typing import Any

from bridge import vendors
from bridge.kinds import Choice, Group, Integer, Kind, List, Names, Problems
from bridge.mapping.form.keys import (
    IDENTIFIER,
    Either,
    EventType,
    FlagOrList,
    Name,
    Pattern,
    Scalar,
    Text,
)
from bridge.mapping.form.keys_measured import Duration
from bridge.mapping.form.shape import Shape

MAX_ITEMS = 1_000  # of for_each, per event and rule

_TARGET = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def identifier(description: str, **rest: Any) -> Pattern:
    form = "a name for expressions: letters, digits and '_', not a digit first"
    return Pattern(description, IDENTIFIER, form, example="invoice", **rest)


def anything(description: str, **rest: Any) -> Names:
    return Names(description, values=Kind("A value.", allow_none=True), **rest)


class Guarded(Names):
    """What is no mapping may be a secret: it is refused where it is masked, and where the fix is known."""

    def problem(self, value: object) -> Problems:
        return super().problem(value) if isinstance(value, dict) else ""


class OneOrList(Names):
    """A mapping, or a list of mappings."""

    def problem(self, value: object) -> Problems:
        if not isinstance(value, list):
            return super().problem(value)
        return List(items=Names(values=self.values)).problem(value)


class ForEachShape(Shape):
    in_ = Text(
        "An expression that gives a list.",
        notation="template",
        data_key="in",
        required=True,
    )
    as_ = identifier("What expressions call the item: default `item`.", data_key="as")
    key = Text(
        "What tells items apart. Default: the item, else its index.",
        notation="template",
    )
    max = Integer(
        "More items are an error. Default and most: 1000.", low=1, high=MAX_ITEMS
    )


class OrderingShape(Shape):
    key = Text(
        "Deliveries of one key go one after another. Default: the ticket.",
        notation="template",
    )
    at = Text("An expression: the time that says what is newer.", notation="expression")
    stale = Choice(
        "What happens to an update older than the last.", choices=("skip", "send")
    )
    coalesce = FlagOrList(
        "Of the updates that wait, only the newest is sent; a list names the fields that add up or are merged. Default"
        " false.",
        Text("A field."),
    )


class RetriesShape(Shape):
    max_attempts = Integer(
        "Calls in all, the first included. Default 10.", low=1, high=100
    )
    max_age = Duration("Not tried longer than this. Default 4d.")
    initial = Duration("The first wait, doubled each time.")
    max_delay = Duration("No wait is longer. Default 1d.")
    max_retry_after = Duration("As long as an answer may ask to wait. Default 1h.")
    on_ambiguous = Choice(
        "When a call may have been applied.", choices=("retry", "hold")
    )


class ResponseShape(Shape):
    when = Text(
        "An expression over `response`: status, headers, body.",
        notation="expression",
        required=True,
    )
    do = Choice(
        "What such an answer means.",
        choices=("retry", "fail", "ok", "ignore", "look_up_again"),
        required=True,
    )
    note = Text("Why, for people.")


class DefaultsShape(Shape):
    """What a rule may hold and `defaults` may give it."""

    description = Text("For people.")
    mode = Choice(
        "shadow sends nothing, off does nothing.",
        choices=("live", "shadow", "off"),
        meant=("enabled", "disabled", "active"),
    )
    events = List(
        "Event types; * stands for anything.",
        items=EventType("A type or pattern."),
        meant=("on", "type", "types", "trigger", "triggers"),
    )
    let = Names(
        "Names for expressions.",
        values=Scalar("A value."),
        key=identifier("A name."),
        notation="template",
    )
    skip_if_missing = List(
        "Paths without which the rule is skipped.",
        items=Text("A path."),
        notation="expression",
    )
    when = Text(
        "An expression that gives true or false.",
        notation="expression",
        meant=("if", "condition", "filter", "match", "where"),
    )
    for_each = Group("One delivery per item of a list.", schema=ForEachShape)
    target = Pattern(
        "vendor.operation",
        _TARGET,
        "a target such as vambe.update_amount",
        example="vambe.update_amount",
        known=lambda: [operation.name for operation in vendors.operations()],
        meant=("action", "operation", "call", "to", "do"),
    )
    connection = Either(
        "Where and as whom: a name, or its options.",
        Name("A name under `connections`."),
        Names("Options.", values=Kind("An option.")),
    )
    auth = Guarded("One scheme and its secret.", values=Kind("The secret."))
    fields_ = Names(
        "What is sent.",
        values=Kind("A value.", allow_none=True),
        notation="template",
        meant=("body", "data", "payload", "params", "with"),
        data_key="fields",
    )
    hold_if = Text(
        "An expression over `fields`: true waits for a person.", notation="expression"
    )
    ordering = Group("What is newer, and what waits for what.", schema=OrderingShape)
    idempotency_key = Text("The same key is sent once.", notation="template")
    max_event_age = Duration("Older events are skipped.")
    retries = Group("How long it is tried.", schema=RetriesShape)
    responses = List(
        "Answers that the rule judges itself; the first that fits counts.",
        items=Group("A kind of answer.", schema=ResponseShape),
    )


class RuleShape(DefaultsShape):
    id = Name("Unique in all files.", meant=("name", "rule"), required=True)
