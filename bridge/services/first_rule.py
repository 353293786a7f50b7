"""The text of a first mapping file: a source with its secret's name, a rule, and a table if it needs one.

Everything is derived: the likely ticket from a recorded event, the fields from the schema of the vendor's first
operation. Knows no provider or vendor by name, except the one for unlisted senders.
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

# How an unlisted sender signs and names its events, so that its recorded payload can be read.
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
# Characters of a text that may be an id.
_LONGEST = 80


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
    yield f"# Where to find the secret: {provider.docs}"
    yield "# The values are examples: replace them with yours, or with expressions over the payload, as for the ticket."
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
        said["account"] = "the sender's name for this endpoint"
    public = recipe is not None and recipe.by_public_key
    kind = "PUBLIC_KEY" if public else "WEBHOOK_SECRET"
    # Otherwise the sender publishes its keys.
    if not (recipe and recipe.keys):
        said["secret"] = {"env": _variable(provider.name, kind)}
    if provider.checks_token:
        said["token"] = {"env": _variable(provider.name, "VERIFY_TOKEN")}
    yield f"  verify: {written(said)}"
    if recipe is None:
        yield f"  event: {written(_EVENT)}"


def _connection(vendor: Vendor) -> Iterator[str]:
    """Where and as whom; values that differ between companies come from environment variables."""
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
    """The other required fields, with the examples of their schema."""
    known = operation.schema().fields
    wanted = [field for field in known if known[field].required]
    for group in operation.at_least_one:
        wanted.append(next((one for one in group if "status" in one), group[0]))
    for field in wanted:
        if field not in operation.ticket:
            yield field, written(known[field].metadata["example"])
    # A request without a body would say nothing.
    if "body" in known:
        yield "body", '{ type: "{{ meta.event_type }}", id: "{{ meta.event_id }}" }'


def _ticket(
    provider: Provider, operation: Operation, event: Event
) -> tuple[str, list[str]]:
    """The expression for the ticket, and the table that it needs if the payload does not contain it."""
    place, value = _named_thing(event)
    field = operation.schema().fields[operation.ticket[0]]
    if "ticket" in place.lower() and _takes(field, value):
        return place, []
    table = f"tickets_of_{provider.name.replace('-', '_')}"
    row = f"{written(str(value))}: {written(field.metadata['example'])}"
    return f"{place} | lookup('{table}')", [
        "",
        "tables:",
        f"  {table}:     # value in the payload → ticket; a row `_` stands for all other values",
        f"    {row}",
    ]


def _takes(field: "Field[Any]", value: object) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def _named_thing(event: Event) -> tuple[str, str | int]:
    """A guess at what in the payload identifies the ticket: the path, and its value there.

    A ticket's own number first, then an object's id rather than the event's, otherwise the event's id.
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
    """The short texts and whole numbers at paths that an expression can name."""
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
    """Whether the path looks like an object's id, and not like the id of a person or an account."""
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
