"""The contract that every provider keeps, over every recorded payload."""

from decimal import Decimal

import pytest
from provider_cases import NOW, PAYLOADS, expectations, greetings

from bridge import providers
from bridge.providers.catalog import DATA
from bridge.strict import http
from bridge.strict.paths import dig


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_has_recordings(name):
    """A provider without a usual recording and an awkward one is not a provider yet."""
    assert len(list((PAYLOADS / name).glob("*__*.http"))) >= 2


@pytest.mark.parametrize(
    "folder", sorted(PAYLOADS.iterdir()), ids=lambda path: path.name
)
def test_every_folder_is_a_provider_and_every_expectation_a_recording(folder):
    """Nothing is left over when a provider or a recording goes."""
    assert folder.name in providers.names()
    assert set(expectations(folder)) == {path.stem for path in folder.glob("*.http")}


@pytest.mark.parametrize("name", providers.names())
def test_every_data_file_says_what_a_person_needs_at_the_sender(name):
    """The head of a data file tells where to set the sender up, how soon to answer, how it retries, and its traps."""
    text = (DATA / f"{name}.yaml").read_text("utf-8")
    assert "# Retries" in text and "# Traps" in text
    assert name == "generic" or ("# At the sender" in text and "# Answer" in text)


def test_recording_is_a_whole_request(case):
    """A recording says its true length and its host, and parses to the same bytes it is written as."""
    length = (str(len(case.request.body)),) if case.request.method == "POST" else ()
    assert case.request.values("content-length") == length
    assert case.request.values("host") == ("bridge.example.com",)
    written = (PAYLOADS / case.name / f"{case.file}.http").read_bytes()
    assert http.write(case.request) == written


def test_signed_recording_reads_as_expected(case):
    """What sign() makes is accepted, and read() finds the expected ids, types, times and values."""
    verified = case.verify(case.signed())
    assert verified.secret == 0
    events = providers.read(case.provider, "some-source", verified)
    assert case.expected and len(events) == len(case.expected)
    for event, expected in zip(events, case.expected, strict=True):
        assert event.source == "some-source"
        assert event.received_at == NOW
        assert (event.event_id, event.type) == (expected["id"], expected["type"])
        time = event.occurred_at and event.occurred_at.isoformat(
            timespec="milliseconds"
        )
        wanted = expected.get("time")
        assert (time or "")[:19] == (wanted or "")[:19]
        assert event.item == expected.get("item")
        assert event.live == expected.get("live", True)
        assert dict(event.headers) == expected.get("headers", {})
        for path, value in expected["payload"].items():
            found = dig(event.payload, path.split("."))
            assert found == value and type(found) is type(value)


def test_reading_a_recording_twice_gives_the_same_events(case):
    """Id and digest depend on the request alone, so a retry is known as the same event."""
    first = case.events()
    assert first == case.events()
    assert len({event.event_id for event in first}) == len(first)


def test_a_kept_request_reads_as_it_did_before_it_was_masked(case):
    """What is stored gives the same events again, ids and digests included."""
    assert case.events(providers.masked(case.provider, case.request)) == case.events()


@pytest.mark.parametrize("greeting", greetings(), ids=str)
def test_a_check_of_the_url_is_answered_as_recorded(greeting):
    """The answer is the expected one, and only where the sender asked; an event is never one."""
    found = providers.handshake(greeting.provider, greeting.request, [greeting.secret])
    assert found.status == greeting.expected.get("status", 200)
    assert found.body.decode() == greeting.expected["answer"]


def test_an_event_is_no_check_of_the_url(case):
    """A handshake is answered before anything is proven, so an event must never pass for one."""
    assert providers.handshake(case.provider, case.request, [case.secret]) is None


def test_amounts_are_exact(case):
    """No float is in any payload."""

    def leaves(value):
        if isinstance(value, dict | list):
            below = value.values() if isinstance(value, dict) else value
            return [leaf for one in below for leaf in leaves(one)]
        return [value]

    for event in case.events():
        kinds = {type(leaf) for leaf in leaves(event.payload)}
        assert kinds <= {str, int, bool, Decimal, type(None)}


@pytest.mark.parametrize(
    "name", [name for name in providers.names() if providers.get(name).needs_account]
)
def test_an_account_that_is_signed_must_be_given(name):
    """A source that could verify nothing is refused when it is read, not when its first event comes."""
    with pytest.raises(providers.RecipeError, match="verify.account"):
        providers.configure(providers.get(name), verify={}, event={})
