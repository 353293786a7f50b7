"""Writes a JSON-like value as YAML on one line, such that bridge.strict.yaml reads the same typed value back.

Text stands without quotes only where no reader of YAML could take it for something else. Formats nothing over several
lines, so that what is written fits wherever a value may stand.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from bridge.strict.yaml import resolve

_MAX_KEY = (
    1_000  # YAML reads a key of up to 1,024 characters, quotes and escapes included
)

_PLAIN = re.compile(r"[^\W\d](?:[\w ./+@()-]*[\w)])?")
# What other readers of YAML, an editor's for example, take for true, false or null.
_TAKEN = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def written(value: object) -> str:
    """The value in flow style. Raises ValueError for what cannot be read back as it is, naming no value."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return _text(value)
        case int() | Decimal():
            return _number(value)
        case Mapping():
            pairs = (f"{key_written(key)}: {written(it)}" for key, it in value.items())
            inside = ", ".join(pairs)
            return f"{{ {inside} }}" if inside else "{}"
        case list() | tuple():
            return f"[{', '.join(map(written, value))}]"
        case _:
            raise ValueError(f"YAML here has no {type(value).__name__}")


def key_written(key: object) -> str:
    """A key of a mapping. Raises ValueError for one that is no text, or too long for YAML."""
    if not isinstance(key, str):
        raise ValueError("a key must be text")
    text = _text(key)
    if len(text) > _MAX_KEY:
        raise ValueError(f"a key has more than {_MAX_KEY:,} characters")
    return text


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _TAKEN:
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """Text in double quotes, with escapes for what cannot stand there. Raises ValueError for half a character."""
    return f'"{"".join(map(_char, text))}"'


def _char(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError("YAML cannot carry half of a surrogate pair")
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _number(value: int | Decimal) -> str:
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    if resolve(text) != value:
        raise ValueError("a number has too many digits to be read back as one")
    return text
