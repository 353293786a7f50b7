"""Where a value stands in a request: the small language that data files and mapping files share.

    raw  crc32  hash  method  url  secret  account
    header.NAME  query.NAME  field.NAME  path.token  body  body.PATH  item  item.PATH

`crc32` is the checksum of `raw` as decimal digits, `hash` a part of an id that is made of what the event says,
`account` what the sender calls this endpoint (`verify.account`), `field` a named part of the signature header or a
claim of a JWT, `path.token` what follows /hooks/<source>/, `body` the parsed body (JSON or form), `item` one element
of a batch (the body itself where there is no batch). `a|b` takes the first that is present; where names are read,
`a=word` gives the word when something stands at `a`. Nothing here reads a request.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from bridge.did_you_mean import did_you_mean
from bridge.model import Json
from bridge.strict.outgoing import is_header_name

# never followed by a name
_WHOLE = frozenset({"raw", "crc32", "hash", "method", "url", "secret", "account"})
_TREES = frozenset({"body", "item"})  # may be followed by a path


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One place. `path` is a single name for header, query and field, the keys to follow for body and item."""

    kind: str
    path: tuple[str, ...] = ()
    word: str = ""  # what is given in place of the value that stands there

    @property
    def name(self) -> str:
        """The header, query parameter or field it names."""
        return self.path[0]

    def __str__(self) -> str:
        place = ".".join((self.kind, *self.path))
        return f"{place}={self.word}" if self.word else place


Alternatives: TypeAlias = tuple[Source, ...]
# a place, and the texts of which one has to stand there
Conditions: TypeAlias = tuple[tuple[Alternatives, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Literal text among places."""

    text: str


class Unreadable(Exception):
    """A place in a request that cannot be read. `reason` is a machine name; callers turn it into their own error."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Absent(Unreadable):
    """The place is not there at all."""

    def __init__(self, what: object) -> None:
        super().__init__(f"{what} is missing", "missing_part")


def parse(text: object, kinds: Iterable[str], *, words: bool = False) -> Alternatives:
    """The alternatives that `text` names, with `=word` behind some. Raises ValueError with the allowed forms."""
    if not isinstance(text, str) or not text:
        raise ValueError(f"takes text such as {_forms(kinds)}")
    parse_one = _with_word if words else _parse
    return tuple(parse_one(part.strip(), tuple(kinds)) for part in text.split("|"))


def written(value: Json) -> str:
    """A plain value as text, a flag as JSON writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def suggest(word: object, choices: Iterable[str]) -> str:
    """`, did you mean 'x'?` for a near miss, else the list of choices."""
    known = sorted(choices)
    near = did_you_mean(str(word), known)
    return f", {near}" if near else f": use {', '.join(known)}"


def _with_word(text: str, kinds: tuple[str, ...]) -> Source:
    place, equals, word = text.partition("=")
    if equals and not (word.strip() and word.isprintable()):
        raise ValueError(f"takes a word after the = of '{text}'")
    return replace(_parse(place.strip(), kinds), word=word.strip())


def _parse(text: str, kinds: tuple[str, ...]) -> Source:
    kind, dot, rest = text.partition(".")
    if kind not in kinds or bool(dot) != bool(rest) or (kind in _WHOLE and dot):
        raise ValueError(f"takes {_forms(kinds)}, not '{text}'")
    if kind in _WHOLE:
        return Source(kind=kind)
    if kind in _TREES:
        return Source(kind=kind, path=tuple(rest.split(".")) if rest else ())
    if not rest or (kind == "header" and not is_header_name(rest)):
        raise ValueError(f"takes {_forms(kinds)}, not '{text}'")
    return Source(kind=kind, path=(rest.lower() if kind == "header" else rest,))


def _forms(kinds: Iterable[str]) -> str:
    """The allowed forms, for a message: `header.NAME, body.PATH or raw`."""
    endings = dict.fromkeys(_WHOLE, "") | dict.fromkeys(_TREES, ".PATH")
    forms = [kind + endings.get(kind, ".NAME") for kind in kinds]
    return " or ".join([", ".join(forms[:-1]), forms[-1]] if forms[1:] else forms)
