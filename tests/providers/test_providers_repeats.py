"""What arrives more than once, over every provider: the same again, a retry, another update, a test-mode event.

Each is put into a store, whose unique insert decides what is new.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from provider_cases import NOW, cases
from repeating import MARKING, VOLATILE, holding, marked, retried, updates

from bridge import providers
from bridge.mapping.rules.route import passed_over
from bridge.store import Database, events, migrate
from bridge.strict.paths import dig


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One store for all; each test has a source of its own in it."""
    opened = Database(f"sqlite:///{tmp_path_factory.mktemp('repeats')}/bridge.db")
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def accept(store, request):
    """Stores what a request of a case reads as, as the front door does; what became of it."""

    def accept(case, sent):
        found = providers.read(
            case.provider, request.node.name[-60:], providers.trust(sent)
        )
        kept = providers.masked(case.provider, sent)
        return store.write(lambda connection: events.accept(connection, kept, found))

    return accept


def test_the_same_request_again_is_a_duplicate(case, accept):
    """Replayed, or signed anew a minute later: no event is new, and none is in conflict."""
    first = accept(case, case.signed())
    assert first.new == len(case.expected) > 0
    for again in (case.signed(), case.signed(now=NOW + timedelta(minutes=1))):
        found = accept(case, again)
        assert (found.ids, found.new, found.conflicts) == (first.ids, 0, 0)


@pytest.mark.parametrize(
    "retry", [one for one in cases() if one.provider.event.volatile], ids=str
)
def test_a_retry_that_differs_in_what_is_volatile_is_a_duplicate(retry, accept):
    """What a sender counts up or signs anew is no part of the id, nor of what the two must share."""
    first, found = accept(retry, retry.request), accept(retry, retried(retry))
    assert (found.ids, found.new, found.conflicts) == (first.ids, 0, 0)


@pytest.mark.parametrize("name, place", VOLATILE, ids=str)
def test_what_is_volatile_is_recorded(name, place):
    """A path that no recording has would be checked by nothing."""
    assert holding(name, place)


@pytest.mark.parametrize("name", providers.names())
def test_two_updates_of_one_object_are_two_events(name, accept):
    """An id names an occurrence, never an object; who cannot tell two updates apart says why."""
    said = updates(name)
    assert said is not None, f"write tests/payloads/{name}/updates.yaml"
    if said.none:
        assert len(said.none) > 20
        return
    first, second = said.case.events(), said.case.events(said.second)
    objects = {str(dig(one.payload, said.object)) for one in (first[0], second[0])}
    assert len(objects) == 1 and objects != {"None"}
    ids = [{event.event_id for event in found} for found in (first, second)]
    assert ids[0].isdisjoint(ids[1])
    accept(said.case, said.case.request)
    assert accept(said.case, said.second).new == len(second)


@pytest.mark.parametrize("name", MARKING)
def test_a_test_mode_event_is_not_live_and_skipped_in_production(name):
    """Where the sender marks its test mode, no rule of a production bridge is asked."""
    mark = providers.get(name).event.live
    for one in (case for case in cases() if case.name == name):
        for event in (
            found for text in mark.unless for found in one.events(marked(one, text))
        ):
            assert not event.live
            assert passed_over(event, "production") and not passed_over(event, "test")
        for event in one.events(marked(one, "something else")):
            assert event.live and not passed_over(event, "production")


def test_an_event_without_a_mark_is_live(case):
    """What says nothing of a test happened for real."""
    bare = replace(case.provider.event, live=None)
    provider = replace(case.provider, event=bare)
    found = providers.read(provider, "s", providers.trust(case.request))
    assert all(event.live for event in found)
