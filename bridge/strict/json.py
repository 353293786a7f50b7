"""JSON without surprises: exact numbers in, exact numbers out.

Reads what RFC 8259 allows minus what cannot be handled exactly: duplicate keys, NaN and Infinity, byte order marks,
encodings other than UTF-8, nesting over 64, integers over 1,000 digits. Numbers with a point or exponent become
Decimal. Writes Decimals digit by digit, and refuses a number that the usual reader (a double) would change.
"""

import json
import re
from collections.abc import Mapping
from copy import copy
from decimal import Decimal, InvalidOperation
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any, NoReturn

from bridge.errors import Malformed
from bridge.model import Json

MAX_DEPTH = 64
DUPLICATE_KEY = "json_duplicate_key"  # the reason of a Malformed
_MAX_DIGITS = 1_000
_MAX_EXPONENT = 1_000
_EXACT = 2**53  # a double holds every whole number up to here


def loads(raw: bytes) -> Json:
    """The document's value. Raises Malformed with the reason, and never anything else."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            f"the body is not UTF-8 (byte {error.start})", reason="json_encoding"
        ) from None
    return _parsed(text, _DECODER)


def loads_last(raw: bytes) -> tuple[Json, bool]:
    """As loads; but of a key that an object has twice the last one counts, and True says that there was one.

    Nearly every reader of JSON does so. Raises Malformed.
    """
    try:
        return loads(raw), False
    except Malformed as error:
        if error.reason != DUPLICATE_KEY:
            raise
    return _parsed(raw.decode("utf-8"), _LAST), True


def _parsed(text: str, decoder: json.JSONDecoder) -> Json:
    _check_depth(text)
    if text.count("[") > _MANY_LISTS:
        decoder = _interruptible(decoder)
    try:
        value: Json = decoder.decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Malformed(
            f"the body is not JSON: {error.msg} at {where}", reason="json_syntax"
        ) from None
    return value


def dumps(value: object, *, sort_keys: bool = False) -> bytes:
    """Compact UTF-8 JSON. Raises ValueError for what JSON cannot carry exactly, naming the kind of value, not it."""
    parts: list[str] = []
    _write(value, parts, sort_keys)
    # A lone surrogate, which a sender can put into JSON text, has no UTF-8 form: only its escape carries it.
    return "".join(parts).encode("utf-8", errors="backslashreplace")


def require_json(value: object) -> None:
    """Raises ValueError as dumps does, and writes nothing."""
    if isinstance(value, str | bool | None):
        return
    if isinstance(value, int | Decimal):
        _number(value)
    elif isinstance(value, list | tuple):
        for item in value:
            require_json(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _require_key(key)
            require_json(item)
    else:
        raise ValueError(f"JSON cannot carry a {type(value).__name__}")


def exact_number(value: int | Decimal) -> bool:
    """Whether a double, which is what most readers of JSON use, holds this number as it is written."""
    try:
        if isinstance(value, int):
            return -_EXACT <= value <= _EXACT or int(float(value)) == value
        return value.is_finite() and Decimal(repr(float(value))) == value
    except (OverflowError, ValueError):
        return False


def _write(value: object, parts: list[str], sort_keys: bool) -> None:
    """The frequent kinds first: to ask for an abstract class costs as much as writing."""
    if isinstance(value, str):
        parts.append(_quote(value))
    elif isinstance(value, dict):
        _write_object(value, parts, sort_keys)
    elif type(value) is int and -_EXACT <= value <= _EXACT:
        parts.append(str(value))
    elif value is None or isinstance(value, bool):
        parts.append("null" if value is None else "true" if value else "false")
    elif isinstance(value, int | Decimal):
        parts.append(_number(value))
    elif isinstance(value, list | tuple):
        between = "["
        for item in value:
            parts.append(between)
            _write(item, parts, sort_keys)
            between = ","
        parts.append("[]" if between == "[" else "]")
    elif isinstance(value, Mapping):
        _write_object(value, parts, sort_keys)
    else:
        raise ValueError(f"JSON cannot carry a {type(value).__name__}")


def _write_object(
    value: Mapping[object, object], parts: list[str], sort_keys: bool
) -> None:
    between = "{"
    for key in sorted(value) if sort_keys else value:  # type: ignore[type-var]
        parts.append(f"{between}{_quote(_require_key(key))}:")
        _write(value[key], parts, sort_keys)
        between = ","
    parts.append("{}" if between == "{" else "}")


def _require_key(key: object) -> str:
    if not isinstance(key, str):
        raise ValueError(f"a JSON key must be text, this is {type(key).__name__}")
    return key


def _number(value: int | Decimal) -> str:
    """Plain digits: an integral Decimal as an integer, and no exponent, which some readers refuse."""
    if isinstance(value, int):
        if exact_number(value):
            return str(value)
    elif _SHORT.fullmatch(
        text := str(value)
    ):  # the frequent case, which a double holds
        return text.rstrip("0").rstrip(".")
    elif exact_number(value):
        if value == value.to_integral_value():
            return str(int(value))
        return f"{value.normalize():f}"
    raise ValueError("a JSON number cannot carry this value exactly: send it as text")


def _check_depth(text: str) -> None:
    """Counts brackets outside strings before parsing: json recurses, and a RecursionError is not a ValueError."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Malformed(
                    f"the body is nested deeper than {MAX_DEPTH} levels",
                    reason="json_depth",
                )
        elif char in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed(
            "the body has an object with a duplicate key", reason=DUPLICATE_KEY
        )
    return result


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise Malformed(
            f"the body has a number of more than {_MAX_DIGITS} digits",
            reason="json_number",
        )
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > _MAX_DIGITS:
        raise Malformed(
            f"the body has a number of more than {_MAX_DIGITS} digits",
            reason="json_number",
        )
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal itself can hold
        raise Malformed(
            "the body has a number out of any range", reason="json_number"
        ) from None
    if abs(value.adjusted()) > _MAX_EXPONENT:
        raise Malformed(
            "the body has a number with an exponent over 1,000", reason="json_number"
        )
    return value


def _constant(name: str) -> NoReturn:
    raise Malformed(f"the body has {name}, which is not JSON", reason="json_number")


# At most 15 digits, no exponent, and not zero.
_SHORT = re.compile(r"-?(?=[0-9.]*[1-9])(?=[0-9.]{3,16}\Z)[0-9]+\.[0-9]+")
_quote = json.encoder.encode_basestring
_READING: dict[str, Any] = {
    "parse_int": _integer,
    "parse_float": _decimal,
    "parse_constant": _constant,
    "strict": True,
}
# To make so many lists takes some 10 ms, in which no other thread has its turn: objects and numbers call us each time.
_MANY_LISTS = 10_000


def _interruptible(decoder: json.JSONDecoder) -> json.JSONDecoder:
    """The same in plain Python, several times as slow."""
    slow = copy(decoder)
    slow.scan_once = py_make_scanner(slow)  # type: ignore[attr-defined]
    return slow


_DECODER = json.JSONDecoder(object_pairs_hook=_object, **_READING)
_LAST = json.JSONDecoder(**_READING)
