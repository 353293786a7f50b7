"""Tokens for programs that use the API. A token is shown once; the store has its hash.

A token belongs to an account and may never do more than that account. While it is rotated two are valid.
"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import InputRefused, NotAllowed, NotThere
from bridge.model import Json
from bridge.services.accounts import known
from bridge.services.people import check_scopes, digest, scopes_of
from bridge.store import Database, Transaction, accounts, audit, tokens
from bridge.store.accounts import Account
from bridge.store.audit import By

LIFE = timedelta(days=90)
LONGEST = timedelta(days=3650)
OVERLAP = timedelta(hours=24)
_MARK = "bridge_"
_PREFIX = len(_MARK) + 6
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A new token. `token` is shown once."""

    token: str = field(repr=False)
    name: str
    prefix: str
    owner: str
    scopes: Sequence[str]
    expires_at: datetime


def add(
    database: Database,
    name: str,
    owner: str,
    scopes: Iterable[str],
    by: By,
    *,
    life: timedelta = LIFE,
    now: datetime,
) -> Made:
    """Makes a token. Raises InputRefused, and NotThere for the owner."""
    if not _NAME.fullmatch(name):
        raise InputRefused(
            f"{name!r} cannot be a token's name: use letters, digits and . _ -, at most 64"
        )
    if not timedelta(0) < life <= LONGEST:
        raise InputRefused("a token lives for 1 to 3650 days")
    given = check_scopes(scopes)

    def job(tx: Transaction) -> Made:
        accounts.begin(tx)
        account = known(tx, owner)
        own = scopes_of({"role": account.role, "reveals": account.reveals})
        if missing := sorted(given - own):
            raise InputRefused(
                f"{owner} does not have the scope {missing[0]}: a token may not do more than its owner"
            )
        if any(one["expires_at"] > now for one in tokens.listed(tx, name=name)):
            raise InputRefused(
                f"there is already a token {name}: rotate or revoke it, or use another name"
            )
        made = _make(tx, name, account, sorted(given), now + life, now)
        audit.record(tx, by, "token add", _subject(made), now)
        return made

    return database.write(job)


def listed(
    database: Database, *, owner: str | None = None, now: datetime
) -> Sequence[Mapping[str, Any]]:
    """The tokens, all or of an owner, the newest first; `state` is valid, rotating or expired."""
    with database.read() as tx:
        rows = tokens.listed(tx, owner=owner)
    newest: dict[str, Any] = {}
    for row in rows:
        newest.setdefault(row["name"], row["id"])
    return [{**row, "state": _state(row, newest, now)} for row in rows]


def rotate(
    database: Database,
    name: str,
    by: By,
    *,
    owner: str | None = None,
    overlap: timedelta = OVERLAP,
    now: datetime,
) -> Made:
    """Makes the next token of this name, which lives as long as the last one did; the last one ends after `overlap`.

    `owner`: only if it is this account's. Raises NotThere.
    """

    def job(tx: Transaction) -> Made:
        accounts.begin(tx)
        rows = _of(tx, name, owner)
        last, older = rows[0], rows[1:]
        for row in older:
            tokens.remove(tx, row["id"])
        if last["expires_at"] > now + overlap:
            tokens.expires(tx, last["id"], now + overlap)
        account = known(tx, last["owner"])
        life = max(last["expires_at"] - last["created_at"], timedelta(days=1))
        made = _make(tx, name, account, last["scopes"], now + life, now)
        audit.record(tx, by, "token rotate", _subject(made), now)
        return made

    return database.write(job)


def revoke(
    database: Database, name: str, by: By, *, owner: str | None = None, now: datetime
) -> int:
    """Ends the tokens of this name at once; how many there were. Raises NotThere."""

    def job(tx: Transaction) -> int:
        rows = _of(tx, name, owner)
        for row in rows:
            tokens.remove(tx, row["id"])
        audit.record(tx, by, "token revoke", {"token": name}, now)
        return len(rows)

    return database.write(job)


def _of(tx: Transaction, name: str, owner: str | None) -> Sequence[Mapping[str, Any]]:
    rows = tokens.listed(tx, name=name, owner=owner)
    if not rows:
        raise NotThere(f"there is no token {name!r}: `bridge token list` lists them")
    return rows


def _make(
    tx: Transaction,
    name: str,
    account: Account,
    scopes: Sequence[str],
    expires_at: datetime,
    now: datetime,
) -> Made:
    if account.disabled_at is not None:
        raise NotAllowed(f"the account {account.name} is disabled: enable it first")
    token = _MARK + secrets.token_urlsafe(32)
    made = Made(
        token=token,
        name=name,
        prefix=token[:_PREFIX],
        owner=account.name,
        scopes=scopes,
        expires_at=expires_at,
    )
    tokens.add(
        tx,
        hash=digest(token),
        prefix=made.prefix,
        name=name,
        account=account.id,
        scopes=[*scopes],
        expires_at=expires_at,
        now=now,
    )
    return made


def _subject(made: Made) -> Json:
    scopes: list[Json] = [*made.scopes]
    said: dict[str, Json] = {"token": made.name, "prefix": made.prefix}
    return {**said, "owner": made.owner, "scopes": scopes}


def _state(row: Mapping[str, Any], newest: Mapping[str, Any], now: datetime) -> str:
    if row["expires_at"] <= now:
        return "expired"
    return "valid" if newest[row["name"]] == row["id"] else "rotating"
