"""`do: look_up_again`: what a vendor refused, because it had changed meanwhile, is looked up and rendered once more.

The delivery keeps its place in its lane. It says by its code that the look-up is next, so whoever claims it goes on
from there, whatever became of the worker before; the answer and the new version of the call are stored at once.
"""

import time
from dataclasses import replace

from bridge.mapping import Ruleset, made_anew
from bridge.model import Delivery, Outcome, Reply, Verdict
from bridge.outbound import Outbound
from bridge.store import Database, events, replays
from bridge.store.database import bounded, storable
from bridge.store.events import StoredEvent
from bridge.store.queue import Claimed, Made
from bridge.worker.asking import Asker
from bridge.worker.fetching import Answers
from bridge.worker.refused_credentials import RefusedCredentials
from bridge.worker.sending import attempt, unasked


class SecondLook:
    """Makes the look-up of a delivery's event once more, and the delivery's call of its answer."""

    def __init__(
        self,
        database: Database,
        outbound: Outbound,
        refused: RefusedCredentials,
        answers: Answers,
        asker: Asker,
    ) -> None:
        self._database, self._outbound, self._refused = database, outbound, refused
        self._answers, self._asker = answers, asker

    def make(self, item: Claimed, ruleset: Ruleset, start_by: float) -> Made:
        """One look-up, with what follows for the delivery. What it teaches is about the connection that was asked."""
        with self._database.read() as tx:
            stored = events.load(tx, item.event)
        if stored is None or stored.source not in ruleset.sources:
            return item, unasked("its source is no longer declared")
        answer = self._asker.ask(ruleset, replace(stored, fetched=None))
        if answer.look_up is None:
            said = "; ".join(one.reason for one in answer.decisions[:1])
            return item, unasked(f"its look-up cannot be made again: {said}")
        question = _question(item, answer.look_up)
        began = time.monotonic()
        made = attempt(question, self._outbound, self._refused, start_by)
        self._answers.keep(question, made, began)
        if made.fetched:
            outcome = self._anew(item, ruleset, stored, made.fetched)
            made = replace(made, outcome=outcome)
        return (
            replace(item, connection=question.connection, retries=question.retries),
            made,
        )

    def _anew(
        self, item: Claimed, ruleset: Ruleset, stored: StoredEvent, answer: Reply
    ) -> Outcome:
        """What the delivery's rule makes of the answer."""
        known = replace(stored, fetched=answer.body, fetched_headers=answer.headers)
        decisions = self._asker.ask(ruleset, known).decisions
        became = made_anew(decisions, item, lambda lane: bounded(storable(lane)))
        key = replays.fresh_key(item.idempotency_key) or ""
        rendered = became.rendered
        return Outcome(
            verdict=Verdict.LOOKED_UP,
            reason=became.reason,
            code="looked_up",
            settled=became.state,
            anew=replace(rendered, idempotency_key=key) if rendered else None,
        )


def _question(item: Claimed, look_up: Delivery) -> Claimed:
    """The look-up as if it were claimed, within the lease of the delivery and its attempts."""
    return replace(
        item,
        operation=look_up.operation,
        connection=look_up.connection,
        call=look_up.call,
        responses=(),
        idempotency_key="",
        look_up=look_up.look_up,
        retries=replace(item.retries, on_ambiguous="retry"),
    )
