"""Accounts: making, changing and removing them. Each change is in the audit trail, in the transaction that makes it.

There is no default account and no default password: somebody with access to the machine makes the first account.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.errors import InputRefused, NotSignedIn, NotThere
from bridge.model import Json
from bridge.services import passwords
from bridge.services.people import ROLES, digest, is_alive
from bridge.store import Database, Transaction, accounts, audit, sessions, sign_ins
from bridge.store.accounts import Account
from bridge.store.audit import By

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An account as people see it."""

    name: str
    role: str
    reveals: bool
    signs_in: str
    disabled_at: datetime | None
    created_at: datetime
    sessions: int
    seen_at: datetime | None


def there_are(database: Database) -> bool:
    """Whether anybody has an account."""
    with database.read() as tx:
        return accounts.there_are(tx)


def signed_on(
    database: Database, subject: str, name: str, role: str, *, now: datetime
) -> Account:
    """The account of a person who signed in elsewhere, with the role that they have now; made at the first time.

    Raises NotSignedIn if somebody else has the name, or the account is disabled.
    """
    if not _NAME.fullmatch(name):
        raise NotSignedIn(f"the name {name[:64]!r} cannot be the name of an account")
    by = By(person=name, reason="single sign-on")

    def job(tx: Transaction) -> Account | None:
        accounts.begin(tx)
        found = accounts.of_subject(tx, subject)
        said: dict[str, Json] = {"account": found.name if found else name, "role": role}
        if found is None:
            own = {"name": name, "role": role, "subject": subject}
            if not accounts.add(tx, now=now, **own):
                return None
            audit.record(tx, by, "user add", said, now)
        elif found.role != role:
            accounts.change(tx, found.id, role=role)
            audit.record(tx, by, "user role", said, now)
        return accounts.of_subject(tx, subject)

    account = database.write(job)
    if account is None:
        raise NotSignedIn(f"there is already another account {name}")
    if account.disabled_at is not None:
        raise NotSignedIn(f"the account {account.name} is disabled")
    return account


def listed(database: Database, *, now: datetime) -> Sequence[Shown]:
    """All accounts, by name."""
    with database.read() as tx:
        return [_shown(tx, one, now) for one in accounts.listed(tx)]


def shown(database: Database, name: str, *, now: datetime) -> Shown:
    """One account. Raises NotThere."""
    with database.read() as tx:
        return _shown(tx, known(tx, name), now)


def add(
    database: Database,
    name: str,
    role: str,
    password: str | None,
    by: By,
    *,
    reveals: bool = False,
    now: datetime,
) -> None:
    """Makes an account; without a password it can only have tokens. Raises InputRefused."""
    if not _NAME.fullmatch(name):
        raise InputRefused(
            f"{name!r} cannot be a name: use small letters, digits and . _ @ + -, at most 64"
        )
    _check_role(role)
    kept = None if password is None else passwords.hashed(password, name)

    def job(tx: Transaction) -> bool:
        accounts.begin(tx)
        values = {"name": name, "role": role, "reveals": reveals, "password": kept}
        if not accounts.add(tx, now=now, **values):
            return False
        subject: dict[str, Json] = {"account": name, "role": role, "reveals": reveals}
        audit.record(tx, by, "user add", subject, now)
        return True

    if not database.write(job):
        raise InputRefused(f"there is already an account {name}")


def set_password(
    database: Database,
    name: str,
    password: str,
    by: By,
    *,
    keep: str = "",
    now: datetime,
) -> None:
    """Replaces the password, and ends all sessions except the one whose token is `keep`."""
    kept = passwords.hashed(password, name)

    def job(tx: Transaction, account: Account) -> None:
        accounts.change(tx, account.id, password=kept)
        sessions.end_others(tx, account.id, digest(keep))
        sign_ins.forgive(tx, sign_ins.hashed(name))

    _change(database, name, "user password", job, by, now)


def change_own_password(
    database: Database,
    name: str,
    old: str,
    new: str,
    by: By,
    *,
    keep: str,
    now: datetime,
) -> None:
    """The same for the person's own, who must know the old one. Raises InputRefused."""
    with database.read() as tx:
        account = known(tx, name)
    if not passwords.agrees(old, account.password):
        raise InputRefused("the current password is wrong")
    set_password(database, name, new, by, keep=keep, now=now)


def set_role(
    database: Database, name: str, role: str, by: By, *, reveals: bool, now: datetime
) -> None:
    """Changes what an account may do. Its open sessions and tokens may do the same, at once."""
    _check_role(role)

    def job(tx: Transaction, account: Account) -> None:
        if role != "admin":
            _require_another_admin(tx, account)
        accounts.change(tx, account.id, role=role, reveals=reveals)

    said: dict[str, Json] = {"role": role, "reveals": reveals}
    _change(database, name, "user role", job, by, now, said)


def disable(database: Database, name: str, by: By, *, now: datetime) -> None:
    """Ends the sessions of an account, and refuses it and its tokens until it is enabled."""

    def job(tx: Transaction, account: Account) -> None:
        _require_another_admin(tx, account)
        accounts.change(tx, account.id, disabled_at=now)
        sessions.end(tx, account.id)

    _change(database, name, "user disable", job, by, now)


def enable(database: Database, name: str, by: By, *, now: datetime) -> None:
    """Accepts an account again."""

    def job(tx: Transaction, account: Account) -> None:
        accounts.change(tx, account.id, disabled_at=None)
        sign_ins.forgive(tx, sign_ins.hashed(name))

    _change(database, name, "user enable", job, by, now)


def remove(database: Database, name: str, by: By, *, now: datetime) -> None:
    """Deletes an account with its sessions and tokens. What the person did stays in the audit trail."""

    def job(tx: Transaction, account: Account) -> None:
        _require_another_admin(tx, account)
        accounts.remove(tx, account.id)

    _change(database, name, "user remove", job, by, now)


def known(tx: Transaction, name: str) -> Account:
    """The account with this name. Raises NotThere."""
    account = accounts.named(tx, name)
    if account is None:
        raise NotThere(f"there is no account {name!r}: `bridge user list` lists them")
    return account


def _change(
    database: Database,
    name: str,
    action: str,
    job: Callable[[Transaction, Account], None],
    by: By,
    now: datetime,
    said: dict[str, Json] | None = None,
) -> None:
    def change(tx: Transaction) -> None:
        accounts.begin(tx)
        job(tx, known(tx, name))
        audit.record(tx, by, action, {"account": name, **(said or {})}, now)

    database.write(change)


def _require_another_admin(tx: Transaction, account: Account) -> None:
    """An admin who is the last one would leave nobody who can manage people."""
    is_one = account.role == "admin" and account.disabled_at is None
    if is_one and not accounts.others(tx, "admin", account.id):
        raise InputRefused(
            f"{account.name} is the last admin: make another account an admin first"
        )


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise InputRefused(f"there is no role {role!r}: use {', '.join(ROLES)}")


def _shown(tx: Transaction, account: Account, now: datetime) -> Shown:
    alive = [one for one in sessions.of_account(tx, account.id) if is_alive(one, now)]
    signs_in = "password" if account.password else "single sign-on"
    return Shown(
        name=account.name,
        role=account.role,
        reveals=account.reveals,
        signs_in=signs_in if account.password or account.subject else "tokens only",
        disabled_at=account.disabled_at,
        created_at=account.created_at,
        sessions=len(alive),
        seen_at=max((one["seen_at"] for one in alive), default=None),
    )
