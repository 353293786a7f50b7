"""Documents inside a field of the body, or the body itself: JSON in a form, XML in base64. They are the event."""

import base64
import binascii

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
        raise Unreadable(f"{places} is missing or not text", "unwrap")
    document = text.removeprefix("\ufeff").encode("utf-8", "replace")
    packed = rule.format.startswith("base64-")
    if packed:
        document = _base64(document)
    if rule.format.endswith("xml"):  # as text it is decoded, whatever it declares
        return xml.loads(document, "" if packed else "utf-8")
    value, doubled = json.loads_last(document)
    if doubled:
        view.doubled()
    return value


def _base64(text: bytes) -> bytes:
    """Of either alphabet, padded or not. Of what is no base64 only the breaks between lines are passed over."""
    bare = text.translate(_ALPHABET, b"\r\n").rstrip(b"=")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise Malformed("the document is not base64", reason="unwrap") from None


FORMATS = ("json", "xml", "base64-json", "base64-xml")
_ALPHABET = bytes.maketrans(b"-_", b"+/")
