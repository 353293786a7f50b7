"""Signing in with a password, and the sessions that come of it. Guessing is limited over all processes and hosts.

An address that guesses is refused, and a name that is guessed at from many addresses is refused to strangers only: who
signed in to it from the same address in the last 30 days still can, so nobody can lock an account from outside.
"""

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from bridge.errors import NotSignedIn, TooManyTries
from bridge.model import Json
from bridge.services import passwords
from bridge.services.accounts import known
from bridge.services.people import IDLE, LONGEST, digest, is_alive
from bridge.store import (
    Database,
    Transaction,
    accounts,
    audit,
    made_keys,
    sessions,
    sign_ins,
)
from bridge.store.audit import By

WINDOW = timedelta(minutes=15)
# Wrong tries within WINDOW until the next one is refused: for a name from an address, from an address, for a name.
PAIR, ADDRESS, NAME = 5, 20, 50
_WRONG = "the name or the password is wrong"


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A new session: the token goes into the person's cookie, and nowhere else."""

    token: str = field(repr=False)
    name: str


def sign_in(
    database: Database,
    name: str,
    password: str,
    *,
    address: str,
    agent: str,
    now: datetime,
) -> Begun:
    """Begins a session. Raises NotSignedIn, with the same words and after the same time whatever was wrong.

    Raises TooManyTries after too many wrong ones, without looking at the password.
    """
    name, place = name.strip().lower(), network(address)
    tried = database.write(lambda tx: _try(tx, name, place, now))
    with database.read() as tx:
        account = accounts.named(tx, name)
    kept = account.password if account else None
    able = account is not None and account.disabled_at is None
    if not passwords.agrees(password, kept) or account is None or not able:
        raise NotSignedIn(_WRONG)
    begun = begin(database, account.id, name, address=address, agent=agent, now=now)
    database.write(lambda tx: sign_ins.was_right(tx, tried))
    return begun


def begin(
    database: Database,
    account: int,
    name: str,
    *,
    address: str,
    agent: str,
    now: datetime,
) -> Begun:
    """A session for somebody who proved who they are; ends those that no longer count."""
    token = secrets.token_urlsafe(32)

    def job(tx: Transaction) -> None:
        sessions.forget(tx, seen_before=now - IDLE, begun_before=now - LONGEST)
        sessions.begin(
            tx,
            hash=digest(token),
            account=account,
            address=address[:50],
            agent=agent[:200],
            now=now,
        )

    database.write(job)
    return Begun(token=token, name=name)


def sign_out(database: Database, token: str) -> None:
    """Ends the session of this token, if it has not ended."""
    with database.read() as tx:
        row = sessions.of(tx, digest(token))
    if row is not None:
        account, id = row["account"], row["id"]
        database.write(lambda tx: sessions.end(tx, account, only=id))


def of(database: Database, name: str, *, now: datetime) -> Sequence[Mapping[str, Any]]:
    """The sessions of an account that have not ended, the newest first. Raises NotThere."""
    with database.read() as tx:
        listed = sessions.of_account(tx, known(tx, name).id)
    shown = "id", "created_at", "seen_at", "address", "agent"
    return [{key: one[key] for key in shown} for one in listed if is_alive(one, now)]


def revoke(
    database: Database, name: str, by: By, *, only: int | None = None, now: datetime
) -> int:
    """Ends the sessions of an account, or only this one; how many there were. Raises NotThere."""

    def job(tx: Transaction) -> int:
        ended = sessions.end(tx, known(tx, name).id, only=only)
        if ended:
            subject: dict[str, Json] = {"account": name, "ended": ended}
            audit.record(tx, by, "user sessions", subject | {"session": only}, now)
        return ended

    return database.write(job)


def signing_key(database: Database, name: str) -> bytes:
    """The key that signs cookies, the same for all processes."""
    with database.read() as tx:
        key = made_keys.load(tx, name)
    return key or database.write(lambda tx: made_keys.make(tx, name))


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the 64 bits that one IPv6 customer has."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:50]
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped or parsed.version == 4:
        return str(mapped or parsed)
    return str(ip_network((parsed, 64), strict=False))


def _try(tx: Transaction, name: str, place: str, now: datetime) -> int:
    """Records a try; counted before the password is compared, so that many at once are no more than one by one."""
    sign_ins.begin(tx)
    who, since = sign_ins.hashed(name), now - WINDOW
    here = sign_ins.last_right(tx, who=who, address=place)
    # The person's own earlier mistakes are forgotten once they were right.
    pair = max(since, here) if here else since
    _require_fewer(
        sign_ins.wrong(tx, since=pair, limit=PAIR, who=who, address=place), PAIR, now
    )
    _require_fewer(
        sign_ins.wrong(tx, since=since, limit=ADDRESS, address=place), ADDRESS, now
    )
    if here is None:
        _require_fewer(sign_ins.wrong(tx, since=since, limit=NAME, who=who), NAME, now)
    return sign_ins.add(tx, who=who, address=place, now=now)


def _require_fewer(wrong: Sequence[datetime], limit: int, now: datetime) -> None:
    if len(wrong) < limit:
        return
    wait = math.ceil((min(wrong) + WINDOW - now).total_seconds())
    minutes = max(1, math.ceil(wait / 60))
    raise TooManyTries(
        f"too many wrong passwords: try again in {minutes} minute{'s' * (minutes > 1)}",
        wait=max(1, wait),
    )
