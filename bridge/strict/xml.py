"""XML without surprises: elements and text in, plain values out; what could fetch, expand or hide is refused.

Refuses document types (and with them every entity of the document's own), processing instructions and nesting over 64.
`-` in a name becomes `_`, so that expressions can name it. Senders of the Rails family say in attributes what a text
is: type="integer", "boolean" or "array", and nil="true"; other attributes are passed over.

Besides UTF-8 it may be in UTF-16 or an encoding of Western Europe. A byte order mark tells which, else the charset
that came with it, else its own declaration. Who says ISO-8859-1 is read as Windows-1252, as browsers do: it has that
and more.
"""

import re
from typing import NoReturn
from xml.parsers import expat

from bridge.errors import Malformed
from bridge.model import Json

MAX_DEPTH = 64
_MAX_DIGITS = 1_000
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# UTF-16 is seen by its zero bytes. A document without any that declares it was made by a program that wrote it as text,
# and then that text as UTF-8.
_CODECS = {
    **dict.fromkeys(
        "utf-8 utf8 us-ascii ascii utf-16 utf-16le utf-16be".split(), "utf-8"
    ),
    **dict.fromkeys(
        "iso-8859-1 iso8859-1 latin1 windows-1252 cp1252".split(), "cp1252"
    ),
    "iso-8859-15": "iso8859-15",
}
CHARSETS = frozenset(_CODECS)
_DECLARED = re.compile(
    rb"""\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})"""
)


def decoded(raw: bytes, charset: str = "") -> str:
    """The document as text; `charset` is what came with it, in lower case. Raises Malformed."""
    mark = next((one for one in _MARKS if raw.startswith(one)), b"")
    codec = _MARKS.get(mark) or _unmarked(raw, charset)
    try:
        return raw.removeprefix(mark).decode(codec)
    except UnicodeDecodeError:
        message = f"the XML is not in {codec.upper()}, although it says so"
        raise Malformed(message, reason="xml") from None


def loads(raw: bytes, charset: str = "") -> Json:
    """The root element's value: text, null, a list, or an object of its children by name. Raises Malformed."""
    reader = _Reader()
    document = decoded(raw, charset).encode("utf-8")
    parser = expat.ParserCreate("utf-8")  # whatever the document declares
    parser.buffer_text = True  # one piece per text, not one per line
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        where = f"line {error.lineno} column {error.offset + 1}"
        raise Malformed(f"the XML cannot be read at {where}", reason="xml") from None
    return reader.root


def _unmarked(raw: bytes, charset: str) -> str:
    """The codec of a document without a byte order mark."""
    if b"\0" in raw[:2]:
        return "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
    declared = _DECLARED.match(raw)
    name = charset or (declared[1].decode().lower() if declared else "utf-8")
    if name not in _CODECS:
        message = f"the XML is in {name.upper()}: send it in UTF-8"
        raise Malformed(message, reason="xml")
    return _CODECS[name]


class _Element:
    __slots__ = ("name", "attributes", "children", "pieces")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.children: list[tuple[str, Json]] = []
        self.pieces: list[str] = []

    def value(self) -> Json:
        if self.attributes.get("nil") == "true":
            return None
        kind = self.attributes.get("type")
        if kind == "array":
            return [value for _, value in self.children]
        if self.children:
            return self._object()
        return _typed("".join(self.pieces), kind)

    def _object(self) -> Json:
        grouped: dict[str, list[Json]] = {}
        for name, value in self.children:
            grouped.setdefault(name, []).append(value)
        return {name: all if all[1:] else all[0] for name, all in grouped.items()}


class _Reader:
    """Builds values from the parser's calls. Holds the open elements, outermost first."""

    def __init__(self) -> None:
        self.root: Json = None
        self._open: list[_Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            message = f"the XML is nested deeper than {MAX_DEPTH} levels"
            raise Malformed(message, reason="xml")
        named = name.replace("-", "_")
        self._open.append(_Element(named, attributes))

    def end(self, name: str) -> None:
        element = self._open.pop()
        if self._open:
            self._open[-1].children.append((element.name, element.value()))
        else:
            self.root = element.value()

    def text(self, piece: str) -> None:
        self._open[-1].pieces.append(piece)


def _typed(text: str, kind: str | None) -> Json:
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    digits = text.removeprefix("-")
    if kind == "integer" and digits.isascii() and digits.isdigit():
        if len(digits) > _MAX_DIGITS:
            message = f"the XML has a number of more than {_MAX_DIGITS} digits"
            raise Malformed(message, reason="xml")
        return int(text)
    return text


def _refuse(*_: object) -> NoReturn:
    raise Malformed(
        "the XML has a document type or a processing instruction", reason="xml"
    )
