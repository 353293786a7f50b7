"""The values that pass between rooms: frozen, keyword-only, without behaviour beyond reading themselves.

Nothing here does I/O or imports another part of the bridge, but the words of its states. Datetimes are aware, in UTC.
Amounts are int or Decimal, never float. `Json` is what bridge.strict.json makes of a document: dict, list, str, int,
Decimal, bool, None.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

from bridge.state import State

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | Decimal | bool | None"
Headers: TypeAlias = tuple[tuple[str, str], ...]


# --- places and findings -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something stands in a text file. Lines and columns count from 1; `length` is in characters."""

    file: str
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """What to write in a place of one line, which may have no length: there it is put in."""

    place: Place
    text: str


class Advice(str):
    """A help that names the very text to write. Programs find it in `instead`, where several are a choice.

    `span` is what it replaces, as offsets into an expression, where that is more than the place of the finding.
    `plain` is the help without that text, for where it would not do.
    """

    instead: tuple[str, ...]
    span: tuple[int, int] | None
    plain: str

    def __new__(
        cls,
        help: str,
        *instead: str,
        span: tuple[int, int] | None = None,
        plain: str = "",
    ) -> "Advice":
        self = super().__new__(cls, help)
        self.instead, self.span, self.plain = instead, span, plain
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One finding about a mapping file or an evaluation. `message` names paths and keys, never payload values."""

    code: str  # M001, E202, W601 … : its letter gives the family
    message: str
    place: Place | None = None
    help: str = ""  # what to write instead
    excerpt: str = ""  # the source line the place points into
    fixes: tuple[Fix, ...] = ()  # each mends it by itself

    @property
    def severity(self) -> str:
        """`warning` for W codes, `error` for all others."""
        return "warning" if self.code.startswith("W") else "error"


# --- receiving -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """How a provider writes amounts: `minor` (1999 is 19.99 USD), `major` (19.99), or None when it does not say.

    `exponents` holds the decimals of the currencies, upper case, for which the provider departs from ISO 4217.
    """

    amounts: Literal["minor", "major"] | None = None
    exponents: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request as it arrived, byte for byte. Nothing about it is proven."""

    method: str
    target: str  # path and query as sent, e.g. /hooks/stripe?x=1
    headers: Headers  # in order, names as sent, values decoded as latin-1
    body: bytes
    received_at: datetime

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a header, in order; the name in any case."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def without(self, *names: str) -> Headers:
        """Its headers but for those of these names, which are lower case."""
        return tuple(pair for pair in self.headers if pair[0].lower() not in names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A request whose sender was proven, and by which of the source's secrets (None: a recording, trusted as such)."""

    request: Request
    secret: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that happened, as a provider reads it out of a verified request."""

    source: str
    event_id: str  # the provider's own id, or a hash of the body: unique per source
    type: str
    occurred_at: datetime | None  # the provider's own time
    received_at: datetime
    payload: Json  # the parsed item, `event` in expressions
    headers: Mapping[str, str]  # lower-case names, the provider's allow-list only
    item: int | None = None  # position in a batch body; None: the body is one event
    live: bool = True  # False for the provider's test mode
    digest: str = ""  # SHA-256 of the item without its volatile paths
    fetched: Json = None  # the answer to its look-up; None where nothing was looked up
    # Of that answer, lower-case names.
    fetched_headers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what is worth saying about how it was read
    unreadable: str = ""  # why its content cannot be read; then `payload` is None
    id: int | None = None  # the store's id, once stored


# --- delivering ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One HTTP request to a vendor without its credentials and without the base URL."""

    method: str
    path: str  # absolute, percent-encoded, joined to the connection's base URL
    query: Headers = ()
    headers: Headers = ()
    body: bytes | None = None
    # Status ranges that count as accepted, both ends included.
    success: tuple[tuple[int, int], ...] = ((200, 299),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A vendor's answer, bounded: at most 1 MiB of body is read (`truncated` says when there was more)."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    elapsed: float  # seconds
    truncated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class NoReply:
    """A call that brought no answer. `sent` is False only when the vendor cannot have seen the request."""

    # refused, dns, tls, proxy, timeout, dropped, late, policy, credentials, coding, store
    kind: str
    message: str  # one sentence without URL query or secret
    sent: bool
    elapsed: float  # seconds


class Verdict(StrEnum):
    """What an answer means for its delivery."""

    DELIVERED = "delivered"
    RETRY = "retry"  # the vendor may take it later
    FAILED = "failed"  # the vendor will never take it as it is: dead letter
    PARK = "park"  # the credentials are wrong: the connection stops, nothing is burnt
    UNKNOWN = "unknown"  # it may have been applied: on_ambiguous decides
    REUSED = "reused"  # a look-up that was answered shortly before: no call was made
    LOOKED_UP = "looked_up"  # a second look-up: the call was made anew of its answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A judged answer."""

    verdict: Verdict
    reason: str  # one sentence for a person; no secret, no payload value
    code: str  # short machine name, groups dead letters and labels metrics: http_404, timeout, partial …
    # Try at most so many times for this cause, whatever the rule's max_attempts.
    limit: int | None = None
    call: Call | None = None  # what is left to send, where a part was already applied
    # The delivery's next state, where that was said already.
    settled: State | None = None
    anew: "Delivery | None" = None  # what is to be sent instead


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One HTTP call of a delivery, and what its answer means."""

    started_at: datetime
    outcome: Outcome
    answer: Reply | NoReply | None = None  # None: no call was made, or nobody knows
    fetched: Reply | None = None  # of a look-up that was answered

    @property
    def status(self) -> int | None:
        """The answer's; None without one."""
        return self.answer.status if isinstance(self.answer, Reply) else None

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's, with lower-case names."""
        return self.answer.headers if isinstance(self.answer, Reply) else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretRef:
    """Where a secret is, never the secret: `{env: NAME}` or `{file: PATH}`."""

    kind: str  # env or file
    name: str

    def __str__(self) -> str:
        return f"{{{self.kind}: {self.name}}}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """Where and as whom. Options and auth may hold SecretRef leaves; they are resolved when a call is sent."""

    name: str
    vendor: str
    # base_url, headers, rate, concurrency, timeout and the vendor's own keys
    options: Mapping[str, object]
    # one key, the scheme: {"api_key": SecretRef} or {"basic": {"username": …}}
    auth: Mapping[str, object]
    # Tenant and account, which tenants.py makes of the others and of this machine's environment.
    identity: tuple[str, str] | None = field(default=None, compare=False)

    @property
    def tenant(self) -> str:
        """Which ticket system it reaches; its name, where that was not asked."""
        return self.identity[0] if self.identity else self.name

    @property
    def account(self) -> str:
        """Which ticket system it reaches and as whom; its name, where that was not asked."""
        return self.identity[1] if self.identity else self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Retries:
    """How long a delivery is tried. None means the default of retry.py."""

    max_attempts: int | None = None
    max_age: int | None = None  # seconds
    initial: int | None = None  # seconds
    max_delay: int | None = None  # seconds
    max_retry_after: int | None = None  # seconds; an answer may ask for so much
    on_ambiguous: str = "retry"  # retry or hold


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What a rule makes of certain answers, before their vendor judges them. Text, so that a delivery can keep it."""

    when: str  # an expression over `response`
    do: str  # retry, fail, ok or ignore
    note: str = ""  # why, for a person


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One call that a matched rule wants made: as it is stored, sent, and made once more."""

    rule: str
    key: str  # the item's key of for_each, "" otherwise
    operation: str
    connection: Connection
    # What the expressions gave, after the operation's schema.
    fields: Mapping[str, Json]
    call: Call
    ticket: str  # what the operation says identifies the ticket
    lane: str  # tenant + ordering key
    at: datetime | None  # the time that decides what is newer; None: never stale
    stale: str = "send"  # skip or send
    coalesce: bool = False  # of a rule's that wait in a lane, only the newest is sent
    hold: str = ""  # why it waits for a person; "" when it does not
    shadow: bool = False  # rendered and recorded, never sent
    idempotency_key: str = ""
    retries: Retries = Retries()
    responses: tuple[Response, ...] = ()
    look_up: int | None = None  # seconds its answer is good for; None: an update
    # Bytes of its fields and its call, as far as they were counted.
    size: int = field(default=0, compare=False)


class Said(StrEnum):
    """What a rule said to an event."""

    MATCHED = "matched"
    NO_MATCH = "no_match"
    SKIPPED = "skipped"
    ERROR = "error"


# Of several words the first of these that was said stands for all.
STRONGEST = (Said.ERROR, Said.MATCHED, Said.SKIPPED, Said.NO_MATCH)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What one rule said to one event, and why."""

    rule: str
    said: Said
    reason: str  # one sentence: the condition and the values it compared, or the error's message
    place: str  # file:line of what decided
    rendered: tuple[Delivery, ...] = ()
    diagnostic: Diagnostic | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What the rules say to one stored event, or the look-up that must be made before they are asked."""

    event: int
    source: str = ""
    decisions: tuple[Decision, ...] = ()
    look_up: Delivery | None = None

    @property
    def rendered(self) -> tuple[Delivery, ...]:
        """The calls that follow."""
        made = (one for said in self.decisions for one in said.rendered)
        return (*made, self.look_up) if self.look_up else (*made,)

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(one.size for one in self.rendered)
