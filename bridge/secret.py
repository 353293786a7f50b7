"""Secrets: references are resolved here and nowhere else, and a resolved secret prints as <secret>.

Never stores, logs or caches an environment value; a file is read again each time, so that a rotated file takes effect
at once.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from bridge.errors import MissingSecret
from bridge.model import SecretRef

_FILE_LIMIT = 64 * 1024


class Secret(str):
    """Text that may be used but not shown: repr, str and format give <secret>; reveal() gives the value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<secret>"

    def reveal(self) -> str:
        """The value itself, as plain text."""
        return str.__str__(self)


def resolve(ref: SecretRef, environ: Mapping[str, str] | None = None) -> Secret:
    """The secret a reference points at. Raises MissingSecret when it is unset, empty or unreadable."""
    if ref.kind == "learnt":
        raise MissingSecret(
            f"{ref} is learnt from the sender and stored sealed: only receiving can use it"
        )
    if ref.kind == "env":
        value = (os.environ if environ is None else environ).get(ref.name, "")
    else:
        value = _read(ref)
    if not value.strip():
        raise MissingSecret(f"{ref} is not set or empty: set it to the secret's value")
    return Secret(value)


def resolve_all(value: object, environ: Mapping[str, str] | None = None) -> object:
    """The same nested mappings and lists with every SecretRef replaced by its Secret."""
    if isinstance(value, SecretRef):
        return resolve(value, environ)
    if isinstance(value, Mapping):
        return {key: resolve_all(item, environ) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve_all(item, environ) for item in value]
    return value


def _read(ref: SecretRef) -> str:
    """A file's text without its closing newline, which editors and `echo` add."""
    try:
        with Path(ref.name).open("rb") as file:
            raw = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise MissingSecret(
            f"{ref} cannot be read ({error.strerror}): check the path and its mode"
        ) from None
    if len(raw) > _FILE_LIMIT:
        raise MissingSecret(
            f"{ref} is larger than 64 KiB: use a file that contains only the secret"
        )
    try:
        return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise MissingSecret(f"{ref} is not UTF-8 text") from None
