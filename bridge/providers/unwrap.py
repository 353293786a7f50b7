"""Documents inside a field of the body: JSON in a form, XML in base64. What they hold is the event."""

import base64
import binascii
from collections.abc import Callable, Mapping

from bridge.errors import Malformed
from bridge.model import Json
from bridge.providers.recipe import Unwrap
from bridge.providers.view import View
from bridge.strict import json, xml


def unwrapped(view: View, rule: Unwrap) -> Json:
    """The document's value. Raises Malformed."""
    text = view.value(rule.source)
    if not isinstance(text, str):
        places = " or ".join(map(str, rule.source))
        raise Malformed(f"{places} is missing or no text", reason="unwrap")
    return FORMATS[rule.format](text.encode("utf-8", "replace"))


def _base64_xml(text: bytes) -> Json:
    """Line breaks are how the sender wraps its lines, nothing else is passed over."""
    try:
        raw = base64.b64decode(
            text.replace(b"\r", b"").replace(b"\n", b""), validate=True
        )
    except binascii.Error:
        raise Malformed("the document is not base64", reason="unwrap") from None
    return xml.loads(raw)


FORMATS: Mapping[str, Callable[[bytes], Json]] = {
    "json": json.loads,
    "base64-xml": _base64_xml,
}
