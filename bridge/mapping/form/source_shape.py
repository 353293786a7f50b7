"""The keys of a source. Shape only: names are looked up elsewhere."""

from bridge.kinds import Group, Kind
from bridge.mapping.form.allow_shape import AllowShape
from bridge.mapping.form.keys import Name, Text
from bridge.mapping.form.keys_measured import Duration
from bridge.mapping.form.rule_shape import (
    DefaultsShape,
    Guarded,
    OneOrList,
    RetriesShape,
    anything,
)
from bridge.mapping.form.shape import Shape


class FetchRetriesShape(RetriesShape):
    """Asking twice does no harm, so nothing is ambiguous."""

    class Meta(Shape.Meta):
        exclude = ("on_ambiguous",)


class FetchShape(DefaultsShape):
    """A look-up: what a rule may say of its call, and what the answer is good for."""

    class Meta(Shape.Meta):
        fields = (
            "let",
            "when",
            "target",
            "connection",
            "auth",
            "fields_",
            "key",
            "cache",
            "retries",
        )

    key = Text(
        "The object: look-ups of one go one after another. Default: what is asked for.",
        notation="template",
    )
    cache = Duration("So long the same question gets the same answer. Default: never.")
    retries = Group("How long it is tried.", schema=FetchRetriesShape)


class SourceShape(Shape):
    name = Name("Declares POST /hooks/<name>.", required=True)
    provider = Name("How it signs and where id, type and time are. Default: the name.")
    verify = Guarded(
        "The secret (a list while rotating), and for `generic` how.",
        values=Kind("A value.", allow_none=True),
        meant=("secret", "auth", "signature"),
    )
    event = anything("Where id, type and time are, for a sender nobody knows.")
    handshake = OneOrList(
        "How the sender's check of the URL is answered, or a list for several checks.",
        values=Kind("A value.", allow_none=True),
    )
    answer = anything("What the sender is answered: accepted, duplicate, refused.")
    allow = Group(
        "From which networks requests are taken, of which content types, how large.",
        schema=AllowShape,
        meant=(
            "allowlist",
            "allow_list",
            "whitelist",
            "networks",
            "content_types",
            "max_body",
            "body_limit",
        ),
    )
    fetch = Group(
        "What is looked up before the rules are asked: they see the answer as `fetched`.",
        schema=FetchShape,
        meant=("lookup", "look_up", "enrich", "get"),
    )
