"""People and tokens: accounts, their sessions, and the tokens of programs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate

from bridge.api.access import who
from bridge.api.fields import Flag, Moment, Text, Whole, page_of
from bridge.api.resource import Resource, parts
from bridge.services import accounts, passwords, sessions, tokens
from bridge.services.people import ROLES, SCOPES

blueprint = Resource("people", "People, their sessions, and the tokens of programs.")

_ANA = {
    "name": "ana",
    "role": "operator",
    "reveals": False,
    "signs_in": "password",
    "disabled_at": None,
    "created_at": "2026-11-30T09:00:00.000000Z",
    "sessions": 1,
    "seen_at": "2026-11-30T09:00:00.000000Z",
}
_TOKEN = {
    "name": "deploy",
    "prefix": "bridge_x7Kp2Q",
    "owner": "ana",
    "scopes": ["read"],
    "expires_at": "2027-02-28T09:00:00.000000Z",
}


class PersonSchema(Schema):
    """An account."""

    name = fields.String(required=True)
    role = fields.String(required=True)
    reveals = fields.Boolean(required=True)
    signs_in = fields.String(required=True)
    disabled_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)
    sessions = fields.Integer(required=True)
    seen_at = Moment(required=True, allow_none=True)


class NewPersonSchema(Schema):
    """Whom to add. Without a password the answer has a new one, once."""

    name = Text(required=True, most=64)
    role = fields.String(required=True, validate=validate.OneOf([*ROLES]))
    reveals = Flag(load_default=False)
    password = Text(load_default=None, allow_none=True, most=passwords.LONGEST)
    reason = Text(load_default="")


class PersonChangeSchema(Schema):
    """What to change; what is left out stays."""

    role = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf([*ROLES])
    )
    reveals = Flag(load_default=None, allow_none=True)
    disabled = Flag(load_default=None, allow_none=True)
    reason = Text(load_default="")


class MadePasswordSchema(Schema):
    """A new account. `password` is null if it was given."""

    name = fields.String(required=True)
    password = fields.String(required=True, allow_none=True)


class SessionSchema(Schema):
    """A sign-in to the console that has not ended."""

    id = fields.Integer(required=True)
    created_at = Moment(required=True)
    seen_at = Moment(required=True)
    address = fields.String(required=True)
    agent = fields.String(required=True)


class TokenSchema(Schema):
    """A token, without the token itself."""

    name = fields.String(required=True)
    prefix = fields.String(required=True)
    owner = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    expires_at = Moment(required=True)


class SeenTokenSchema(TokenSchema):
    """A token, and how it is used."""

    created_at = Moment(required=True)
    used_at = Moment(required=True, allow_none=True)
    state = fields.String(required=True)


class MadeTokenSchema(TokenSchema):
    """A new token. It is shown only here."""

    token = fields.String(required=True)


class NewTokenSchema(Schema):
    """What to make."""

    name = Text(required=True, most=64)
    owner = Text(required=True, most=64)
    scopes = fields.List(
        fields.String(validate=validate.OneOf([*SCOPES])), required=True
    )
    days = Whole(load_default=tokens.LIFE.days, least=1, most=tokens.LONGEST.days)
    reason = Text(load_default="")


class RotateSchema(Schema):
    """How long the old token stays valid."""

    hours = Whole(load_default=24, least=0, most=24 * 365)
    reason = Text(load_default="")


class PersonReasonSchema(Schema):
    """Why."""

    reason = Text(load_default="")


class PersonDoneSchema(Schema):
    """What was done."""

    message = fields.String(required=True)


@blueprint.operation(
    "GET",
    "/people",
    scope="admin",
    gives=page_of(PersonSchema),
    example={"data": [_ANA], "next": None},
)
def list_people() -> Any:
    """List the accounts, by name."""
    return {"data": accounts.listed(parts().database, now=_now()), "next": None}


@blueprint.operation(
    "POST",
    "/people",
    scope="admin",
    status=201,
    body=NewPersonSchema,
    given={"name": "bernardo", "role": "viewer"},
    gives=MadePasswordSchema,
    example={"name": "bernardo", "password": "v1Yc0…"},
)
def add_person(body: dict[str, Any]) -> Any:
    """Add an account."""
    made = None if body["password"] is not None else passwords.made()
    accounts.add(
        parts().database,
        body["name"],
        body["role"],
        made or body["password"],
        who().by(body["reason"]),
        reveals=body["reveals"],
        now=_now(),
    )
    return {"name": body["name"], "password": made}


@blueprint.operation(
    "GET",
    "/people/<name>",
    scope="admin",
    gives=PersonSchema,
    example=_ANA,
    parameters={"name": "ana"},
)
def show_person(name: str) -> Any:
    """Show an account."""
    return accounts.shown(parts().database, name, now=_now())


@blueprint.operation(
    "PATCH",
    "/people/<name>",
    scope="admin",
    body=PersonChangeSchema,
    given={"role": "operator"},
    gives=PersonSchema,
    example=_ANA,
    parameters={"name": "ana"},
)
def change_person(name: str, body: dict[str, Any]) -> Any:
    """Change what an account may do, or disable it. It takes effect at once."""
    database, by, now = parts().database, who().by(body["reason"]), _now()
    before = accounts.shown(database, name, now=now)
    role = body["role"] or before.role
    reveals = before.reveals if body["reveals"] is None else body["reveals"]
    if (role, reveals) != (before.role, before.reveals):
        accounts.set_role(database, name, role, by, reveals=reveals, now=now)
    if body["disabled"] is not None and body["disabled"] != bool(before.disabled_at):
        act = accounts.disable if body["disabled"] else accounts.enable
        act(database, name, by, now=now)
    return accounts.shown(database, name, now=now)


@blueprint.operation(
    "POST",
    "/people/<name>/remove",
    scope="admin",
    body=PersonReasonSchema,
    given={"reason": "left the company"},
    gives=PersonDoneSchema,
    example={"message": "ben was removed"},
    parameters={"name": "ben"},
)
def remove_person(name: str, body: dict[str, Any]) -> Any:
    """Remove an account with its sessions and tokens."""
    accounts.remove(parts().database, name, who().by(body["reason"]), now=_now())
    return {"message": f"{name} was removed"}


@blueprint.operation(
    "GET",
    "/people/<name>/sessions",
    scope="admin",
    gives=page_of(SessionSchema),
    example={
        "data": [
            {
                "id": 1,
                "created_at": "2026-11-30T09:00:00.000000Z",
                "seen_at": "2026-11-30T09:00:00.000000Z",
                "address": "192.0.2.7",
                "agent": "Mozilla/5.0",
            }
        ],
        "next": None,
    },
    parameters={"name": "ana"},
)
def list_sessions(name: str) -> Any:
    """List the open sessions of an account, newest first."""
    return {"data": sessions.of(parts().database, name, now=_now()), "next": None}


@blueprint.operation(
    "POST",
    "/people/<name>/sessions/end",
    scope="admin",
    body=PersonReasonSchema,
    given={"reason": "a lost laptop"},
    gives=PersonDoneSchema,
    example={"message": "1 ended"},
    parameters={"name": "ana"},
)
def end_sessions(name: str, body: dict[str, Any]) -> Any:
    """End all sessions of an account."""
    by = who().by(body["reason"])
    ended = sessions.revoke(parts().database, name, by, now=_now())
    return {"message": f"{ended} ended"}


@blueprint.operation(
    "GET",
    "/tokens",
    scope="admin",
    gives=page_of(SeenTokenSchema),
    example={
        "data": [
            _TOKEN
            | {
                "created_at": "2026-11-30T09:00:00.000000Z",
                "used_at": None,
                "state": "valid",
            }
        ],
        "next": None,
    },
)
def list_tokens() -> Any:
    """List the tokens, newest first."""
    return {"data": tokens.listed(parts().database, now=_now()), "next": None}


@blueprint.operation(
    "POST",
    "/tokens",
    scope="admin",
    status=201,
    body=NewTokenSchema,
    given={"name": "deploy-2", "owner": "ana", "scopes": ["read"]},
    gives=MadeTokenSchema,
    example=_TOKEN | {"name": "deploy-2", "token": "bridge_x7Kp2Q…"},
)
def add_token(body: dict[str, Any]) -> Any:
    """Make a token. It may never do more than its account."""
    return tokens.add(
        parts().database,
        body["name"],
        body["owner"],
        body["scopes"],
        who().by(body["reason"]),
        life=timedelta(days=body["days"]),
        now=_now(),
    )


@blueprint.operation(
    "POST",
    "/tokens/<name>/rotate",
    scope="admin",
    status=201,
    body=RotateSchema,
    given={"hours": 24},
    gives=MadeTokenSchema,
    example=_TOKEN | {"token": "bridge_Tn41mB…"},
    parameters={"name": "deploy"},
)
def rotate_token(name: str, body: dict[str, Any]) -> Any:
    """Make the next token of this name; the old one stays valid for a while."""
    by, overlap = who().by(body["reason"]), timedelta(hours=body["hours"])
    return tokens.rotate(parts().database, name, by, overlap=overlap, now=_now())


@blueprint.operation(
    "POST",
    "/tokens/<name>/revoke",
    scope="admin",
    body=PersonReasonSchema,
    given={"reason": "it leaked"},
    gives=PersonDoneSchema,
    example={"message": "2 revoked"},
    parameters={"name": "deploy"},
)
def revoke_token(name: str, body: dict[str, Any]) -> Any:
    """End the tokens of this name at once."""
    ended = tokens.revoke(parts().database, name, who().by(body["reason"]), now=_now())
    return {"message": f"{ended} revoked"}


def _now() -> datetime:
    return datetime.now(UTC)
