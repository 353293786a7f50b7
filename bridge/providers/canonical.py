"""The few texts that senders sign and that no list of parts can spell: each is one named function of a request.

Named in data files as `{canonical: NAME}`. A function that cannot make its text of a request raises Unreadable.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from bridge.model import Json
from bridge.providers.source import Absent, Source, Unreadable
from bridge.providers.view import View
from bridge.strict import json


@dataclass(frozen=True, kw_only=True, slots=True)
class Canonicaliser:
    """`make` gives the bytes that are signed; `covers` is the part of the request that it makes them of."""

    make: Callable[[View], bytes]
    covers: Source


def _payos(view: View) -> bytes:
    """The members of `data` as k=v, sorted by key and joined by `&`; null is empty, a list is its JSON."""
    data = view.value((Source(kind="body", path=("data",)),))
    if not isinstance(data, dict):
        raise Absent("body.data")
    return "&".join(f"{key}={_plain(data[key])}" for key in sorted(data)).encode(
        "utf-8", "backslashreplace"
    )


def _plain(value: Json) -> str:
    match value:
        case None | "null" | "undefined":
            return ""
        case bool() | list():
            return json.dumps(value, sort_keys=True).decode()
        case str() | int() | Decimal():
            return str(value)
        case _:
            raise Unreadable("body.data holds an object", "not_text")


def _vnpay(view: View) -> bytes:
    """The query's parameters but the hash itself, sorted by name and encoded as a form."""
    left_out = ("vnp_SecureHash", "vnp_SecureHashType")
    return urlencode(
        sorted(pair for pair in view.query if pair[0] not in left_out)
    ).encode("ascii")


def _twilio(view: View) -> bytes:
    """What follows the URL: a form's names and values, sorted; nothing for JSON, whose SHA-256 is in the URL."""
    if not view.request.body:
        return b""
    if view.kind == "form":
        return "".join(name + text for name, text in sorted(set(view.form))).encode()
    wanted = view.octets((Source(kind="query", path=("bodySHA256",)),))
    found = hashlib.sha256(view.request.body).hexdigest().encode("ascii")
    if not hmac.compare_digest(found, wanted.lower()):
        raise Unreadable("bodySHA256 is of another body", "wrong_signature")
    return b""


CANONICAL: Mapping[str, Canonicaliser] = {
    "payos": Canonicaliser(make=_payos, covers=Source(kind="body", path=("data",))),
    "vnpay": Canonicaliser(make=_vnpay, covers=Source(kind="query", path=("*",))),
    "twilio": Canonicaliser(make=_twilio, covers=Source(kind="raw")),
}
