"""Documents inside a field of the body, or the body itself: JSON in a form, XML in base64. They are the event."""

import base64
import binascii
from collections.abc import Callable, Mapping

from bridge.errors import Malformed
from bridge.model import Json
from bridge.providers.recipe import Unwrap
from bridge.providers.source import Unreadable
from bridge.providers.view import View
from bridge.strict import json, xml


def unwrapped(view: View, rule: Unwrap) -> Json:
    """The document's value. Raises Malformed, or Unreadable where there is none."""
    text = view.value(rule.source)
    if not isinstance(text, str):
        places = " or ".join(map(str, rule.source))
        raise Unreadable(f"{places} is missing or no text", "unwrap")
    return FORMATS[rule.format](text.encode("utf-8", "replace"))


def _base64(text: bytes) -> bytes:
    """Line breaks are how the sender wraps its lines, nothing else is passed over."""
    try:
        return base64.b64decode(
            text.replace(b"\r", b"").replace(b"\n", b""), validate=True
        )
    except binascii.Error:
        raise Malformed("the document is not base64", reason="unwrap") from None


FORMATS: Mapping[str, Callable[[bytes], Json]] = {
    "json": json.loads,
    "xml": xml.loads,
    "base64-json": lambda text: json.loads(_base64(text)),
    "base64-xml": lambda text: xml.loads(_base64(text)),
}
