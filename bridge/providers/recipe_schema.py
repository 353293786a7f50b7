"""How a recipe is written under `verify:`, and which recipes are refused.

A recipe that somebody without the secret could satisfy, or replay for ever under a new timestamp, is an error here.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Range

from bridge.providers.fields import Name, Place, Signed, Strict
from bridge.providers.recipe import RAW, Recipe, Timestamp, sources
from bridge.providers.schemes import SCHEMES
from bridge.providers.source import Alternatives, Source, parse
from bridge.providers.times import UNITS

PLACES = ("header", "query", "body")


class _Timestamp(Strict):
    source = Place("header", "field", "query", "body", data_key="from", required=True)
    unit = fields.String(validate=OneOf(UNITS))
    tolerance = fields.Integer(strict=True, validate=Range(1, 3_600))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Timestamp:
        return Timestamp(**data)


class RecipeSchema(Strict):
    scheme = fields.String(
        required=True,
        validate=OneOf(list(SCHEMES)),
        error_messages={"required": f"is needed: {', '.join(SCHEMES)}"},
    )
    header = Place("header", prefix="header.")
    query = Place("query", prefix="query.")
    body = Place("body", prefix="body.")
    split = fields.String(validate=Length(1))
    assign = fields.String(validate=Length(1))
    field = Name()
    prefix = fields.String()
    encoding = fields.String(validate=OneOf(["hex", "base64"]))
    algorithm = fields.String(validate=OneOf(["sha1", "sha256", "sha512"]))
    key = fields.String(validate=OneOf(["utf8", "hex", "base64"]))
    key_prefix = fields.String()
    signed = Signed()
    timestamp = fields.Nested(_Timestamp)
    url_decode = fields.String()
    username = Name()

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """What single keys cannot know of each other."""
        scheme = SCHEMES[data["scheme"]]
        findings = {
            key: f"is not used by scheme {data['scheme']}"
            for key in set(data) - scheme.keys
        }
        places = [place for place in PLACES if place in data]
        if len(places) != 1 and "header" not in scheme.defaults:
            findings["header"] = "write exactly one of header, query and body"
        if data.get("field") and not data.get("split"):
            findings["field"] = "needs `split`, what separates the fields"
        if "signed" in scheme.keys:
            findings |= _unsafe(data)
        if findings:
            raise ValidationError({key: [text] for key, text in findings.items()})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Recipe:
        defaults = dict(SCHEMES[data["scheme"]].defaults)
        if header := defaults.pop("header", None):
            data["header"] = parse(f"header.{header}", ["header"])
        place = next(data.pop(kind) for kind in PLACES if kind in data)
        return Recipe(place=place, **{**defaults, **data})


def _unsafe(data: Mapping[str, Any]) -> dict[str, str]:
    """Why a recipe of signed parts could be passed by somebody without the secret, or replayed for ever."""
    findings: dict[str, str] = {}
    covered = set(sources(data.get("signed", RAW)))
    kinds = {source.kind for source in covered}
    if not kinds & {"raw", "body", "query", "header"}:
        findings["signed"] = "covers nothing that was sent: add raw"
    if "field" in kinds and "field" not in data:
        findings["signed"] = "has a field of the signature: name the proof's `field`"
    if (data["scheme"] == "digest") != ("secret" in kinds):
        findings["signed"] = "a digest has the part `secret`, an hmac has not"
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
