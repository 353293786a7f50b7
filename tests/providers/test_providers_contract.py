"""The contract that every provider keeps, over every recorded payload."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from provider_cases import NOW, PAYLOADS, URL, cases, expectations, with_header

from bridge import providers
from bridge.errors import ConfigurationError, NotVerified
from bridge.providers.catalog import DATA
from bridge.providers.recipe import sources
from bridge.providers.source import dig
from bridge.secret import Secret
from bridge.strict import http

CASES = cases()


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return request.param


def place(case) -> str:
    """The header, as this recording names it, that holds the signature."""
    names = [source.name for source in case.provider.recipe.place]
    return next(name for name in names if case.request.values(name))


def refused(case, request, *secrets, now=NOW) -> str:
    """The reason of the NotVerified that this request must raise."""
    with pytest.raises(NotVerified) as caught:
        case.verify(request, *secrets, now=now)
    assert caught.value.status == 401
    return caught.value.reason


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_has_recordings(name):
    """A provider without a recorded payload is not a provider yet."""
    assert list((PAYLOADS / name).glob("*__*.http"))


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
    assert case.request.values("content-length") == (str(len(case.request.body)),)
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
    trusted = providers.trust(case.request)
    first = providers.read(case.provider, "s", trusted)
    assert trusted.secret is None
    assert first == providers.read(case.provider, "s", providers.trust(case.request))
    assert len({event.event_id for event in first}) == len(first)


def test_recorded_signature_is_stale_or_of_another_secret(case):
    """The signature in a recording opens nothing."""
    assert refused(case, case.request) in ("wrong_signature", "stale")


def test_one_flipped_bit_in_the_body_is_refused(case):
    """First, middle and last byte are covered by the signature."""
    signed = case.signed()
    for position in (0, len(signed.body) // 2, len(signed.body) - 1):
        body = bytearray(signed.body)
        body[position] ^= 1
        assert refused(case, replace(signed, body=bytes(body))) == "wrong_signature"


def test_every_signed_header_is_needed_as_it_is(case):
    """A signed header that is changed, dropped or doubled is refused."""
    signed = case.signed()
    names = {
        one.name for one in sources(case.provider.recipe.signed) if one.kind == "header"
    }
    for name in filter(signed.values, names):
        (value,) = signed.values(name)
        assert (
            refused(case, with_header(signed, name, value[:-1] + "~"))
            == "wrong_signature"
        )
        assert refused(case, with_header(signed, name)) == "missing_part"
        assert refused(case, with_header(signed, name, value, value)) == "doubled_part"


def test_the_signature_is_needed_once(case):
    """No signature, an empty one, the same twice, or two joined by a comma as a proxy does: all are refused."""
    signed, name = case.signed(), place(case)
    (value,) = signed.values(name)
    assert refused(case, with_header(signed, name)) == "missing_part"
    assert refused(case, with_header(signed, name, "")) == "bad_signature"
    assert refused(case, with_header(signed, name, value, value)) == "doubled_part"
    assert refused(case, with_header(signed, name, f"{value}, {value}")) in (
        "bad_signature",
        "doubled_part",
    )


def test_a_header_under_an_alias_is_another_header(case):
    """Underscores never stand for hyphens, and a name is never cut."""
    signed, name = case.signed(), place(case)
    (value,) = signed.values(name)
    for alias in (name.replace("-", "_"), name + " ", name + "s", "x-" + name):
        moved = with_header(with_header(signed, name), alias, value)
        assert refused(case, moved) == "missing_part"


@pytest.mark.parametrize("label", ["sha1=", "v0=", "v1a,", "V2=", "sha512=", ""])
def test_a_label_does_not_choose_the_algorithm(case, label):
    """A right proof under the label of another algorithm or version is refused."""
    signed, name = case.signed(), place(case)
    (value,) = signed.values(name)
    recipe = case.provider.recipe
    ours = recipe.prefix or (recipe.field and recipe.field + recipe.assign)
    relabelled = value.replace(ours, label) if ours else label + value
    if relabelled == value:
        relabelled = "=" + value
    assert refused(case, with_header(signed, name, relabelled))


@pytest.mark.parametrize("algorithm", ["sha1", "sha512"])
def test_another_algorithm_is_refused(case, algorithm):
    """A proof made with the right secret and another hash is refused."""
    recipe = replace(case.provider.recipe, algorithm=algorithm)
    provider = replace(case.provider, recipe=recipe)
    signed = providers.sign(
        provider, case.request, case.secret, now=NOW, public_url=URL
    )
    assert refused(case, signed) == "wrong_signature"


def test_too_many_signatures_are_refused_whole(case):
    """10,000 candidates are refused, even when each of them is right."""
    signed, name = case.signed(), place(case)
    (value,) = signed.values(name)
    separator = case.provider.recipe.split or ","
    assert refused(case, with_header(signed, name, separator.join([value] * 10_000)))


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.provider.recipe.field], ids=str
)
def test_sixteen_signatures_are_tried(case):
    """While a sender rotates, any of up to 16 signatures may be the right one."""
    recipe = case.provider.recipe
    signed, name = case.signed(), place(case)
    (value,) = signed.values(name)
    zeros = {"hex": "00", "base64": "AAAA"}[recipe.encoding]
    wrong = recipe.field + recipe.assign + zeros
    many = recipe.split.join([*[wrong] * 15, value])
    assert case.verify(with_header(signed, name, many)).secret == 0
    more = recipe.split.join([*[wrong] * 16, value])
    assert refused(case, with_header(signed, name, more)) == "too_many_signatures"


@pytest.mark.parametrize(
    "junk", ["é", "\x00", "\ud800", "٣", "v1=", ",", " ", "=" * 9_000]
)
def test_junk_where_the_signature_should_be_is_refused(case, junk):
    """Nothing that can stand in a header raises anything but NotVerified."""
    signed, name = case.signed(), place(case)
    (value,) = signed.values(name)
    assert refused(case, with_header(signed, name, junk))
    assert refused(
        case, with_header(signed, name, value + junk if junk.strip(" ,") else junk)
    )


def test_the_wrong_secret_is_refused_and_the_second_one_accepted(case):
    """While the operator rotates, the position tells which secret still matches."""
    signed = case.signed()
    assert refused(case, signed, case.other) == "wrong_signature"
    assert case.verify(signed, case.other, case.secret).secret == 1


def test_time_is_tolerated_to_the_second(case):
    """Up to the tolerance is accepted in both directions, one second more is refused."""
    signed = case.signed()
    stamp = case.provider.recipe.timestamp
    for direction in (1, -1):
        if stamp is None:
            assert case.verify(signed, now=NOW + timedelta(days=direction))
            continue
        edge = NOW + direction * timedelta(seconds=stamp.tolerance)
        assert case.verify(signed, now=edge)
        beyond = edge + direction * timedelta(seconds=1)
        assert refused(case, signed, now=beyond) == "stale"


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_an_empty_secret_opens_nothing(case, secret):
    """An empty secret is the operator's fault and never verifies."""
    with pytest.raises(ConfigurationError):
        case.verify(case.signed(), Secret(secret))


def test_amounts_are_exact(case):
    """No float is in any payload."""

    def leaves(value):
        if isinstance(value, dict | list):
            below = value.values() if isinstance(value, dict) else value
            return [leaf for one in below for leaf in leaves(one)]
        return [value]

    for event in providers.read(case.provider, "s", providers.trust(case.request)):
        kinds = {type(leaf) for leaf in leaves(event.payload)}
        assert kinds <= {str, int, bool, Decimal, type(None)}
