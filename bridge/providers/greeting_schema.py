"""How `handshake:` and `answer:` are written, in data files and in mapping files."""

import re
from typing import Any, cast

from marshmallow import ValidationError, fields, post_load, validates_schema
from marshmallow.validate import OneOf, Range

from bridge.providers.fields import Hosts, Name, Place, Strict, When, literal, parsed
from bridge.providers.greeting import Answer, Confirm, Echo, Handshake, Literal

_PLAIN, _HASHED = {"from", "like", "spaces"}, {"hmac", "like", "encoding", "prefix"}
_MOST = 8


class Echoed(Place):
    """A place to give back, `{text: …}`, `{from: place}` to which `spaces` and `like` add, or `{hmac: place}`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return literal(value) or self._echo(value)

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

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        values = value if isinstance(value, list) else [value]
        return tuple(literal(one) or self._echo(one) for one in values)


class EchoedJson(Echoed):
    """What Echoed takes, a number or a flag."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool | int):
            return Literal(value=value)
        return super()._deserialize(value, *args, **kwargs)


class _Echo(Strict):
    like = fields.String()
    spaces = fields.Boolean(truthy={True}, falsy={False})
    encoding = fields.String(validate=OneOf(["hex", "base64"]))
    prefix = fields.String()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        try:
            re.compile(data.get("like", ""))
        except re.error:
            raise ValidationError("`like` is no regular expression") from None
        if (
            not data.get("prefix", "").isascii()
            or not data.get("prefix", "").isprintable()
        ):
            raise ValidationError("`prefix` is no plain text")
        return data


class _Confirm(Strict):
    place = Place("header", "query", "body", data_key="get", required=True)
    hosts = Hosts(required=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Confirm:
        return Confirm(**data)


class HandshakeSchema(Strict):
    when = When("method", "header", "query", "body", required=True)
    token = Place("header", "query", "body")
    signed = fields.Boolean(truthy={True}, falsy={False})
    status = fields.Integer(strict=True, validate=Range(200, 299))
    confirm = fields.Nested(_Confirm)
    learn = Place("header", "query", "body")
    text = EchoedText("header", "query", "body", "account")
    json = fields.Dict(keys=Name(), values=EchoedJson("header", "query", "body"))
    headers = fields.Dict(keys=Name(), values=Echoed("header", "query", "body"))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        if "confirm" in data and not data.get("signed"):
            message = "needs `signed: true`: no stranger says what the bridge asks"
            raise ValidationError({"confirm": [message]})

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Handshake:
        return Handshake(**data)


class Handshakes(fields.Field[tuple[Handshake, ...]]):
    """A check of the URL, or a list of them: the first that a request asks for is answered."""

    def _deserialize(
        self, value: Any, *args: Any, **kwargs: Any
    ) -> tuple[Handshake, ...]:
        if not isinstance(value, list):
            return (self._one(value),)
        if not 0 < len(value) <= _MOST:
            raise ValidationError(f"takes a list of 1 to {_MOST}")
        return tuple(map(self._one, value))

    @staticmethod
    def _one(value: Any) -> Handshake:
        return cast(Handshake, _HANDSHAKE.load(value))


class _Answer(Strict):
    status = fields.Integer(strict=True, required=True, validate=Range(200, 499))
    type = Name()
    body = fields.String()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Answer:
        headers = (("Content-Type", data["type"]),) if "type" in data else ()
        body = data.get("body", "").encode("utf-8")
        return Answer(status=data["status"], headers=headers, body=body)


class AnswersSchema(Strict):
    accepted = fields.Nested(_Answer)
    duplicate = fields.Nested(_Answer)
    refused = fields.Nested(_Answer)


_HANDSHAKE = HandshakeSchema()
