"""From the text of a data file, and a mapping file's own keys over it, to a Provider: all faults at once.

Reads no file itself (catalog.py does), and decides nothing about requests.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from marshmallow import ValidationError, post_load, validates_schema

from bridge.errors import ConfigurationError
from bridge.kinds import Choice, Flag, Group, Integer, List, Names, Text, flat
from bridge.model import Json, Money
from bridge.providers.alternatives import alternatives, without_place
from bridge.providers.content import CONTENT
from bridge.providers.fields import (
    EACH,
    HASH,
    Id,
    Marked,
    Place,
    Places,
    Single,
    Strict,
    Times,
)
from bridge.providers.greeting_schema import AnswersSchema, Handshakes
from bridge.providers.mask import carried, credentials, hides
from bridge.providers.recipe import (
    Provider,
    Reading,
    Unwrap,
    sources,
)
from bridge.providers.recipe_schema import PLACES, RecipeSchema
from bridge.providers.unwrap import FORMATS

_FOUND = ("header", "query", "body", "item")  # where the parts of an event may be


class RecipeError(ConfigurationError):
    """A data file or the `verify:` and `event:` of a source cannot be used; `findings`: dotted path → message."""

    reason = "recipe"

    def __init__(self, name: str, findings: Mapping[str, str]) -> None:
        listed = "; ".join(f"{path}: {text}" for path, text in findings.items())
        super().__init__(f"provider '{name}': {listed}")
        self.findings = dict(findings)


def build(name: str, data: Mapping[str, Json]) -> Provider:
    """The provider that a data file's content describes. Raises RecipeError with every finding."""
    verify = cast(dict[str, Json], data.get("verify") or {})
    written = {key: value for key, value in verify.items() if key != "or"}
    try:
        parts = _DATA_FILE.load({**data, **({"verify": written} if verify else {})})
        others = tuple(alternatives(verify))
    except ValidationError as error:
        raise RecipeError(name, dict(flat(error.messages))) from None
    provider = Provider(name=name, data=data, others=others, **parts)
    if any(hides(recipe, provider.event) for recipe in provider.recipes):
        problem = "is needed, without `unwrap`: the list whose elements carry the secret, which would be stored"
        raise RecipeError(name, {"event.items": problem})
    secret = tuple(one for recipe in provider.recipes for one in carried(recipe))
    event = replace(provider.event, secret_paths=provider.event.secret_paths + secret)
    return replace(provider, event=event)


def configure(
    provider: Provider,
    *,
    verify: Mapping[str, Json],
    event: Mapping[str, Json],
    **own: Json,
) -> Provider:
    """The provider with a mapping file's `verify:` (without its secrets) and `event:` laid over its data file.

    `own` are the file's `handshake:` and `answer:`, which stand for the data file's. Raises RecipeError. Another scheme
    than the data file's makes a new recipe; another place replaces the place.
    """
    known = cast(dict[str, Json], provider.data.get("verify") or {})
    if verify.get("scheme", known.get("scheme")) != known.get("scheme"):
        known = {}
    read = cast(dict[str, Json], provider.data.get("event") or {})
    if any(place in verify for place in PLACES):
        if "item" not in verify and known.get("items") == read.get("items"):
            read = {key: value for key, value in read.items() if key != "items"}
        known = without_place(known)
    merged = {**own, "verify": {**known, **verify}, "event": {**read, **event}}
    configured = build(provider.name, {**provider.data, **merged})
    if missing := dict(_missing(configured)) | dict(_idle(configured, verify)):
        raise RecipeError(provider.name, missing)
    return configured


def _missing(provider: Provider) -> Iterable[tuple[str, str]]:
    """What is still needed before anything can be verified."""
    recipe = provider.recipe
    if recipe is None:
        return
    if provider.needs_account and not recipe.account:
        yield "verify.account", "is needed: the sender's own id of this endpoint"


def _idle(provider: Provider, verify: Mapping[str, Json]) -> Iterable[tuple[str, str]]:
    """What a mapping file writes although nothing of the recipe uses it."""
    recipe = provider.recipe
    if recipe is None:
        return
    signed = {source.kind for source in sources(recipe.signed)}
    if "assign" in verify and not recipe.split:
        yield "verify.assign", "is not used without `split`"
    for key in ("url_decode", "url_port"):
        if key in verify and "url" not in signed:
            yield f"verify.{key}", "is not used: `url` is not among the signed parts"
    if "account" in verify and not provider.needs_account:
        yield "verify.account", "is not used: it is not among the signed parts"


class _Unwrap(Strict):
    source = Place("raw", "body", "query", data_key="from", required=True)
    format = Choice(choices=list(FORMATS), required=True, data_key="as")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Unwrap:
        return Unwrap(**data)


class EventSchema(Strict):
    id = Id(*_FOUND, "hash")
    type = Places(*_FOUND)
    time = Times(*_FOUND)
    live = Marked(*_FOUND)
    items = Single("body")
    each = List(items=Single("item"), least=0)
    unwrap = Group(schema=_Unwrap)
    volatile = List(items=Single("body", "item"), least=0)
    secret_paths = List(items=Single("body", "item", "query"), least=0)
    headers = List(items=Text(), least=0)
    content = List(items=Choice(choices=CONTENT))
    duplicate_keys = Choice(choices=["last", "refuse"])
    unreadable = Choice(choices=["keep", "refuse"])
    whole = Flag()
    thin = Flag()

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        if "each" in data and "items" not in data:
            raise ValidationError(
                {"items": ["is needed: the batch in whose items these lists are"]}
            )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Reading:
        if data.get("id") == EACH:
            data |= {"id": (), "each_delivery": True}
        elif data.get("id") == HASH:
            data["id"] = ()  # the whole hash, which is the id where there is no other
        named = {name.lower() for name in data.pop("headers", ())}
        used = [*data.get("id", ()), *data.get("type", ())]
        for time in data.get("time", ()):
            used += [time.source, *(place for place, _ in (*time.when, *time.unless))]
        used += [data["live"].source] if "live" in data else []
        named |= {one.name for places in used for one in places if one.kind == "header"}
        return Reading(headers=frozenset(named), **data)


class _Money(Strict):
    amounts = Choice(choices=["minor", "major"])
    exponents = Names(
        values=Integer(low=0, high=4),
        key=Text(pattern=".{3}", shape="a currency code", fix="write it like CLP"),
        may_be_empty=True,
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Money:
        return Money(**data)


class _Provider(Strict):
    title = Text(required=True)
    docs = Text(required=True)
    evidence = Text(required=True)
    recipe = Group(schema=RecipeSchema, data_key="verify")
    event = Group(schema=EventSchema)
    money = Group(schema=_Money)
    handshake = Handshakes()
    answers = Group(schema=AnswersSchema, data_key="answer")

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A header that proves or carries a credential is never shown to expressions."""
        shown = data["event"].headers if "event" in data else frozenset()
        hidden = credentials(data.get("recipe"))
        if carried := sorted(hidden & shown):
            message = (
                f"{', '.join(carried)} carries a proof or a credential: leave it out"
            )
            raise ValidationError({"event": {"headers": [message]}})


_DATA_FILE = _Provider()  # making one takes longer than reading a file with it
