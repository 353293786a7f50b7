r"""The ways in which a text may be written into another: JSON's \/ and \u002f, %2F, &#47;, UTF-16, broken lines.

One reading takes one level of all of them off and remembers where each piece came from, so that what is found in the
last reading can be pointed at in the first. Takes time in proportion to the text. Knows nothing of secrets.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.entities import html5

DEPTH = 6  # levels that are taken off; a text that has more is one that somebody made for us

# Begins with the one set of bytes that an escape can begin with: that is what makes searching fast.
_ESCAPE = re.compile(
    rb"[\\%&\0\r\n](?:"
    rb"(?<=\\)(?:u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|([0-7]{3})|([^\0]))"
    rb"|(?<=%)(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))"
    rb"|(?<=&)(?:\#[xX]([0-9a-fA-F]{1,6});?|\#([0-9]{1,7});?|([A-Za-z][A-Za-z0-9]{1,30};))"
    rb"|((?<=\0)\0*|(?<=[\r\n])[\r\n]*[ \t]*))",
    re.DOTALL,
)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
# What each group of _ESCAPE holds: a number and its base, or something else.
_CODE = {1: 16, 2: 16, 6: 16, 8: 16, 9: 10}
_BYTE = {3: 16, 4: 8, 7: 16}
_CHARACTER, _NAME = 5, 10


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with one level of escapes taken off."""

    text: bytes
    at: Sequence[int]  # where in `text` each piece that was written otherwise begins
    pieces: Sequence[tuple[int, int, int]]  # its length there; its start and end before

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the text, which is not empty, stood before."""
        return self._edges(start)[0], self._edges(end - 1)[1]

    def _edges(self, position: int) -> tuple[int, int]:
        """Start and end of what one byte was made of."""
        nearest = bisect_right(self.at, position) - 1
        if nearest < 0:
            return position, position + 1
        length, start, end = self.pieces[nearest]
        inside = position - self.at[nearest]
        if inside < length:
            return start, end
        return end + inside - length, end + inside - length + 1


def readings(text: bytes) -> Iterator[Reading]:
    """The text read once, twice and so on, until it stays as it is; none where nothing is escaped."""
    for _ in range(DEPTH):
        reading = _read(text)
        if reading is None:
            return
        yield reading
        text = reading.text


def plain(text: bytes) -> bytes:
    """The last reading of a text, which is its own last reading."""
    for reading in readings(text):
        text = reading.text
    return text


def _read(text: bytes) -> Reading | None:
    parts: list[bytes] = []
    at: list[int] = []
    pieces: list[tuple[int, int, int]] = []
    done = length = 0
    for match in _ESCAPE.finditer(text):
        meaning = _meaning(match)
        if meaning is None:
            continue
        start, end = match.span()
        length += start - done
        at.append(length)
        pieces.append((len(meaning), start, end))
        parts += (text[done:start], meaning)
        length += len(meaning)
        done = end
    if not pieces:
        return None
    return Reading(b"".join((*parts, text[done:])), at, pieces)


def _meaning(match: re.Match[bytes]) -> bytes | None:
    """What an escape stands for; None for what only looks like one."""
    group = match.lastindex or 0
    written = match[group]
    if base := _BYTE.get(group):
        return bytes((int(written, base) & 255,))
    if base := _CODE.get(group):
        return _encoded(int(written, base))
    if group == _CHARACTER:
        return b"" if written in b"\r\n" else _CONTROLS.get(written, written)
    if group == _NAME:
        name = html5.get(written.decode())
        return name.encode() if name else None
    return b""  # nothing but a break in the line, or half of a wide character


def _encoded(code: int) -> bytes | None:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return None
    return chr(code).encode()
