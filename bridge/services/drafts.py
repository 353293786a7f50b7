"""A draft of one mapping file over the rules in force: checked and built in memory. Writes nothing.

A draft is written by a person in a browser, so it is not trusted as the folder is. It sees only those variables of the
environment that options of the rules in force already show; every other reference reads <NAME>, and no secret is
resolved. Tables come from the same texts, so no file of this machine is read.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge import mapping
from bridge.errors import BridgeError
from bridge.mapping import Loaded, Ruleset
from bridge.model import Connection, SecretRef
from bridge.services.ruleset_versions import FileDiff, compared

MOST = 256 * 1024  # bytes of a draft
_FILE = re.compile(r"(?:[\w-][\w.-]{0,99}/){0,5}[\w-][\w.-]{0,99}\.(?:yaml|csv)")


class BadDraft(BridgeError):
    """A draft or a sample that cannot be used."""

    reason = "bad_draft"
    status = 422
    exit_code = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The new text of one file. Without a file it is the rules in force as they are."""

    file: str = ""
    text: str = ""


def texts(active: Ruleset, draft: Draft) -> dict[str, str]:
    """All files with the draft in its place. Raises BadDraft."""
    if not draft.file:
        return dict(active.texts)
    if not _FILE.fullmatch(draft.file):
        raise BadDraft(
            f"'{draft.file}' cannot be a mapping file: write a name such as stripe.yaml"
        )
    if len(draft.text.encode("utf-8", "replace")) > MOST:
        raise BadDraft(f"the draft is larger than {MOST // 1024} KiB: split the file")
    if "\0" in draft.text or not draft.text.isascii() and _halves(draft.text):
        raise BadDraft("the draft contains characters that no text file can hold")
    # A browser sends the ends of lines as CR LF.
    return {**active.texts, draft.file: draft.text.replace("\r\n", "\n")}


def build(active: Ruleset, given: Mapping[str, str]) -> Loaded:
    """What `check` finds in these texts, and their rules if nothing is an error."""
    return mapping.build(given, visible(active))


def patch(active: Ruleset, draft: Draft) -> tuple[FileDiff, ...]:
    """What the draft changes. Raises BadDraft."""
    return compared(active.texts, texts(active, draft))


def visible(active: Ruleset) -> dict[str, str]:
    """The variables that plain options of the rules in force show already, such as a host or a country."""
    names = {name for one in _connections(active) for name in _options(one)}
    return {name: os.environ[name] for name in names if name in os.environ}


def _connections(active: Ruleset) -> Iterator[Connection]:
    yield from active.connections.values()
    yield from (rule.connection for rule in active.rules)


def _options(connection: Connection) -> Iterator[str]:
    """Headers and other groups may hold credentials: only options that are one value each."""
    secret = {one.name for one in _leaves(connection.auth)}
    for value in connection.options.values():
        if isinstance(value, SecretRef) and value.kind == "env":
            if value.name not in secret:
                yield value.name


def _leaves(value: object) -> Iterator[SecretRef]:
    if isinstance(value, SecretRef):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)


def _halves(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)
