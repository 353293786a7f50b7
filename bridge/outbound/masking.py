"""Takes our own credentials out of an answer: a vendor's error page may repeat them, and answers are kept and shown.

However they are spelled: escaped for JSON, URLs or HTML, several times over, in capitals, as UTF-16, in hexadecimal, or
inside base64. Nobody outside this room sees an answer with a secret in it. Where a secret is found but its place is
not, the whole answer goes. Takes time in proportion to the answer, and lets others run in between.
"""

import binascii
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from bridge.model import Reply
from bridge.outbound.coding import GZIP, Undecodable, decoded
from bridge.outbound.spelling import Reading, plain, readings

_SHORTEST = 6  # characters; something shorter would be found everywhere
_MASK = b"<secret>"
_WINDOW = 8 * 1024  # bytes that are searched at a time
_WIDEST = 16  # bytes that one of a secret may take up where it is escaped twice
_MOST = 1_000  # places; an answer that holds a secret more often goes as a whole
_INSIDE = 3  # base64 in base64 in base64
_PACKED = 64 * 1024  # bytes of gzip in base64, and that it may become
_ZIP_LETTERS = 28  # of base64, in which the shortest gzip is written: its head, its tail and three bytes
_ZIPPED = 4  # of these that are looked into
# What may be the beginning of an escape, at the end of a secret: it takes in what the answer happens to have after it.
_UNFINISHED = re.compile(rb"(?:\\+(?:[xu]\{?)?|%u?|&\#?[xX]?)[0-9A-Za-z]{0,3}$")
_GZIP_IN_BASE64 = re.compile(rb"H4sI")

# Capitals count for nothing, - and _ are the + and / of base64 in URLs, and a blank is + in forms.
_FOLD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-_ ", b"abcdefghijklmnopqrstuvwxyz+/+"
)
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def masked(reply: Reply, secrets: Iterable[str]) -> Reply:
    """The answer without the secrets, in its body and in the values of its headers."""
    search = _search(frozenset(secrets))
    values = [value.encode("latin-1", "replace") for value in reply.headers.values()]
    # One search tells that nothing must be hidden, as is nearly always so.
    if not search.spans(b"\1".join((reply.body, *values))):
        return reply
    shown = (search.masked(value).decode("latin-1") for value in values)
    headers = dict(zip(reply.headers, shown, strict=True))
    return replace(reply, body=search.masked(reply.body), headers=headers)


class _Search:
    """Looks for secrets in any spelling."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.forms = {form for secret in secrets for form in _forms(secret)}
        lengths = [len(form) for form in self.forms]
        self.overlap = max(lengths, default=0) * _WIDEST
        # Base64 of a secret has a third more letters than the secret, and that of gzip has no fewer than _ZIP_LETTERS;
        # shorter runs of letters hold none.
        least = min([*(length * 4 // 3 for length in lengths), _ZIP_LETTERS])
        self.base64 = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % least)

    def masked(self, text: bytes) -> bytes:
        """The text itself where nothing must be hidden."""
        spans = self.spans(text)
        if not spans:
            return text
        parts: list[bytes] = []
        done = 0
        for start, end in spans:
            parts += (text[done:start], _MASK)
            done = end
        made = b"".join((*parts, text[done:]))
        return _MASK if self.spans(made) else made

    def spans(self, text: bytes) -> list[tuple[int, int]]:
        """Where secrets stand, in order, none touching another."""
        secrets: set[tuple[int, int]] = set()
        if self.forms:
            step = max(_WINDOW, self.overlap)
            for start in range(0, len(text), step):
                if start:
                    time.sleep(0)  # gevent lets others run
                window = text[start : start + step + self.overlap]
                secrets.update((start + a, start + b) for a, b in self._window(window))
                if len(secrets) > _MOST:
                    return [(0, len(text))]
            secrets.update(self._zipped(text))
        return _merged(sorted(secrets))

    def _window(self, text: bytes) -> Iterator[tuple[int, int]]:
        """What is found in the readings of a text, and in the base64 of the last of them."""
        yield from self._literal(text)
        read: list[Reading] = []
        for reading in readings(text):
            read.append(reading)
            text = reading.text
            yield from (_traced(read, *span) for span in self._literal(text))
        if self._inside(text):
            for run in self.base64.finditer(text):
                if self._inside(run[0]):
                    yield _traced(read, *run.span())

    def _zipped(self, text: bytes) -> Iterator[tuple[int, int]]:
        """The same in gzip in base64 that is longer than a window: it can be read from its beginning only."""
        for head in islice(_GZIP_IN_BASE64.finditer(text), _ZIPPED):
            time.sleep(0)
            start = head.start()
            read = [*readings(text[start : start + _PACKED])]
            last = read[-1].text if read else text[start : start + _PACKED]
            run = self.base64.match(last)
            if run and self._inside(run[0]):
                first, end = _traced(read, *run.span())
                yield start + first, start + end

    def _literal(self, text: bytes) -> Iterator[tuple[int, int]]:
        folded = text.translate(_FOLD)
        for form in self.forms:
            at = folded.find(form)
            while at >= 0:
                yield at, at + len(form)
                at = folded.find(form, at + len(form))

    def _inside(self, text: bytes, depth: int = _INSIDE) -> bool:
        """Whether the base64 in a text holds a secret."""
        runs = self.base64.findall(text) if depth else []
        if not runs:
            return False
        last = packed = _unpacked(runs)
        if any(self._literal(packed)):
            return True
        for reading in readings(packed):
            last = reading.text
            if any(self._literal(last)):
                return True
        return self._inside(last, depth - 1)


# As many as a process has credentials in use. Holds them no longer than the environment, which they mostly come from.
_search = lru_cache(maxsize=64)(_Search)


def _forms(secret: str) -> Iterator[bytes]:
    """The secret as it is looked for: as text in each encoding, read to its end as answers are, and in hexadecimal."""
    if len(secret) < _SHORTEST:
        return
    for encoding in ("utf-8",) if secret.isascii() else ("utf-8", "latin-1"):
        try:
            written = secret.encode(encoding)
        except UnicodeEncodeError:
            continue
        ended = _UNFINISHED.sub(b"", written)
        for form in (written, plain(written), plain(ended), written.hex().encode()):
            if len(form) >= _SHORTEST:
                yield form.translate(_FOLD)


def _unpacked(runs: Iterable[bytes]) -> bytes:
    """What runs of base64 letters may hold, and gzip in it.

    Where it begins is not known, since there may be letters before it: each run is read from its first four letters on.
    Runs are decoded together, which costs a tenth; a stroke of 1-bits keeps them apart.
    """
    letters = [run.translate(_URL_SAFE) for run in runs]
    made = [
        binascii.a2b_base64(b"".join(_filled(run[start:]) for run in letters))
        for start in range(4)
    ]
    packed = b"\1".join(made)
    zipped = [found.start() for found in islice(re.finditer(GZIP, packed), _ZIPPED)]
    for start in zipped:
        with suppress(Undecodable):
            made.append(decoded(packed[start:], (), limit=_PACKED, cut=True)[0])
    return b"\1".join(made)


def _filled(letters: bytes) -> bytes:
    """Letters of base64 up to a whole group, and one group more."""
    return letters + b"/" * (4 + -len(letters) % 4)


def _traced(read: list[Reading], start: int, end: int) -> tuple[int, int]:
    """Where a stretch of the last reading stood in the text itself."""
    for reading in reversed(read):
        start, end = reading.source(start, end)
    return start, end


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
