"""What the rules say to a stored event, or what must be looked up before they are asked. Reads and writes no store.

A payload that cannot be read again, or a rule that fails, becomes a decision that says so.
"""

from dataclasses import replace

from bridge import providers
from bridge.errors import Malformed, Refused
from bridge.mapping import Ruleset, Source, look_up, passed_over, route
from bridge.model import Decided, Decision, Delivery, Event, Said
from bridge.settings import MAX_RENDERED
from bridge.store.events import StoredEvent
from bridge.worker import fetching


class Asker:
    """Asks the rules, for any number of greenlets.

    Keeps the last body it read: a batch of a thousand events is parsed once, not each time.
    """

    def __init__(self, environment: str, max_rendered: int = MAX_RENDERED) -> None:
        self._environment = environment
        self._max_rendered = max_rendered
        self._read: tuple[object, dict[int | None, Event]] = (None, {})

    def decide(self, ruleset: Ruleset, stored: StoredEvent) -> tuple[Decision, ...]:
        """What the rules say; an event that they cannot be asked about gets one decision that says why."""
        answer = self.ask(ruleset, stored)
        if answer.look_up is None:
            return answer.decisions
        source = ruleset.sources[stored.source]
        return (unasked(source, Said.ERROR, "its look-up is missing: retry it"),)

    def unfetched(self, ruleset: Ruleset, stored: StoredEvent) -> bool:
        """Whether the rules can be asked about an event only when it was looked up."""
        return self.ask(ruleset, stored).look_up is not None

    def ask(self, ruleset: Ruleset, stored: StoredEvent) -> Decided:
        """What the rules say, or what must be looked up before.

        Nothing an event holds makes this raise, but for a MemoryError, which others may have to do with.
        """
        source = ruleset.sources[stored.source]
        said = Said.ERROR
        try:
            event = self.event(source, stored)
            if event.unreadable:
                failed = unasked(source, Said.ERROR, event.unreadable)
                return _decided(stored, (failed,))
            if not (reason := passed_over(event, self._environment)):
                return self._asked(ruleset, stored, event)
            said = Said.SKIPPED
        except Refused as error:
            reason = f"the stored request can no longer be read: {error}"
        except MemoryError:
            raise
        except (
            Exception
        ) as error:  # one event must not stop the others, whatever it does to us
            reason = f"the bridge failed on this event ({type(error).__name__}): please report it"
        return _decided(stored, (unasked(source, said, reason),))

    def _asked(self, ruleset: Ruleset, stored: StoredEvent, event: Event) -> Decided:
        if event.fetched is None:
            trial = look_up(
                event,
                ruleset,
                environment=self._environment,
                max_rendered=self._max_rendered,
            )
            said = trial.decision.said if trial else None
            if trial and said is Said.MATCHED:
                (call,) = trial.decision.rendered
                return _decided(stored, (), call)
            if trial and said is Said.ERROR:
                return _decided(stored, (trial.decision,))
        source = ruleset.sources[stored.source]
        noted = [unasked(source, Said.NO_MATCH, note) for note in event.notes]
        decisions = route(
            event,
            ruleset,
            environment=self._environment,
            max_rendered=self._max_rendered,
        )
        return _decided(stored, (*noted, *decisions))

    def event(self, source: Source, stored: StoredEvent) -> Event:
        """The event as it was received. Raises Refused when it cannot be read any more."""
        if stored.pruned:
            raise Malformed(
                "its content was deleted after the retention period, or erased"
            )
        key = (stored.payload_id, source)
        last, events = self._read
        if last != key:
            self._read = (None, {})  # two large ones at once would be one too many
            items = providers.take(
                source.provider, source.name, providers.trust(stored.request)
            )
            events = {event.item: event for event in items}
            self._read = (key, events)
        event = events.get(stored.item)
        if event is None:
            raise Malformed("the body no longer contains this event")
        return replace(
            event,
            id=stored.id,
            event_id=stored.event_id,
            type=stored.type,
            occurred_at=stored.occurred_at,
            received_at=stored.received_at,
            fetched=fetching.read(stored.fetched),
            fetched_headers=stored.fetched_headers,
        )


def _decided(
    stored: StoredEvent, said: tuple[Decision, ...], look_up: Delivery | None = None
) -> Decided:
    return Decided(
        event=stored.id, source=stored.source, decisions=said, look_up=look_up
    )


def unasked(source: Source, said: Said, reason: str) -> Decision:
    """A decision about the event as a whole; it names no rule."""
    return Decision(rule="", said=said, reason=reason, place=str(source.place))
