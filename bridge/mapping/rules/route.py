"""From an event to decisions: each rule of its source, in file order, with the calls of those that match.

Pure: the same event and ruleset always give the same decisions. No clock, no environment, no I/O; never raises for
anything an event holds. `try_event` is the same evaluation with every step it took.

The order within a rule: events → mode → max_event_age → let (when used) → skip_if_missing → when → for_each → fields →
the operation's schema → keys.
"""

from dataclasses import dataclass

from bridge.mapping.expressions import OMIT, Allowance, Scope, Value, is_present
from bridge.mapping.rules.evaluate import Evaluation, RuleError, Step, shown
from bridge.mapping.rules.render import render_item
from bridge.mapping.rules.ruleset import Rule, Ruleset
from bridge.model import Decision, Delivery, Diagnostic, Event, Place, Said
from bridge.settings import MAX_RENDERED


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A decision with the steps that led to it, in the order they were taken."""

    rule: Rule
    event: Event
    decision: Decision
    steps: tuple[Step, ...]
    failed: Step | None = None  # the formula that could not be evaluated


def route(
    event: Event,
    ruleset: Ruleset,
    *,
    environment: str = "",
    max_rendered: int = MAX_RENDERED,
) -> tuple[Decision, ...]:
    """One decision per rule of the event's source. `environment` is BRIDGE_ENVIRONMENT's value.

    All its calls together have at most `max_rendered` bytes; a rule that would make more is an error.
    """
    trials = try_event(
        event, ruleset, environment=environment, max_rendered=max_rendered
    )
    return tuple(trial.decision for trial in trials)


def try_event(
    event: Event,
    ruleset: Ruleset,
    *,
    environment: str = "",
    max_rendered: int = MAX_RENDERED,
) -> tuple[Trial, ...]:
    """The same, with the steps of each."""
    rules = ruleset.rules_of(event.source)
    if not rules:
        return ()
    scope = scope_of(event, ruleset, environment, max_rendered)
    return tuple(try_rule(rule, event, scope, ruleset, environment) for rule in rules)


def passed_over(event: Event, environment: str) -> str:
    """Why no rule is asked about an event; "" where they are."""
    production = environment == "production"
    return "a test-mode event, in production" if production and not event.live else ""


def scope_of(
    event: Event,
    ruleset: Ruleset,
    environment: str = "",
    max_rendered: int = MAX_RENDERED,
) -> Scope:
    """What the expressions of every rule see of an event."""
    return Scope(
        names=_names(event, environment),
        money=ruleset.sources[event.source].provider.money,
        tables=ruleset.tables,
        allowance=Allowance(max_rendered),
    )


def _names(event: Event, environment: str) -> dict[str, Value]:
    meta: dict[str, Value] = {
        "source": event.source,
        "event_id": event.event_id,
        "event_type": event.type,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "environment": environment,
    }
    names = {
        "event": event.payload,
        "headers": dict(event.headers),
        "meta": meta,
        "omit": OMIT,
    }
    if event.fetched is not None:
        names["fetched"] = event.fetched
        names["fetched_headers"] = dict(event.fetched_headers)
    return names  # type: ignore[return-value]


def try_rule(
    rule: Rule, event: Event, scope: Scope, ruleset: Ruleset, environment: str
) -> Trial:
    """What one rule makes of an event; `scope` is what `scope_of` gives for the event."""
    if not rule.takes(event.type):
        said = _other_type(rule, event)
        return Trial(rule=rule, event=event, decision=said, steps=())
    evaluation = Evaluation(rule=rule, event=event, environment=environment)
    failed, before = None, scope.allowance.used
    try:
        decision = _decide(evaluation, evaluation.with_let(scope))
    except RuleError as error:
        decision, failed = _failed(rule, error.diagnostic, ruleset), error.step
        scope.allowance.used = before  # nothing is left of what it made
    steps = tuple(evaluation.steps)
    return Trial(rule=rule, event=event, decision=decision, steps=steps, failed=failed)


def _decide(run: Evaluation, scope: Scope) -> Decision:
    rule = run.rule
    refused = _unwanted(run) or _skipped(run, scope) or _unmatched(run, scope)
    if refused:
        return refused
    rendered = _render(run, scope)
    if not rendered:
        return _say(rule, Said.SKIPPED, "for_each gave an empty list", "for_each")
    reason = f"{rule.when.expression.source} is true" if rule.when else "it matched"
    if rule.mode == "shadow":
        reason += "; mode is shadow, so nothing is sent"
    key = "when" if rule.when else "events"
    return _say(rule, Said.MATCHED, reason, key, rendered)


def _other_type(rule: Rule, event: Event) -> Decision:
    kinds = rule.events
    wanted = kinds[0] if len(kinds) == 1 else f"one of {', '.join(kinds)}"
    reason = f"event type {event.type} is not {wanted}"
    return _say(rule, Said.NO_MATCH, reason, "events")


def _unwanted(run: Evaluation) -> Decision | None:
    rule, event = run.rule, run.event
    if rule.mode == "off":
        return _say(rule, Said.SKIPPED, "mode is off", "mode")
    if rule.max_event_age is None or event.occurred_at is None:
        return None
    age = (event.received_at - event.occurred_at).total_seconds()
    if age <= rule.max_event_age:
        return None
    reason = f"the event is {age:.0f} s old, more than {rule.max_event_age:.0f} s"
    return _say(rule, Said.SKIPPED, reason, "max_event_age")


def _skipped(run: Evaluation, scope: Scope) -> Decision | None:
    for formula in run.rule.skip_if_missing:
        value = run.optional(formula, scope)
        if not is_present(value):
            reason = f"{formula.expression.source} is {shown(value)}"
            place = formula.node.place
            return _say(run.rule, Said.SKIPPED, reason, "skip_if_missing", place=place)
    return None


def _unmatched(run: Evaluation, scope: Scope) -> Decision | None:
    when = run.rule.when
    if when is None or run.truth(when, scope):
        return None
    return _say(run.rule, Said.NO_MATCH, run.account(when, scope, "false"), "when")


def _render(run: Evaluation, scope: Scope) -> tuple[Delivery, ...]:
    """One Delivery, or one per item; a failing item fails them all."""
    each = run.rule.for_each
    if each is None:
        return (render_item(run, scope, ""),)
    rendered: dict[str, Delivery] = {}
    sent: set[str] = set()
    for index, item in enumerate(run.items(each, scope)):
        within = scope.child({each.name: item, "index": index})
        key = run.item_key(each, within, item, index)
        if key in rendered:
            raise run.error("E322", "two items have the same key", each.items)
        rendered[key] = render_item(run, within, key)
        sent.add(rendered[key].idempotency_key)
    if len(sent) < len(rendered):
        message = "two items have the same idempotency_key, so one would not be sent"
        raise run.error("E322", message, run.rule.idempotency_key or each.items)
    return tuple(rendered.values())


def _failed(rule: Rule, found: Diagnostic, ruleset: Ruleset) -> Decision:
    place = found.place or rule.place
    diagnostic = Diagnostic(
        code=found.code,
        message=found.message,
        place=place,
        help=found.help,
        excerpt=ruleset.line(place),
    )
    return Decision(
        rule=rule.id,
        said=Said.ERROR,
        reason=found.message,
        place=_where(place),
        diagnostic=diagnostic,
    )


def _say(
    rule: Rule,
    said: Said,
    reason: str,
    key: str,
    rendered: tuple[Delivery, ...] = (),
    *,
    place: Place | None = None,
) -> Decision:
    return Decision(
        rule=rule.id,
        said=said,
        reason=reason,
        place=_where(place or rule.place_of(key)),
        rendered=rendered,
    )


def _where(place: Place) -> str:
    return f"{place.file}:{place.line}"
