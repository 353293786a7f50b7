"""How a recipe is written under `verify:`, and which recipes are refused.

A recipe that somebody without the secret could satisfy, or replay for ever under a new timestamp, is an error here.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, post_load, validates_schema
from marshmallow.validate import Equal

from bridge.kinds import Choice, Flag, Group, Integer, List, Names, Problems, Text
from bridge.providers.fields import Hosts, Place, Signed, Single, Strict
from bridge.providers.recipe import RAW, KeySource, Recipe, Timestamp, sources
from bridge.providers.schemes import SCHEMES
from bridge.providers.source import Alternatives, Source, parse
from bridge.providers.times import UNITS
from bridge.strict.outgoing import address_problem

PLACES = ("header", "query", "body", "path", "item")

_ALGORITHMS = dict.fromkeys(
    name for scheme in SCHEMES.values() for name in scheme.algorithms
)
_IAT = Timestamp(source=parse("field.iat", ["field"]))


class _Timestamp(Strict):
    source = Place("header", "field", "query", "body", data_key="from", required=True)
    unit = Choice(choices=UNITS)
    tolerance = Integer(low=1, high=3_600)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Timestamp:
        return Timestamp(**data)


class _Keys(Strict):
    url = Text()
    place = Place("header", "query", "body", data_key="from")
    hosts = Hosts()
    id = Place("header", "query", "body")

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        if ("url" in data) == ("place" in data) or ("hosts" in data) == ("url" in data):
            raise ValidationError(
                "takes {url: https://…}, or {from: place, hosts: […]}"
            )
        if problem := address_problem(data.get("url", "https://x").partition("?")[0]):
            raise ValidationError({"url": [problem]})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> KeySource:
        return KeySource(**data)


class _Offered(Choice):
    """The choices for editors to offer; which of them a recipe may take depends on its scheme."""

    def problem(self, value: object) -> Problems:
        return Text.problem(self, value)


class RecipeSchema(Strict):
    scheme = Choice(
        required=True,
        choices=list(SCHEMES),
        error_messages={"required": f"is needed: {', '.join(SCHEMES)}"},
    )
    header = Place("header", prefix="header.")
    query = Place("query", prefix="query.")
    body = Place("body", prefix="body.")
    path = Place(
        "path",
        prefix="path.",
        validate=Equal(parse("path.token", ["path"]), error="takes the word token"),
    )
    item = Place("item", prefix="item.")
    items = Single("body")
    split = Text()
    assign = Text()
    field = Text()
    prefix = Text(may_be_empty=True)
    suffix = Text(may_be_empty=True)
    encoding = Choice(choices=["hex", "base64"])
    algorithm = _Offered(choices=list(_ALGORITHMS))
    key = Choice(choices=["utf8", "hex", "base64"])
    key_prefix = Text(may_be_empty=True)
    kdf = Choice(choices=["sha1", "sha256"])
    published = List(items=Text(), least=0)
    account = Text()
    keys = Group(schema=_Keys)
    signed = Signed()
    timestamp = Group(schema=_Timestamp, allow_none=True)  # null: the sender has none
    url_decode = Text(may_be_empty=True)
    url_port = Choice(choices=["with", "without"])
    username = Text()
    claims = Names(values=Text(), key=Text(), may_be_empty=True)
    body_hash = Text()
    undated = Flag()

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """What single keys cannot know of each other."""
        scheme = SCHEMES[data["scheme"]]
        findings = {
            key: f"is not used by scheme {data['scheme']}"
            for key in set(data) - scheme.keys
        }
        findings |= _misplaced(data) | _misnamed(data)
        findings |= _unkeyed(data)
        if "signed" in scheme.keys:
            findings |= _unsafe(data)
        if findings:
            raise ValidationError({key: [text] for key, text in findings.items()})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Recipe:
        defaults = dict(SCHEMES[data["scheme"]].defaults)
        header = defaults.pop("header", None)
        if header and not any(kind in data for kind in PLACES):
            data["header"] = parse(f"header.{header}", ["header"])
        elif header:
            defaults.pop("prefix")  # the word before a credential of Authorization
        if data["scheme"] == "jwt":
            undated = data.pop("undated", False)
            data["timestamp"] = data.get("timestamp") or (None if undated else _IAT)
        place = next(data.pop(kind) for kind in PLACES if kind in data)
        return Recipe(place=place, **{**defaults, **data})


def _misplaced(data: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the places of the proof."""
    findings: dict[str, str] = {}
    scheme = SCHEMES[data["scheme"]]
    places = [place for place in PLACES if place in data]
    allowed = (0, 1) if "header" in scheme.defaults else (1,)
    if len(places) not in allowed:
        choices = [place for place in PLACES if place in scheme.keys]
        findings["header"] = f"write exactly one of {', '.join(choices)}"
    if data.get("field") and not data.get("split"):
        findings["field"] = "needs `split`, what separates the fields"
    kinds = {source.kind for source in sources(data.get("signed", RAW))}
    if "items" not in data and ("item" in data or "item" in kinds):
        findings["items"] = "is needed: the list whose elements carry their own proof"
    if "items" in data and "item" not in data:
        findings["item"] = "is needed: where in each element its proof is"
    return findings


def _unkeyed(data: Mapping[str, Any]) -> dict[str, str]:
    """Why the keys cannot be fetched."""
    keys: KeySource | None = data.get("keys")
    if keys is None or data["scheme"] != "jwt":
        return {}
    if data.get("algorithm", "").startswith("HS"):
        return {"keys": "are public: write the algorithm RS256 or ES256"}
    return {"keys.id": "is not used: a token names its key itself"} if keys.id else {}


def _misnamed(data: Mapping[str, Any]) -> dict[str, str]:
    """An algorithm that the scheme does not know; one that is needed has no default."""
    known = SCHEMES[data["scheme"]].algorithms
    given = data.get("algorithm", "sha256")
    if "algorithm" not in SCHEMES[data["scheme"]].keys or given in known:
        return {}
    return {"algorithm": f"must be one of {', '.join(known)}"}


def _unsafe(data: Mapping[str, Any]) -> dict[str, str]:
    """Why a recipe of signed parts could be passed by somebody without the secret, or replayed for ever."""
    findings: dict[str, str] = {}
    covered = set(sources(data.get("signed", RAW)))
    kinds = {source.kind for source in covered}
    if not kinds & {"raw", "crc32", "body", "query", "header", "item"}:
        findings["signed"] = "covers nothing that was sent: add raw"
    if "field" in kinds and not {"field", "split"} & data.keys():
        findings["signed"] = "has a field of the signature: say how it is `split`"
    if (data["scheme"] == "digest") != ("secret" in kinds):
        findings["signed"] = "only a digest has the part `secret`"
    stamp: Timestamp | None = data.get("timestamp")
    if stamp and not _covers(covered, kinds, stamp.source):
        findings["timestamp.from"] = (
            "is not among the signed parts: anyone could renew it"
        )
    return findings


def _covers(covered: set[Source], kinds: set[str], places: Alternatives) -> bool:
    return all(
        one in covered or (one.kind == "body" and "raw" in kinds) for one in places
    )
