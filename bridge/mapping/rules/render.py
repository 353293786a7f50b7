"""From a matched rule (and item) to the call it wants made: fields, the operation's checks, and the keys.

Knows operations, not transport. Whatever cannot be sent is a RuleError at the place that made it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from bridge import tenants, vendors
from bridge.errors import BridgeError
from bridge.mapping.expressions import OMIT, Scope, TooMuch, Value
from bridge.mapping.findings import split_fix
from bridge.mapping.rules.evaluate import Evaluation, RuleError
from bridge.mapping.rules.ruleset import Constant, Formula, Keyed, Tree
from bridge.model import Call, Delivery, Diagnostic, Json, Place, Retries
from bridge.strict.outgoing import header_value_problem

_AHEAD = timedelta(minutes=5)  # so far a sender's clock may run before ours
_MAX_KEY = 200  # characters of an idempotency key


def render_item(run: Evaluation, scope: Scope, key: str) -> Delivery:
    """The call for one item; `key` tells it apart, "" without for_each."""
    try:
        return _render(run, scope, key)
    except TooMuch as error:
        raise _too_much(run, scope, error.bytes) from None


def _render(run: Evaluation, scope: Scope, key: str) -> Delivery:
    rule, allowance = run.rule, scope.allowance
    before = allowance.used
    fields = _fields(run, scope)
    call = _call(run, fields)
    _count(scope, call)
    ticket = rule.operation.ticket_of(fields)
    once = _idempotency_key(run, scope, key)
    return Delivery(
        rule=rule.id,
        key=key,
        operation=rule.operation.name,
        connection=rule.connection,
        fields=fields,
        call=call,
        ticket=ticket,
        lane=_lane(run, scope, ticket, once),
        at=_at(run, scope),
        stale=rule.stale,
        coalesce=rule.coalesce,
        hold=_hold(run, scope, fields),
        shadow=rule.mode == "shadow",
        idempotency_key=once,
        retries=_retries(run, fields),
        responses=rule.responses,
        size=allowance.used - before,
    )


def _fields(run: Evaluation, scope: Scope) -> dict[str, Json]:
    inside = run.rule.operation.nulls
    pairs = (
        # A field as a whole is never null, whatever may be so inside of it.
        (
            name,
            _tree(run, tree, scope, name in inside and not isinstance(tree, Formula)),
        )
        for name, tree in run.rule.fields.items()
    )
    made: dict[str, Any] = {name: value for name, value in pairs if value is not OMIT}
    # Before anything is written of them: a rule may put one long text into many places.
    scope.allowance.take_value(made)
    problems = vendors.check_fields(run.rule.operation, made)
    if problems:
        path, problem = min(problems.items())
        message, help = split_fix(problem)
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        message = f"field '{path}' {message}{more}"
        raise _error("E324", message, _place_of(run, path), help)
    return made


def _tree(run: Evaluation, tree: Tree, scope: Scope, nulls: bool) -> Value:
    """The value; `nulls` says whether null is one."""
    if isinstance(tree, Constant):
        return tree.value
    if isinstance(tree, Formula):
        value = run.value(tree, scope)
        return value if nulls and value is None else _sendable(run, tree, value)
    inside = partial(_tree, run, scope=scope, nulls=nulls)
    if isinstance(tree, tuple):
        return [one for item in tree if (one := inside(item)) is not OMIT]  # type: ignore[misc]
    pairs = ((name, inside(item)) for name, item in _pairs(run, tree, scope))
    return {name: value for name, value in pairs if value is not OMIT}  # type: ignore[misc]


def _pairs(
    run: Evaluation, tree: Mapping[str, Tree] | Keyed, scope: Scope
) -> Iterator[tuple[str, Tree]]:
    """The keys with what stands under them; a key that an expression gives twice is an error."""
    if not isinstance(tree, Keyed):
        yield from tree.items()
        return
    seen: set[str] = set()
    for key, item in tree.pairs:
        name = key.value if isinstance(key, Constant) else run.text(key, scope)
        if name in seen and isinstance(key, Formula):
            raise run.error("E302", "this gives a key that already exists", key)
        seen.add(str(name))
        yield str(name), item


def _sendable(run: Evaluation, formula: Formula, value: Value) -> Value:
    if value is None:
        help = "add | default(omit), or leave the rule by skip_if_missing"
        raise run.error("E307", f"'{formula.name}' is null", formula, help)
    if isinstance(value, datetime):
        help = "add | datetime('%Y-%m-%d %H:%M:%S', 'UTC') or | date('%Y-%m-%d', 'UTC')"
        message = f"'{formula.name}' is a time, which needs a format"
        raise run.error("E302", message, formula, help)
    return value


def _call(run: Evaluation, fields: Mapping[str, Json]) -> Call:
    try:
        return run.rule.operation.build(fields, run.rule.options)
    except (BridgeError, ValueError) as error:
        message, help = split_fix(str(error))
        raise _error("E324", message, run.rule.place_of("fields"), help) from None


def _count(scope: Scope, call: Call) -> None:
    """What the call itself takes, which is stored beside the fields that it was made of."""
    pairs = (*call.query, *call.headers)
    scope.allowance.take(len(call.body or b"") + len(call.path))
    scope.allowance.take(sum(len(name) + len(value) for name, value in pairs))


def _too_much(run: Evaluation, scope: Scope, bytes: int) -> RuleError:
    most = scope.allowance.most
    message = (
        f"with rule '{run.rule.id}' the calls of this event come to {bytes:,} bytes or more,"
        f" and {most:,} are allowed"
    )
    help = "send less of the event in each call, or set BRIDGE_MAX_RENDERED"
    return _error("E303", message, run.rule.place_of("fields"), help)


def _at(run: Evaluation, scope: Scope) -> datetime | None:
    """The time that says what is newer: never later than receipt and five minutes."""
    rule, event = run.rule, run.event
    at = run.moment(rule.at, scope) if rule.at else event.occurred_at
    return min(at, event.received_at + _AHEAD) if at else None


def _lane(run: Evaluation, scope: Scope, ticket: str, once: str) -> str:
    """What waits for what: the tenant and the rule's own key, else the ticket. Not who calls, nor how fast."""
    rule = run.rule
    if rule.lane_key is None and ticket and tenants.by_path(rule.operation):
        return tenants.path_lane(*rule.root, ticket)
    # A call that makes a ticket names none: it has nobody to wait for, so its lane is its own.
    own = run.text(rule.lane_key, scope) if rule.lane_key else ticket or once
    scope.allowance.take(len(own))  # which is hashed
    return f"{rule.connection.tenant}/{tenants.key(own)}"


