"""Passwords: Argon2 hashes, made and compared beside the loop and one at a time, because each takes 64 MiB.

Keeps nothing, and must never log or return a password that a person chose.
"""

import secrets
from collections.abc import Callable
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, TypeVar

from bridge.errors import Busy, InputRefused
from bridge.greenlets import beside

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200  # characters
_PATIENCE = 5.0  # seconds
# Of no password: it is compared where there is no account, so that both answers take as long.
_NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$YnJpZGdlLW5vYm9keS0x"
    "$cV9rI0hV7Yd3vWkq0b8mJt2sXfLzOaPgNuBiCeDhEwI"
)
_turn = BoundedSemaphore(1)

T = TypeVar("T")


def made() -> str:
    """A new random password."""
    return secrets.token_urlsafe(15)


def hashed(password: str, name: str) -> str:
    """The hash of a new password for this account. Raises InputRefused if it is too easy to guess."""
    if len(password) < SHORTEST:
        raise InputRefused(
            f"the password is too short: use at least {SHORTEST} characters"
        )
    if len(password) > LONGEST:
        raise InputRefused(
            f"the password is too long: use at most {LONGEST} characters"
        )
    # A short name may be part of any random password.
    named = len(name) > 3 and name in password.lower()
    if named or len(set(password)) < 5:
        raise InputRefused(
            "the password is too easy to guess: use other words than the name, and more than a few letters"
        )
    return _alone(lambda: _hasher().hash(_bytes(password)))


def agrees(password: str, kept: str | None) -> bool:
    """Whether this is the password of which the hash is kept. Takes as long if none is kept."""

    def compare() -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return _hasher().verify(kept or _NOBODYS, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    return _alone(compare) and kept is not None


def _alone(work: Callable[[], T]) -> T:
    """Raises Busy if others take too long: guesses must not fill the memory, or the threads of the intake."""
    if not _turn.acquire(timeout=_PATIENCE):
        raise Busy("too many sign-ins at once: try again in a few seconds")
    try:
        return beside(work)
    finally:
        _turn.release()


def _bytes(password: str) -> bytes:
    return password[: LONGEST + 1].encode("utf-8", "surrogatepass")


@cache
def _hasher() -> "PasswordHasher":
    """With the parameters of RFC 9106 for little memory. The package is imported at first use."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
