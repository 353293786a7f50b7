"""Header names and values that a person may set, and the ones that belong to the bridge.

A header decides framing, identity and routing of a request, so a name from a mapping file is checked against a list and
its value for anything that could start another header.
"""

import re
from collections.abc import Mapping

from bridge.vendors.fields import Object, Text
from bridge.vendors.kind import Problem

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
_VALUE = re.compile(r"[!-~\xa1-\xff](?:[\t -~\xa0-\xff]*[!-~\xa1-\xff])?")

FRAMING = frozenset(
    "connection content-encoding content-length cookie expect host keep-alive proxy-authenticate proxy-authorization "
    "proxy-connection te trailer transfer-encoding upgrade".split()
)
_OWN = {
    "authorization": "write it under auth",
    "idempotency-key": "write idempotency_key on the rule",
}


def name_problem(name: str) -> str:
    """Why a header of this name cannot be sent, "" when it can."""
    if not _NAME.fullmatch(name):
        return "is not a header name: use letters, digits and hyphens"
    if name.lower() in FRAMING:
        return "is a header that only the bridge sets: drop it"
    return ""


def sendable(value: str) -> bool:
    """Whether a value can be sent: printable Latin-1 without line breaks or outer spaces."""
    return bool(_VALUE.fullmatch(value))


class HeaderValue(Text):
    """Text that fits into one header line."""

    def problem_of_text(self, text: str) -> str:
        if sendable(text):
            return ""
        return "cannot stand in a header (line break, outer space or not Latin-1): clean it with replace or trim"


class HeaderMap(Object):
    """Header names to text, without the names that the bridge sets."""

    def __init__(self, title: str, *, example: dict[str, str]) -> None:
        super().__init__(
            title, values=HeaderValue("value", example="text"), example=example
        )

    def problem(self, value: object) -> Problem:
        if isinstance(value, Mapping):
            found = ((name, _problem(str(name))) for name in value)
            if problems := {name: problem for name, problem in found if problem}:
                return problems
        return super().problem(value)


def _problem(name: str) -> str:
    if fix := _OWN.get(name.lower()):
        return f"is a header that only the bridge sets: {fix}"
    return name_problem(name)
