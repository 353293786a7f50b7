"""The keys of a rule. Shape only: names are looked up elsewhere."""

import re
from typing import Any

from bridge import vendors
from bridge.mapping.form.keys import (
    IDENTIFIER,
    Choice,
    EventType,
    Key,
    Name,
    Pattern,
    Scalar,
    Text,
)
from bridge.mapping.form.keys_holding import Either, FlagOrList, List, Names
from bridge.mapping.form.keys_measured import Duration, Integer
from bridge.mapping.form.problems import Problem
from bridge.mapping.form.shape import Group, Shape

MAX_ITEMS = 1_000  # of for_each, per event and rule

_TARGET = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def identifier(description: str, **rest: Any) -> Pattern:
    form = "a name for expressions: letters, digits and '_', not a digit first"
    return Pattern(description, IDENTIFIER, form, example="invoice", **rest)


def anything(description: str, **rest: Any) -> Names:
    return Names(description, Key("A value.", allow_none=True), **rest)


class Guarded(Names):
    """What is no mapping may be a secret: it is refused where it is masked, and where the fix is known."""

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        return super().problem(value) if isinstance(value, dict) else None


class OneOrList(Names):
    """A mapping, or a list of mappings."""

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        if not isinstance(value, list):
            return super().problem(value)
        said = self.metadata["description"]
        return List(said, Names(said, self.item)).problem(value)


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
    max = Integer("More items are an error. Default and most: 1000.", 1, MAX_ITEMS)


class OrderingShape(Shape):
    key = Text(
        "Deliveries of one key go one after another. Default: the ticket.",
        notation="template",
    )
    at = Text("An expression: the time that says what is newer.", notation="expression")
    stale = Choice("What happens to an update older than the last.", "skip", "send")
    coalesce = FlagOrList(
        "Of the updates that wait, only the newest is sent; a list names the fields that add up or are merged. Default"
        " false.",
        Text("A field."),
    )


class RetriesShape(Shape):
    max_attempts = Integer("Calls in all, the first included. Default 10.", 1, 100)
    max_age = Duration("Not tried longer than this. Default 4d.")
    initial = Duration("The first wait, doubled each time.")
    max_delay = Duration("No wait is longer. Default 1d.")
    max_retry_after = Duration("As long as an answer may ask to wait. Default 1h.")
    on_ambiguous = Choice("When a call may have been applied.", "retry", "hold")


class ResponseShape(Shape):
    when = Text(
        "An expression over `response`: status, headers, body.",
        notation="expression",
        required=True,
    )
    do = Choice(
        "What such an answer means.",
        "retry",
        "fail",
        "ok",
        "ignore",
        "look_up_again",
        required=True,
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
        EventType("A type or pattern."),
        meant=("on", "type", "types", "trigger", "triggers"),
    )
    let = Names(
        "Names for expressions.",
        Scalar("A value."),
        identifier("A name."),
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
        known=lambda: [operation.name for operation in vendors.operations()],
        meant=("action", "operation", "call", "to", "do"),
    )
    connection = Either(
        "Where and as whom: a name, or its options.",
        Name("A name under `connections`."),
        Names("Options.", Key("An option.")),
    )
    auth = Guarded("One scheme and its secret.", Key("The secret."))
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
