"""The text that a signature covers: the parts of a recipe, looked up in a request and joined."""

from collections.abc import Iterable

from bridge.providers.canonical import CANONICAL
from bridge.providers.recipe import Canonical, Group, Lower, Part
from bridge.providers.source import Absent, Text
from bridge.providers.view import View


def message(parts: Iterable[Part], view: View, key: bytes = b"") -> bytes:
    """The joined bytes; `key` is what the part `secret` stands for. Raises Absent or Unreadable."""
    return b"".join(_part(part, view, key) for part in parts)


def _part(part: Part, view: View, key: bytes) -> bytes:
    match part:
        case Text():
            return part.text.encode("utf-8")
        case Canonical():
            return CANONICAL[part.name].make(view)
        case Lower():
            return view.octets(part.places).lower()
        case Group():
            return _group(part, view, key)
        case _:
            return view.octets(part, key)


def _group(group: Group, view: View, key: bytes) -> bytes:
    try:
        return message(group.parts, view, key)
    except Absent:
        return b""
