"""The digest of an event, by which two deliveries of one occurrence are the same.

Parts of one item of a batch share what stands around them: that is hashed once where it is long.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bridge.model import Json
from bridge.providers.mask import masked_item
from bridge.providers.recipe import Reading
from bridge.providers.source import Source
from bridge.strict.paths import change

_LONG = 8_192  # characters around a part: hashed once from here on


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One event's payload, its secrets masked. `own` is what its digest is made of, besides the digest `around` it."""

    payload: Json
    own: Json
    around: str = ""

    def digest(self, volatile: Iterable[Source]) -> str:
        """SHA-256 in hex of its canonical JSON without what differs between retries."""
        text = self.around + _canonical(self.own, volatile)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def whole(item: Json, reading: Reading) -> Part:
    """An item that is one event."""
    payload = masked_item(item, reading.secret_paths)
    return Part(payload=payload, own=payload)


def shared(
    alone: Json, path: tuple[str, ...], one: Json, around: str, reading: Reading
) -> Part:
    """One element of a list in an item; `alone` is the item without the others, `around` what they share."""
    payload = masked_item(alone, reading.secret_paths)
    own = payload
    if around:
        for key in reversed(path):
            one = {key: one}
        own = masked_item(one, reading.secret_paths)
    return Part(payload=payload, own=own, around=around)


def around(item: Json, reading: Reading) -> str:
    """The digest of what the parts of an item share, "" where it is short enough to be hashed with each of them."""
    for source in reading.each:
        item = change(item, source.path, None)
    text = _canonical(masked_item(item, reading.secret_paths), reading.volatile)
    if len(text) <= _LONG:
        return ""
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical(item: Json, volatile: Iterable[Source]) -> str:
    for source in volatile:
        item = change(item, source.path, None)
    return _CANONICAL.encode(item)


def _tagged(number: Decimal) -> dict[str, str]:
    """A Decimal digit by digit: a double would make two numbers one."""
    return {"decimal": str(number)}


# Made once: json.dumps with options makes an encoder for each text.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_tagged)
