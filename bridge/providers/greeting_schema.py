"""How `handshake:` and `answer:` are written, in data files and in mapping files."""

import re
from typing import Any

from marshmallow import ValidationError, post_load, validates_schema

from bridge.kinds import Choice, Flag, Form, Forms, Group, Integer, Kind, Names, Text
from bridge.providers.fields import Hosts, Meant, Place, Strict, When, literal, parsed
from bridge.providers.greeting import Answer, Confirm, Echo, Handshake, Literal

_PLAIN, _HASHED = {"from", "like", "spaces"}, {"hmac", "like", "encoding", "prefix"}
_MOST = 8


class Echoed(Place):
    """A place to give back, `{text: …}`, `{from: place}` to which `spaces` and `like` add, or `{hmac: place}`."""

    def read(self, value: Any) -> Any:
        return literal(value) or self._echo(value)

    def json_form(self, forms: Forms) -> Form:
        return {}

    def _echo(self, value: Any) -> Echo:
        if not isinstance(value, dict):
            return Echo(source=parsed(value, self.kinds))
        keyed = "hmac" in value
        if not (
            {"from", "hmac"} & value.keys()
            and value.keys() <= (_HASHED if keyed else _PLAIN)
        ):
            raise ValidationError(
                "takes a place, {text: …}, {from: place, spaces: true, like: pattern}"
                " or {hmac: place, like: pattern, encoding: base64, prefix: text}"
            )
        own = _Echo().load(
            {key: one for key, one in value.items() if key not in ("from", "hmac")}
        )
        return Echo(
            source=parsed(value["hmac" if keyed else "from"], self.kinds),
            hmac=keyed,
            **own,
        )


class EchoedText(Echoed):
    """What Echoed takes, or a list of such."""

    def read(self, value: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        return tuple(literal(one) or self._echo(one) for one in values)


class EchoedJson(Echoed):
    """What Echoed takes, a number or a flag."""

    def read(self, value: Any) -> Any:
        if isinstance(value, bool | int):
            return Literal(value=value)
        return super().read(value)


class _Echo(Strict):
    like = Text(may_be_empty=True)
    spaces = Flag()
    encoding = Choice(choices=["hex", "base64"])
    prefix = Text(may_be_empty=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        try:
            re.compile(data.get("like", ""))
        except re.error:
            raise ValidationError("`like` is not a regular expression") from None
        if (
            not data.get("prefix", "").isascii()
            or not data.get("prefix", "").isprintable()
        ):
            raise ValidationError("`prefix` is not plain text")
        return data


class _Confirm(Strict):
    place = Place("header", "query", "body", data_key="get", required=True)
    hosts = Hosts(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Confirm:
        return Confirm(**data)


def _named(values: Kind) -> Names:
    """Any names with values of one kind, or none."""
    return Names(values=values, key=Text(), may_be_empty=True)


class HandshakeSchema(Strict):
    when = When("method", "header", "query", "body", required=True)
    token = Place("header", "query", "body")
    signed = Flag()
    status = Integer(low=200, high=299)
    confirm = Group(schema=_Confirm)
    learn = Place("header", "query", "body")
    text = EchoedText("header", "query", "body", "account")
    json = _named(EchoedJson("header", "query", "body"))
    headers = _named(Echoed("header", "query", "body"))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        if "confirm" in data and not data.get("signed"):
            message = "needs `signed: true`: no stranger says what the bridge asks"
            raise ValidationError({"confirm": [message]})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Handshake:
        return Handshake(**data)


class Handshakes(Meant):
    """A check of the URL, or a list of them: the first that a request asks for is answered."""

    def read(self, value: Any) -> Any:
        if not isinstance(value, list):
            return (_HANDSHAKE.deserialize(value),)
        if not 0 < len(value) <= _MOST:
            raise ValidationError(f"takes a list of 1 to {_MOST}")
        return tuple(map(_HANDSHAKE.deserialize, value))

    def json_form(self, forms: Forms) -> Form:
        one = _HANDSHAKE.json_form(forms)
        return {**one, "type": ["object", "array"], "items": one}


class _Answer(Strict):
    status = Integer(low=200, high=499, required=True)
    type = Text()
    body = Text(may_be_empty=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Answer:
        headers = (("Content-Type", data["type"]),) if "type" in data else ()
        body = data.get("body", "").encode("utf-8")
        return Answer(status=data["status"], headers=headers, body=body)


class AnswersSchema(Strict):
    accepted = Group(schema=_Answer)
    duplicate = Group(schema=_Answer)
    refused = Group(schema=_Answer)


_HANDSHAKE = Group(schema=HandshakeSchema)
