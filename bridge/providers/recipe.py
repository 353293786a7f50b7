"""What a provider is: frozen values, built by schema.py from a data file and a mapping file's own keys.

No behaviour but reading themselves; how each value is used is told in signature.py and read.py. What is said in a check
of the URL is in greeting.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import TypeAlias, Union

from bridge.model import Json, Money
from bridge.providers.greeting import Answer, Echo, Handshake
from bridge.providers.source import Alternatives, Conditions, Source, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Signed parts that are left out together when one of them is absent."""

    parts: "tuple[Part, ...]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lower:
    """A place whose text is signed in lower case."""

    places: Alternatives


@dataclass(frozen=True, kw_only=True, slots=True)
class Canonical:
    """What a named function of canonical.py makes of a request."""

    name: str
    covers: Source  # the part of the request that it makes its text of


Part: TypeAlias = Union[Text, Group, Lower, Canonical, Alternatives]


RAW: tuple[Part, ...] = ((Source(kind="raw"),),)


def sources(parts: Iterable[Part]) -> Iterator[Source]:
    """Every source among signed parts, groups included."""
    for part in parts:
        match part:
            case Text():
                continue
            case Group():
                yield from sources(part.parts)
            case Lower():
                yield from part.places
            case Canonical():
                yield part.covers
            case _:
                yield from part


@dataclass(frozen=True, kw_only=True, slots=True)
class Timestamp:
    """When the sender signed."""

    source: Alternatives
    unit: str = "s"  # s, ms, iso, or auto: s or ms by its size
    tolerance: int = 300  # seconds, both ways


@dataclass(frozen=True, kw_only=True, slots=True)
class KeySource:
    """Where a sender publishes its public keys: at `url`, or where the request's `place` says, at one of `hosts`."""

    url: str = ""
    place: Alternatives = ()
    hosts: tuple[str, ...] = ()
    id: Alternatives = ()  # which of them it is; a JSON Web Token says so itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How a request proves who sent it. Schemes that carry the secret itself use place, prefix and encoding only."""

    scheme: str
    place: Alternatives  # where proofs are; what stands at any of them counts
    items: Source | None = None  # a batch whose elements each carry their own proof
    split: str = ""  # what separates several proofs or fields
    assign: str = "="  # what stands between a field's name and its value
    # The field whose values are proofs; "": every part is one; "*": each, whatever its name.
    field: str = ""
    prefix: str = ""
    suffix: str = ""
    encoding: str = "hex"  # hex, base64, text
    algorithm: str = "sha256"  # one of the scheme's
    key: str = "utf8"  # how the secret's text becomes the key: utf8, hex, base64
    key_prefix: str = ""  # taken off the secret first
    kdf: str = ""  # the hash that makes the key of the secret: sha1, sha256
    published: tuple[str, ...] = ()  # secrets that everybody can read, so never taken
    account: str = ""  # what the sender calls this endpoint, where it signs that too
    signed: tuple[Part, ...] = RAW
    timestamp: Timestamp | None = None
    url_decode: str = ""  # characters whose percent forms are decoded in `url`
    url_port: str = (
        ""  # with or without the usual one in `url`; "": as the setting has it
    )
    span: tuple[int, int] | None = None  # which of the source's secrets; None: all
    keys: KeySource | None = None  # where the sender publishes those it signs with
    username: str = ""  # basic only; "": the secret is `username:password`
    claims: Mapping[str, str] = field_of(default_factory=dict)  # jwt only: must equal
    body_hash: str = ""  # jwt only: the claim that holds the body's SHA-256 in hex

    @property
    def by_public_key(self) -> bool:
        """Whether a source holds the sender's public key, with which nobody can sign."""
        return self.scheme == "asymmetric" or self.algorithm in ("RS256", "ES256")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unwrap:
    """A document inside a field of the body, which is the event; `format`: json or base64-xml."""

    source: Alternatives
    format: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Time:
    """Where the time of an occurrence is, if all `when` and no `unless` match; `zone` is that of a text without one."""

    source: Alternatives
    when: Conditions = ()
    unless: Conditions = ()
    zone: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """Where a sender marks its test mode, and the texts that stand there then: `false` of a flag `livemode`."""

    source: Alternatives
    unless: tuple[str, ...] = ("false",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Where the parts of an event are."""

    id: tuple[Alternatives, ...] = ()  # joined by ":"; one absent: a hash of the item
    each_delivery: bool = False  # every delivery is an event, also of the same body
    type: tuple[Alternatives, ...] = ()  # joined by ".", absent ones left out
    time: tuple[Time, ...] = ()  # the first that gives a time
    live: Live | None = None
    items: Source | None = None  # the list of a batch body
    whole: bool = False  # a body without that list may be an event of a type of its own
    each: tuple[Source, ...] = ()  # lists in an item, each element of which is an event
    unwrap: Unwrap | None = None  # what `item` is instead of the body
    volatile: tuple[Source, ...] = ()  # differ between retries of one event
    secret_paths: tuple[
        Source, ...
    ] = ()  # secrets that the sender puts into body or URL
    headers: frozenset[str] = frozenset()  # what expressions may see, lower case
    content: tuple[str, ...] = ("json",)  # json, form, xml
    duplicate_keys: str = (
        "last"  # which of two values under one key counts: last, refuse
    )
    unreadable: str = "refuse"  # or keep: a proven body that cannot be read
    thin: bool = False  # names objects by id and holds none: they have to be looked up


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """One kind of sender. `recipe` is None while nobody said how it signs, as for an unconfigured `generic`."""

    name: str
    title: str
    docs: str  # address of the sender's own documentation
    evidence: str  # how well the recipe is known
    recipe: Recipe | None = None
    others: tuple[Recipe, ...] = ()  # other proofs that are taken, tried in order
    event: Reading = Reading()
    money: Money = Money()
    handshake: tuple[Handshake, ...] = ()  # the first that a request asks for
    answers: Mapping[str, Answer] = field_of(default_factory=dict)
    data: Mapping[str, Json] = field_of(default_factory=dict, repr=False)  # as written

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """Every way to prove who sends, in the order in which they are tried."""
        return (self.recipe, *self.others) if self.recipe else ()

    @property
    def needs_account(self) -> bool:
        """Whether the sender's own id of the endpoint is signed, or sent back to it (`verify.account`)."""
        if self.recipe is None:
            return False
        said = [echo for one in self.handshake for echo in one.text]
        echoes = [one for echo in said if isinstance(echo, Echo) for one in echo.source]
        parts = [*sources(self.recipe.signed), *echoes]
        return any(source.kind == "account" for source in parts)

    @property
    def fetches_keys(self) -> bool:
        """Whether a proof may need keys that the sender publishes."""
        return any(recipe.keys for recipe in self.recipes)

    @property
    def checks_token(self) -> bool:
        """Whether the sender checks the URL by a token that it was given (`verify.token`)."""
        return any(one.token for one in self.handshake)

    def greets_by(self, method: str) -> bool:
        """Whether a check of the URL comes by this method and says so."""
        asked = [pair for one in self.handshake for pair in one.when]
        return any(
            places[0].kind == "method" and method in texts for places, texts in asked
        )

    @property
    def headers(self) -> frozenset[str]:
        """The header names that expressions may see, lower case."""
        return self.event.headers
