"""Hides personal data and credentials in what console and API show. Pure; changes nothing that is stored.

E-mail addresses read <e-mail>, telephone numbers <phone>, and values whose names are those of credentials <secret>.
Everything else stays, because people need it to see why a rule decided as it did.
"""

import re
from collections.abc import Mapping
from typing import Any

from bridge.errors import Malformed
from bridge.model import Headers, Json
from bridge.services.requests import pretty
from bridge.strict import json

SECRET, EMAIL, PHONE = "<secret>", "<e-mail>", "<phone>"

# Each repetition is bounded: a hostile text of 1 MiB takes time in proportion to its length.
_EMAIL = re.compile(
    r"""[^\s@<>"'(),;:=&?/\\]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}"""
)
_PHONE = re.compile(r"(?<![\w+])\+[1-9](?:[ ().-]?[0-9]){7,14}(?![0-9])")
_CREDENTIAL = re.compile(
    r"secret|passw|token|api_?-?key|credential|authorization|cookie|signature"
    r"|cvc|cvv|card_?number|^pin$|^iban$",
    re.IGNORECASE,
)
# These only sound like credentials.
_OPEN = frozenset({"token_type", "tokenized", "token_count"})
_TELEPHONE = re.compile(r"phone|mobile|telefono|celular|whatsapp|msisdn", re.IGNORECASE)
_LAST = re.compile(r"\w+(?=\W*$)")


def veiled(value: Json, name: str = "") -> Json:
    """The same shape without personal data; `name` is what the value is called."""
    if isinstance(value, Mapping):
        return {veiled_text(key): veiled(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [veiled(item, name) for item in value]
    if value in (None, "") or isinstance(value, bool):
        return value
    if _CREDENTIAL.search(name) and name.lower() not in _OPEN:
        return SECRET
    if _TELEPHONE.search(name):
        return PHONE
    return veiled_text(value) if isinstance(value, str) else value


def veiled_text(text: str) -> str:
    """A sentence without e-mail addresses and telephone numbers."""
    return _PHONE.sub(PHONE, _EMAIL.sub(EMAIL, text))


def veiled_path(text: str, value: Json) -> Json:
    """The value of an expression such as `event.customer.phone`, which its last name describes."""
    last = _LAST.search(text)
    return veiled(value, last[0] if last else "")


def veiled_body(body: bytes) -> str:
    """A body as people read it: JSON with one value per line, anything else as text."""
    try:
        return pretty(veiled(json.loads(body)))
    except Malformed:
        return veiled_text(body.decode("utf-8", "backslashreplace"))


def veiled_headers(headers: Headers) -> Headers:
    """Headers, with the values of credentials hidden."""
    return tuple((name, str(veiled(value, name))) for name, value in headers)


def veiled_delivery(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of services.story.explained; its ticket stays, because people look for it."""
    names = ("reason", "outlook", "next")
    return {**row, **{name: veiled_text(row[name]) for name in names}}