def _hold(run: Evaluation, scope: Scope, fields: dict[str, Json]) -> str:
    """Why the delivery waits for a person; "" when it does not."""
    condition = run.rule.hold_if
    if condition is None:
        return ""
    within = scope.child({"fields": fields})
    held = run.truth(condition, within)
    return run.account(condition, within, "true") if held else ""


def _idempotency_key(run: Evaluation, scope: Scope, key: str) -> str:
    """The rule's own, else what happened where for whom. It becomes a header, so odd or long ones are hashed."""
    rule, event = run.rule, run.event
    if rule.idempotency_key:
        made = run.text(rule.idempotency_key, scope)
        scope.allowance.take(len(made))
    else:
        # Only the event's id may hold a colon of its own, so no two of these can look alike.
        item = quote(key, safe="", errors="surrogatepass")
        parts = (run.environment, event.source, event.event_id, rule.id, item)
        made = ":".join(parts)
    if len(made) <= _MAX_KEY and made.isascii() and not header_value_problem(made):
        return made
    return sha256(made.encode("utf-8", "surrogatepass")).hexdigest()


def _retries(run: Evaluation, fields: Mapping[str, Json]) -> Retries:
    rule = run.rule
    if "retries.on_ambiguous" not in rule.written and rule.adds(fields):
        return replace(rule.retries, on_ambiguous="hold")
    return rule.retries


def _place_of(run: Evaluation, path: str) -> Place:
    """Where a rendered field is written, else where the fields are."""
    tree: object = run.rule.fields
    for key in path.split("."):
        if isinstance(tree, Mapping):
            tree = tree.get(key)
        elif isinstance(tree, tuple) and key.isdigit() and int(key) < len(tree):
            tree = tree[int(key)]
    if isinstance(tree, Formula | Constant):
        return tree.node.place
    return run.rule.place_of("fields")


def _error(code: str, message: str, place: Place, help: str) -> RuleError:
    return RuleError(Diagnostic(code=code, message=message, place=place, help=help))
