"""Who asks, and what they may do: the person behind a session or a token.

accounts.py makes accounts, signing_up.py signs people in, tokens.py makes tokens. Nothing here knows HTTP.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import InputRefused, NotAllowed
from bridge.store import Database, sessions, tokens
from bridge.store.audit import By

READ, OPERATE, REVEAL, ADMIN = "read", "operate", "reveal", "admin"
# Each scope, and what it lets people do.
SCOPES = {
    READ: "look at everything, with secrets and personal content masked",
    OPERATE: "retry, release, cancel, replay, pause",
    REVEAL: "see masked content, with a reason",
    ADMIN: "manage people and their tokens",
}
ROLES = {
    "viewer": frozenset({READ}),
    "operator": frozenset({READ, OPERATE}),
    "admin": frozenset(SCOPES),
}

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# A session or token that was seen so recently is not written again.
_FRESH = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody who proved who they are. `via` says how: `session 4`, `token deploy`."""

    name: str
    role: str
    scopes: frozenset[str]
    via: str

    def may(self, scope: str) -> bool:
        """Whether this person has the scope."""
        return scope in self.scopes

    def require(self, scope: str) -> None:
        """Raises NotAllowed without the scope."""
        if not self.may(scope):
            raise NotAllowed(
                f"{self.name} may not do this: it needs the scope {scope}, which an admin can give"
            )

    def by(self, reason: str = "") -> By:
        """For the audit trail."""
        kind, _, name = self.via.partition(" ")
        person = f"{self.name} (token {name})" if kind == "token" else self.name
        return By(person=person, reason=reason)


def digest(token: str) -> str:
    """What the store keeps of a token, which is too random to be guessed from it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def of_session(
    database: Database, token: str, *, now: datetime, polls: bool = False
) -> Person | None:
    """The person whose session this is; None if it ended. A poll does not keep it alive."""
    with database.read() as tx:
        row = sessions.of(tx, digest(token))
    if row is None or row["disabled_at"] is not None or not is_alive(row, now):
        return None
    if not polls and now - row["seen_at"] >= _FRESH:
        database.write_soon(lambda tx: sessions.seen(tx, row["id"], now))
    return Person(
        name=row["name"],
        role=row["role"],
        scopes=scopes_of(row),
        via=f"session {row['id']}",
    )


def of_token(database: Database, token: str, *, now: datetime) -> Person | None:
    """The person who answers for this token; None if it expired or was revoked."""
    with database.read() as tx:
        row = tokens.of(tx, digest(token))
    if row is None or row["disabled_at"] is not None or row["expires_at"] <= now:
        return None
    if row["used_at"] is None or now - row["used_at"] >= _FRESH:
        database.write_soon(lambda tx: tokens.used(tx, row["id"], now))
    return Person(
        name=row["owner"],
        role=row["role"],
        # What its owner lost, the token lost too.
        scopes=scopes_of(row) & frozenset(row["scopes"]),
        via=f"token {row['name']}",
    )


def is_alive(session: Mapping[str, Any], now: datetime) -> bool:
    """Whether a session still counts."""
    seen_at: datetime = session["seen_at"]
    created_at: datetime = session["created_at"]
    return now - seen_at < IDLE and now - created_at < LONGEST


def scopes_of(account: Mapping[str, Any]) -> frozenset[str]:
    """The scopes of an account's role, and `reveal` if the account has it besides."""
    own = ROLES.get(account["role"], frozenset())
    return own | {REVEAL} if account["reveals"] else own


def check_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes, if there are such. Raises InputRefused."""
    given = frozenset(scopes)
    if not given or not given <= SCOPES.keys():
        raise InputRefused(f"the scopes must be among {', '.join(SCOPES)}")
    return given
