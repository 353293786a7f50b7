"""What a provider is: frozen values, built by schema.py from a data file and a mapping file's own keys.

No behaviour but reading themselves; how each value is used is told in signature.py, read.py and handshake.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from bridge.model import Headers, Json, Money
from bridge.providers.source import Alternatives, Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Literal text among the signed parts."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Signed parts that are left out together when one of them is absent."""

    parts: "tuple[Part, ...]"


Part: TypeAlias = Union[Text, Group, Alternatives]


RAW: tuple[Part, ...] = ((Source(kind="raw"),),)


def sources(parts: Iterable[Part]) -> Iterator[Source]:
    """Every source among signed parts, groups included."""
    for part in parts:
        if isinstance(part, Group):
            yield from sources(part.parts)
        elif not isinstance(part, Text):
            yield from part


@dataclass(frozen=True, kw_only=True, slots=True)
class Timestamp:
    """When the sender signed."""

    source: Alternatives
    unit: str = "s"  # s, ms, iso, or auto: s or ms by its size
    tolerance: int = 300  # seconds, both ways


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How a request proves who sent it. Schemes that carry the secret itself use place, prefix and encoding only."""

    scheme: str
    place: Alternatives  # where the proof is
    split: str = ""  # what separates several proofs or fields
    assign: str = "="  # what stands between a field's name and its value
    field: str = ""  # the field whose values are proofs; "": every part is one
    prefix: str = ""
    encoding: str = "hex"  # hex, base64, text
    algorithm: str = "sha256"  # sha1, sha256, sha512
    key: str = "utf8"  # how the secret's text becomes the key: utf8, hex, base64
    key_prefix: str = ""  # taken off the secret first
    signed: tuple[Part, ...] = RAW
    timestamp: Timestamp | None = None
    url_decode: str = ""  # characters whose percent forms are decoded in `url`
    username: str = ""  # basic only; "": the secret is `username:password`


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Where the parts of an event are."""

    id: tuple[Alternatives, ...] = ()  # joined by ":"; one absent: a hash of the item
    type: tuple[Alternatives, ...] = ()  # joined by ".", absent ones left out
    time: Alternatives = ()
    live: Alternatives = ()  # false there: the sender's test mode
    items: Source | None = None  # the list of a batch body
    volatile: tuple[Source, ...] = ()  # differ between retries of one event
    secret_paths: tuple[
        Source, ...
    ] = ()  # secrets that the sender puts into body or URL
    headers: frozenset[str] = frozenset()  # what expressions may see, lower case
    content: tuple[str, ...] = ("json",)  # json, form


@dataclass(frozen=True, kw_only=True, slots=True)
class Echo:
    """One value that a handshake gives back; `hmac` says that its keyed hash is sent instead."""

    source: Alternatives
    hmac: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Handshake:
    """A sender's check of the URL: when every `when` matches, the echoes are the answer."""

    when: tuple[tuple[Alternatives, str], ...]
    token: Alternatives = ()  # must be one of the source's secrets
    text: Echo | None = None
    json: Mapping[str, Echo] = field(default_factory=dict)
    headers: Mapping[str, Echo] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer that the sender's protocol asks for."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """One kind of sender. `recipe` is None while nobody said how it signs, as for an unconfigured `generic`."""

    name: str
    title: str
    docs: str  # address of the sender's own documentation
    evidence: str  # how well the recipe is known
    recipe: Recipe | None = None
    event: Reading = Reading()
    money: Money = Money()
    handshake: Handshake | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    data: Mapping[str, Json] = field(default_factory=dict, repr=False)  # as written

    @property
    def headers(self) -> frozenset[str]:
        """The header names that expressions may see, lower case."""
        return self.event.headers
