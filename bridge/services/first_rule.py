"""The text of a first mapping file: a source with its secret's name, a rule, and the table that it may need.

Everything is derived: where the ticket may stand from a recorded event, what a call takes from the schema of the
vendor's first operation. Knows no provider and no vendor by name, but for the one that stands for any sender.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from marshmallow import ValidationError
from marshmallow.fields import Field

from bridge import providers
from bridge.model import Event, Json
from bridge.providers import Provider
from bridge.strict.yaml_writing import written
from bridge.vendors import Operation, Vendor

Keys: TypeAlias = tuple[str, ...]

# What a sender that nobody described is told to do, so that its recorded order can be read.
_VERIFY: dict[str, Json] = {
    "scheme": "hmac",
    "header": "X-Signature",
    "prefix": "sha256=",
    "signed": ["raw"],
}
_EVENT: dict[str, Json] = {
    "id": "body.event_id",
    "type": "body.kind",
    "time": "body.created_at",
}
_KEY = re.compile(r"(?!(?:and|or|not|in|is|if|else|true|false|none)\Z)[A-Za-z_]\w*")
_LONGEST = 80  # characters of a text that may name something


def configured(provider: Provider) -> Provider:
    """The provider as the text configures it."""
    if provider.recipe is not None:
        return provider
    return providers.configure(provider, verify=_VERIFY, event=_EVENT)


def name(vendor: Vendor, event: Event) -> str:
    """The rule's id."""
    words = re.sub(r"[^a-z0-9]+", "-", event.type.lower()).strip("-")
    return f"{event.source}-{words}-to-{vendor.name}"


def text(provider: Provider, vendor: Vendor, event: Event) -> str:
    """The file without its tests."""
    return "\n".join(_lines(provider, vendor, event)) + "\n"


def _lines(provider: Provider, vendor: Vendor, event: Event) -> Iterator[str]:
    operation = vendor.operations[0]
    ticket, tables = _ticket(provider, operation, event)
    yield f"# {provider.title} → {vendor.title}: {operation.summary}"
    yield f"# Where the secret is found at the sender: {provider.docs}"
    yield "# Values are examples: put yours in their place, or expressions over the payload such as the ticket's."
    yield "version: 1"
    yield ""
    yield "source:"
    yield f"  name: {provider.name}"
    yield from _proof(provider)
    yield ""
    yield "rules:"
    yield f"  - id: {name(vendor, event)}"
    yield f"    events: [{written(event.type)}]"
    yield f"    target: {operation.name}"
    yield from _connection(vendor)
    yield "    fields:"
    yield f'      {operation.ticket[0]}: "{{{{ {ticket} }}}}"'
    for field, value in _values(operation):
        yield f"      {field}: {value}"
    yield from tables


def _proof(provider: Provider) -> Iterator[str]:
    recipe = provider.recipe
    said: dict[str, object] = {} if recipe else {**_VERIFY}
    if provider.needs_account:
        said["account"] = "what the sender calls this endpoint"
    public = recipe is not None and recipe.by_public_key
    kind = "PUBLIC_KEY" if public else "WEBHOOK_SECRET"
    if not (recipe and recipe.keys):  # which the sender publishes
        said["secret"] = {"env": _variable(provider.name, kind)}
    if provider.checks_token:
        said["token"] = {"env": _variable(provider.name, "VERIFY_TOKEN")}
    yield f"  verify: {written(said)}"
    if recipe is None:
        yield f"  event: {written(_EVENT)}"


def _connection(vendor: Vendor) -> Iterator[str]:
    """Where and as whom; all that differs between companies by the name of an environment variable."""
    options = re.findall(r"\{(\w+)\}", vendor.address or "{base_url}")
    if options:
        named = {one: {"env": _variable(vendor.name, one)} for one in options}
        yield f"    connection: {written(named)}"
    scheme = next((one for one in vendor.auth if not one.keys), None)
    if scheme:
        token = scheme.name in ("bearer", "basic_token")
        variable = _variable(vendor.name, "TOKEN" if token else scheme.name)
        yield f"    auth: {written({scheme.name: {'env': variable}})}"


def _values(operation: Operation) -> Iterator[tuple[str, str]]:
    """The other fields that a call needs, with the examples of their schema."""
    known = operation.schema().fields
    wanted = [field for field in known if known[field].required]
    for group in operation.at_least_one:
        wanted.append(next((one for one in group if "status" in one), group[0]))
    for field in wanted:
        if field not in operation.ticket:
            yield field, written(known[field].metadata["example"])
    if "body" in known:  # a request without one would say nothing
        yield "body", '{ type: "{{ meta.event_type }}", id: "{{ meta.event_id }}" }'


def _ticket(
    provider: Provider, operation: Operation, event: Event
) -> tuple[str, list[str]]:
    """The expression that gives the ticket, and the table that it needs where the payload does not hold it."""
    place, value = _named_thing(event)
    field = operation.schema().fields[operation.ticket[0]]
    if "ticket" in place.lower() and _takes(field, value):
        return place, []
    table = f"tickets_of_{provider.name.replace('-', '_')}"
    row = f"{written(str(value))}: {written(field.metadata['example'])}"
    return f"{place} | lookup('{table}')", [
        "",
        "tables:",
        f"  {table}:     # which ticket is meant; a row `_` is the one for all others",
        f"    {row}",
    ]


def _takes(field: "Field[Any]", value: object) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def _named_thing(event: Event) -> tuple[str, str | int]:
    """What in the payload may tell which ticket is meant, as an expression, and its value there: a guess to start from.

    A ticket's own number first, then what names an object rather than the event, else the event itself.
    """
    candidates = [
        (path, value)
        for path, value in _leaves(event.payload, ("event",))
        if str(value) != event.event_id
    ]
    for fits in _LIKELY:
        for path, value in candidates:
            if fits(path):
                return ".".join(path), value
    return "meta.event_id", event.event_id


def _leaves(value: Json, path: Keys) -> Iterator[tuple[Keys, str | int]]:
    """The short texts and whole numbers at paths that an expression can spell."""
    match value:
        case dict():
            for key, below in value.items():
                if _KEY.fullmatch(key):
                    yield from _leaves(below, (*path, key))
        case str():
            if 0 < len(value) <= _LONGEST and value.isprintable():
                yield path, value
        case bool():
            return
        case int():
            yield path, value


def _names_one(path: Keys) -> bool:
    """Whether it ends as the name of one object does, and says nothing of who did it or whose it is."""
    words = re.findall("[A-Z]?[a-z]+|[A-Z]+", " ".join(path))
    said = [word.lower() for word in words]
    return said[-1:] in (["id"], ["reference"], ["number"]) and not _WHO & {*said}


_WHO = frozenset(
    "account actor agent channel creator owner partner sender source store user".split()
)
_LIKELY: tuple[Callable[[Keys], bool], ...] = (
    lambda path: "ticket" in path[-1].lower(),
    lambda path: len(path) > 2 and _names_one(path),
    _names_one,
)


def _variable(owner: str, what: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", f"{owner}_{what}".upper())
