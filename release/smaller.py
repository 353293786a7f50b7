"""Makes a picture of a page smaller: 256 colours are enough for text on plain ground. No package is needed."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

_START = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
# Squared distance of two colours that look alike.
_ALMOST = 60
Colour = tuple[int, int, int]


def smaller(png: bytes) -> bytes:
    """The picture (8-bit RGB, as Chromium makes it) with a palette."""
    parts = [*_parts(png)]
    header = next(data for kind, data in parts if kind == b"IHDR")
    width, height = struct.unpack(">II", header[:8])
    if header[8:] != bytes((8, 2, 0, 0, 0)):
        return png
    packed = b"".join(data for kind, data in parts if kind == b"IDAT")
    rows = [*_rows(zlib.decompress(packed), width * 3)]
    counted = Counter(colour for row in rows for colour in _colours(row))
    palette = _palette(colour for colour, _ in counted.most_common())
    places = {colour: _nearest(colour, palette) for colour in counted}
    drawn = b"".join(
        b"\0" + bytes(places[colour] for colour in _colours(row)) for row in rows
    )
    return _START + b"".join(
        (
            _part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _part(b"PLTE", b"".join(map(bytes, palette))),
            _part(b"IDAT", zlib.compress(drawn, 9)),
            _part(b"IEND", b""),
        )
    )


def _parts(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_START)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _part(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def _rows(raw: bytes, length: int) -> Iterator[bytes]:
    """The rows without the filters of PNG, which write a byte as a difference to its neighbours."""
    above = bytes(length)
    for at in range(0, len(raw), length + 1):
        kind, row = raw[at], bytearray(raw[at + 1 : at + 1 + length])
        for i, byte in enumerate(row if kind else b""):
            left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
            row[i] = (byte + _guess(kind, left, above[i], corner)) & 255
        above = bytes(row)
        yield above


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    sum = left + up - corner
    return min((left, up, corner), key=lambda byte: abs(sum - byte))


def _colours(row: bytes) -> Iterator[Colour]:
    return zip(row[::3], row[1::3], row[2::3], strict=True)


def _palette(colours: Iterable[Colour]) -> list[Colour]:
    """The first colours that are not almost the same as one before."""
    palette: list[Colour] = []
    for colour in colours:
        if not palette or min(_distances(colour, palette)) > _ALMOST:
            palette.append(colour)
        if len(palette) == _COLOURS:
            break
    return palette


def _nearest(colour: Colour, palette: list[Colour]) -> int:
    far = _distances(colour, palette)
    return far.index(min(far))


def _distances(colour: Colour, palette: list[Colour]) -> list[int]:
    red, green, blue = colour
    return [(r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2 for r, g, b in palette]
