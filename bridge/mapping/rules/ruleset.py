"""What the mapping files say, as frozen values: a ruleset of sources and rules whose expressions are compiled.

Values only: made in `reading`, evaluated by route.py, tested in `cases`. Everything keeps its place in the files.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Final, TypeAlias

from bridge import vendors
from bridge.errors import MappingError
from bridge.mapping.expressions import Expression, Table
from bridge.model import (
    Connection,
    Diagnostic,
    Json,
    Place,
    Response,
    Retries,
    SecretRef,
)
from bridge.providers import Provider
from bridge.strict.yaml import Node
from bridge.vendors import Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class Formula:
    """An expression and the scalar it is written in. `name` is its key in the rule: when, let.inv, fields.amount."""

    name: str
    expression: Expression
    node: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Constant:
    """A value that is written as it is."""

    name: str
    value: Json
    node: Node


FETCHED = ("fetched", "fetched_headers")  # what is known of the answer to a look-up

Tree: TypeAlias = "Formula | Constant | Keyed | Mapping[str, Tree] | tuple[Tree, ...]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyed:
    """A mapping some of whose keys are expressions."""

    pairs: "tuple[tuple[Formula | Constant, Tree], ...]"


def leaves(tree: "Tree | None") -> Iterator[Formula]:
    """The expressions in a tree, in order."""
    if isinstance(tree, Formula):
        yield tree
    elif isinstance(tree, tuple):
        for item in tree:
            yield from leaves(item)
    elif isinstance(tree, Mapping):
        yield from leaves(tuple(tree.values()))
    elif isinstance(tree, Keyed):
        for pair in tree.pairs:
            yield from leaves(pair)


@dataclass(frozen=True, kw_only=True, slots=True)
class Allow:
    """Which requests a source takes at all; empty: any."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    content_types: frozenset[str] = frozenset()  # lower case, without parameters
    max_body: int | None = None  # bytes; None: as the settings say


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One configured sender: what is behind POST /hooks/<name>."""

    name: str
    provider: Provider
    secrets: tuple[SecretRef, ...]  # any of them may have signed
    token: SecretRef | None = None  # by which the sender checks the URL; None: a secret
    allow: Allow = Allow()
    place: Place
    # What is looked up before the rules are asked; it has no say in how a request is read.
    fetch: "Fetch | None" = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ForEach:
    """One delivery per item of a list."""

    items: Formula
    name: str  # what expressions call the item
    key: Formula | Constant | None  # None: the item itself, else its index
    limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One entry of a mapping file, its defaults merged and its names looked up."""

    id: str
    description: str = ""
    mode: str = "live"  # live, shadow or off
    source: str
    events: tuple[str, ...] = ()  # exact types or patterns with *; (): every type
    types: re.Pattern[str]  # the same, as one expression
    let: Mapping[str, Formula | Constant] = field(default_factory=dict)
    skip_if_missing: tuple[Formula, ...] = ()
    when: Formula | None = None
    for_each: ForEach | None = None
    operation: Operation
    connection: Connection  # the effective one: the rule's own auth is in it
    options: Mapping[str, object]  # the connection's, without references
    fields: Mapping[str, Tree]
    hold_if: Formula | None = None
    root: tuple[str, str]  # host and base path of its lanes, where tickets are paths
    lane_key: Formula | Constant | None = None  # None: the ticket
    at: Formula | None = None  # None: the event's own time
    stale: str  # skip or send
    coalesce: bool = False  # of those that wait, only the newest is sent
    idempotency_key: Formula | Constant | None = None
    max_event_age: int | None = None  # seconds
    retries: Retries
    responses: tuple[Response, ...] = ()  # the first that fits judges an answer
    place: Place  # of its id
    written: Mapping[str, Node]  # key → where it stands, defaults included

    def adds(self, fields: Mapping[str, object]) -> str:
        """The field by which a repeated call would do something a second time, "" where it would not.

        A key of the rule's own, sent in a header, says that the vendor knows repeated calls by it. The default key is
        sent as well, and says nothing: most APIs pass over it.
        """
        vendor = vendors.get(self.operation.vendor)
        keyed = self.idempotency_key and vendor.idempotency_header
        return "" if keyed else self.operation.adding(fields)

    def takes(self, event_type: str) -> bool:
        """Whether the rule is about events of this type."""
        return not self.events or bool(self.types.fullmatch(event_type))

    def place_of(self, key: str) -> Place:
        """Where a key of the rule stands; the rule itself where the key is not written."""
        node = self.written.get(key)
        return node.place if node else self.place

    def formulas(self) -> Iterator[Formula]:
        """Every expression that is evaluated for an event, in that order."""
        each = self.for_each
        tree = (
            *self.let.values(),
            *self.skip_if_missing,
            self.when,
            *((each.items, each.key) if each else ()),
            self.fields,
            self.hold_if,
            self.lane_key,
            self.at,
            self.idempotency_key,
        )
        yield from leaves(tree)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetch:
    """A look-up for the events of a source: a rule without a name, whose answer comes back as `fetched`."""

    rule: Rule  # its lane_key names the object; None: what it asks for does
    cache: int  # seconds for which the same question gets the same answer


class Null:
    """Null as a value: `!null` in a mapping file, where a plain null deletes."""


NULL: Final = Null()
Change: TypeAlias = "Json | Null"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test of a mapping file: a recorded payload and what each rule must make of it."""

    name: str
    source: str
    given: str  # path of the recording, relative to the mapping file
    patch: Mapping[str, Change]  # path → what stands there instead
    at: datetime | None  # when the event arrives; None: when it occurred
    # What its look-up answers, as text the file that has it; None: not said.
    fetched: Json
    fetched_headers: Mapping[str, str]  # of that answer; lower-case names
    expect: Mapping[str, Node]  # rule → outcome
    position: int  # in the list of its file's tests
    place: Place  # of its name
    places: Mapping[str, Place]  # key → where its value stands


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruleset:
    """All rules of a folder. `hash` names its exact text, so that an event can be explained with the rules it met."""

    hash: str  # SHA-256, hex
    texts: Mapping[str, str]  # relative path → text
    sources: Mapping[str, Source]
    rules: tuple[Rule, ...]  # in file order, files by name
    connections: Mapping[str, Connection]  # the named ones
    tables: Mapping[str, Table]
    cases: tuple[Case, ...]
    references: Mapping[SecretRef, Place]  # every secret, and where it stands first
    by_source: Mapping[str, tuple[Rule, ...]]

    def rules_of(self, source: str) -> tuple[Rule, ...]:
        """The rules of a source, in file order; none for a source that has none."""
        return self.by_source.get(source, ())

    def line(self, place: Place) -> str:
        """The line of a mapping file that a place points into."""
        lines = self.texts.get(place.file, "").splitlines()
        return lines[place.line - 1] if 0 < place.line <= len(lines) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What reading a folder gave: a ruleset, or None where a finding is an error."""

    ruleset: Ruleset | None
    findings: tuple[Diagnostic, ...]
    texts: Mapping[str, str]

    def usable(self) -> Ruleset:
        """The ruleset. Raises MappingError with the errors where there is none."""
        if self.ruleset is not None:
            return self.ruleset
        errors = [found for found in self.findings if found.severity == "error"]
        count = f"{len(errors)} error{'s' * (len(errors) != 1)}"
        raise MappingError(f"the mapping files have {count}", errors)
