"""`fetch` of a source: what is looked up before its rules are asked, for senders whose events hold ids only.

A look-up is a rule without a name, of which the answer comes back: it is read, evaluated and explained as rules are.
Pure; who sends it, and what becomes of the answer, is told in bridge.worker.
"""

from dataclasses import replace
from urllib.parse import urlencode

from bridge.mapping.rules.route import Trial, scope_of, try_rule
from bridge.mapping.rules.ruleset import Fetch, Ruleset
from bridge.model import Delivery, Event, Said
from bridge.settings import MAX_RENDERED


def look_up(
    event: Event,
    ruleset: Ruleset,
    *,
    environment: str = "",
    max_rendered: int = MAX_RENDERED,
) -> Trial | None:
    """The look-up of an event's source for this event; None where no rule would hear of the answer.

    A decision `matched` has the call in `rendered`; `no_match` says that this event needs none.
    """
    fetch = ruleset.sources[event.source].fetch
    heard = any(
        rule.mode != "off" and rule.takes(event.type)
        for rule in ruleset.rules_of(event.source)
    )
    if fetch is None or not heard:
        return None
    scope = scope_of(event, ruleset, environment, max_rendered)
    trial = try_rule(fetch.rule, event, scope, ruleset, environment)
    if trial.decision.said is not Said.MATCHED:
        return trial
    call = _as_look_up(trial.decision.rendered[0], event.source, fetch)
    return replace(trial, decision=replace(trial.decision, rendered=(call,)))


def _as_look_up(rendered: Delivery, source: str, fetch: Fetch) -> Delivery:
    """The call as one that waits for those of its own object alone, and may be made again."""
    named = rendered.lane.partition("/")[2]
    query = urlencode(rendered.call.query)
    asked = f"{rendered.ticket}?{query}" if query else rendered.ticket
    about = named if fetch.rule.lane_key else asked
    return replace(
        rendered,
        ticket=about,
        lane=f"fetch:{source}/{about}",
        at=None,
        stale="send",
        idempotency_key="",
        retries=replace(rendered.retries, on_ambiguous="retry"),
        look_up=fetch.cache,
    )
