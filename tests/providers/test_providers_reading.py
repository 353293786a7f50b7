"""Reading events: bodies, ids, types, batches, digests, and what is masked."""

import itertools
import time
from importlib import import_module

import pytest
from provider_cases import one, read

from bridge.errors import Malformed, TooLarge
from bridge.strict import json

BATCH = {"items": "body", "id": "item.id", "type": "item.type"}


def test_id_parts_are_joined_and_half_an_id_is_none():
    """An absent part makes the id a hash of the item: half an id could name two occurrences."""
    event = {"id": ["body.a", "body.b.0"]}
    assert one(event, {"a": 1, "b": ["x"]}).event_id == "1:x"
    found = one(event, {"a": 1, "b": []})
    assert found.event_id == f"sha256:{found.digest}"


PARTED = {"id": ["body.a", "body.b", "body.c"]}


@pytest.mark.parametrize(
    "one_way, other",
    [
        (("x:y", "z", "1"), ("x", "y:z", "1")),
        (("x", "y:z", "1"), ("x", "y", "z:1")),
        ((":", "x", "1"), ("%3A", "x", "1")),
        (("x%3Ay", "z:z", "1"), ("x:y", "z:z", "1")),
        (("2026-01-01T10:00:00Z", "x", "1"), ("2026-01-01T10", "00", "00Z:x:1")),
        (("https://a.b", "x", "1"), ("https", "//a.b", "x:1")),
        (("x", "https://a.b:80", "1"), ("x", "https://a.b", "80:1")),
    ],
)
def test_ids_of_other_parts_are_other_ids(one_way, other):
    """A colon inside a part is never taken for the one between two, so no event passes for another's duplicate."""
    ids = {one(PARTED, dict(zip("abc", parts))).event_id for parts in (one_way, other)}
    assert len(ids) == 2


def test_no_parts_of_a_few_marks_give_one_id_twice():
    """Every two ways to fill three parts with what ids are joined and escaped by give two ids."""
    words = [":", "%", "a", "a:", ":a", "%3A", "https", "https://a", "2026-01-01T10"]
    words += ["2026-01-01T10:00:00Z", "00", "00Z", "//a", "a:a", "https:", "00Z:a"]
    ids = {
        one(PARTED, dict(zip("abc", parts))).event_id
        for parts in itertools.product(words, repeat=3)
    }
    assert len(ids) == len(words) ** 3


@pytest.mark.parametrize(
    "parts",
    [
        ("x", "y", "z"),
        ("x%3A", "%25", "z"),
        ("https", "2026-01-01T10", "z"),
        ("x", "2026-01-01T10:00:00.5+01:00", "firing"),
        ("https://a.b/c", "y", "2026-01-01T10:00:00Z"),
        ("x", "y", "z:z"),
    ],
)
def test_ids_that_were_clear_stay_as_they_were(parts):
    """An update of the bridge knows the events it has: parts whose ends are clear are joined by plain colons."""
    assert one(PARTED, dict(zip("abc", parts))).event_id == ":".join(parts)


@pytest.mark.parametrize(
    "odd", [None, True, 1.5, {}, [], "", "a\nb", "\x00", "\ud800", "x" * 201, 10**201]
)
def test_an_id_or_type_that_no_column_should_hold_is_not_used(odd):
    """Ids and types are printable text or whole numbers of up to 200 characters."""
    body = json.dumps({"id": "?", "a": 1}).replace(
        b'"?"',
        (
            b"1.5"
            if odd == 1.5
            else (
                str(odd).encode()
                if isinstance(odd, int) and odd is not True
                else json.dumps(odd)
            )
        ),
    )
    found = one({"id": "body.id", "type": "body.id"}, body)
    assert found.event_id == f"sha256:{found.digest}"
    assert found.type == "unknown"


def test_the_first_alternative_that_is_present_counts():
    """`a|b` reads senders that write one thing under two names."""
    event = {"id": "header.x-id|body.id", "type": "body.type|body.action"}
    found = one(event, {"id": 1, "action": "go"}, X_Id="h1")
    assert (found.event_id, found.type) == ("h1", "go")
    assert one(event, {"id": 1, "type": None, "action": "go"}).event_id == "1"


def test_a_doubled_id_header_is_malformed():
    """Neither value may win."""
    with pytest.raises(Malformed, match="header.x-id occurs 2 times"):
        read({"id": "header.x-id"}, {}, X_Id="1", x_id="2")


def test_a_batch_is_split_in_order():
    """Each element is an event of its own, with its position."""
    found = read(BATCH, [{"id": 1, "type": "a"}, {"id": 2, "type": "b"}])
    assert [(one.event_id, one.type, one.item) for one in found] == [
        ("1", "a", 0),
        ("2", "b", 1),
    ]
    assert found[1].payload == {"id": 2, "type": "b"}
    assert read(BATCH, []) == ()


def test_a_batch_in_a_batch_is_flattened():
    """Meta's shape: changes inside entries."""
    event = {**BATCH, "items": "body.entry.changes"}
    body = {"entry": [{"changes": [{"id": 1}, {"id": 2}]}, {"changes": [{"id": 3}]}]}
    assert [one.event_id for one in read(event, body)] == ["1", "2", "3"]


def test_the_same_event_twice_in_a_batch_is_one():
    """What says the same under the same id is one occurrence, and keeps its first place."""
    found = read(
        {**BATCH, "volatile": ["item.try"]},
        [{"id": 1, "try": 0}, {"id": 1, "try": 1}, {"id": 2}],
    )
    assert [(one.event_id, one.item) for one in found] == [("1", 0), ("2", 2)]


@pytest.mark.parametrize("beside", [{"id": 1, "v": "b"}, {"id": 2}, {"v": "a"}])
def test_an_id_does_not_depend_on_what_comes_beside_it(beside):
    """Alone, before or after others: the same id and digest, also where another event has the same id."""
    (alone,) = read(BATCH, [{"id": 1, "v": "a"}])
    first, _ = read(BATCH, [{"id": 1, "v": "a"}, beside])
    _, last = read(BATCH, [beside, {"id": 1, "v": "a"}])
    for found in (first, last):
        assert (found.event_id, found.digest) == (alone.event_id, alone.digest)


def test_two_events_under_one_id_in_a_batch_stay_two():
    """Neither is dropped while it is read; the store gives one of them a name of its own."""
    items = [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}]
    assert [one.payload for one in read(BATCH, items)] == items
    assert [one.payload for one in read(BATCH, items[::-1])] == items[::-1]


def test_a_batch_over_the_limit_is_too_large():
    """1,000 events are taken, 1,001 are not."""
    assert len(read(BATCH, [{"id": number} for number in range(1_000)])) == 1_000
    with pytest.raises(TooLarge, match="1000"):
        read(BATCH, [{"id": number} for number in range(1_001)])


@pytest.mark.parametrize(
    "body", [1, "x", None, [1], [None], {"other": 1}, {"list": 1}, {"list": [1]}]
)
def test_a_body_of_another_shape_is_one_unknown_event(body):
    """A proven body without the batch that was looked for is kept whole: never taken and then forgotten."""
    event = {**BATCH, "items": "body.list"}
    (found,) = read(event, json.dumps(body))
    assert (found.type, found.payload, found.item) == ("unknown", body, None)
    assert "body.list" in found.notes[0]


def test_a_body_without_its_batch_may_be_an_event_of_its_own():
    """Where the data file says so, and the body says what it is; without a type, or such a word, it is unknown."""
    event = {"items": "body.items", "type": "item.kind|body.type", "time": "body.at"}
    body = {"type": "holder.created", "at": 1775044800}
    alone = one(event | {"whole": True}, body)
    assert (alone.type, alone.item, alone.payload) == ("holder.created", None, body)
    assert alone.occurred_at and not alone.notes
    assert one(event, body).type == "unknown"
    nameless = one(event | {"whole": True}, {"at": 1})
    assert nameless.type == "unknown" and "there is no body.items" in nameless.notes[0]
    batch = read(event | {"whole": True}, body | {"items": [{"kind": "a"}]})
    assert [found.type for found in batch] == ["a"]


@pytest.mark.parametrize("body", [{"list": []}])
def test_a_batch_that_is_there_and_empty_holds_no_event(body):
    """An empty list says that nothing happened."""
    assert read({**BATCH, "items": "body.list"}, body) == ()


def test_what_only_a_part_of_a_batch_lacks_is_kept_too():
    """Beside the events that can be told apart stands the whole body, for what cannot."""
    event = {**BATCH, "items": "body.entry.changes"}
    body = {"entry": [{"changes": [{"id": 1, "type": "t"}]}, {"messaging": [{}]}]}
    known, other = read(event, body)
    assert (known.event_id, known.type, known.notes) == ("1", "t", ())
    assert (other.type, other.payload, other.item) == ("unknown", body, None)


def test_secrets_of_items_are_masked_in_a_whole_body():
    """An event of the whole body shows no more than the usual events do."""
    event = {**BATCH, "items": "body.list", "secret_paths": ["item.token"]}
    body = {"list": [{"id": 1, "type": "t", "token": "s3cret"}, "odd"]}
    for found in read(event, body):
        assert "s3cret" not in str(found.payload)


def test_a_digest_ignores_what_is_volatile_and_the_order_of_keys():
    """Two tries of one event have one digest; another value, type of value or digit has another."""
    event = {"volatile": ["body.try", "body.meta.seen", "body.gone.deep"]}
    first = one(event, b'{"a": 1, "b": [1.10], "try": 1, "meta": {"seen": 1}}').digest
    again = one(event, b'{"b": [1.10], "try": 2, "meta": {}, "a": 1}').digest
    assert first == again
    for other in (
        b'{"a": "1"}',
        b'{"a": 1.0}',
        b'{"a": true}',
        b'{"a": 1}',
        b'{"a": [1]}',
    ):
        assert one(event, other).digest != first
    exact = [
        one({}, b'{"a": 0.10000000000000000%d}' % digit).digest for digit in range(3)
    ]
    assert len(set(exact)) == 3


@pytest.mark.parametrize(
    "mark, body, live",
    [
        ("body.live", {"live": False}, False),
        ("body.live", {"live": "false"}, False),
        ("body.live", {"live": True}, True),
        ("body.live", {"live": 0}, False),
        ("body.live", {"live": 1}, True),
        ("body.live", {"live": None}, True),
        ("body.live", {"live": []}, True),
        ({"from": "body.test", "unless": True}, {"test": 1}, False),
        ("body.live", {}, True),
        ({"from": "body.test", "unless": "1"}, {"test": 1}, False),
        ({"from": "body.live", "unless": "0"}, {"live": 0}, False),
        ({"from": "body.live", "unless": "0"}, {"live": 1}, True),
        ({"from": "body.test", "unless": True}, {"test": True}, False),
        ({"from": "body.test", "unless": "true"}, {"test": True}, False),
        ({"from": "body.test", "unless": True}, {"test": False}, True),
        ({"from": "body.test", "unless": True}, {}, True),
        ({"from": "body.mode", "unless": "test"}, {"mode": "test"}, False),
        ({"from": "body.mode", "unless": "test"}, {"mode": "live"}, True),
        ({"from": "body.mode", "unless": ["dev", "test"]}, {"mode": "test"}, False),
        ({"from": "body.mode", "unless": ["dev", False]}, {"mode": False}, False),
        ({"from": "body.mode", "unless": ["dev", False]}, {"mode": "test"}, True),
        ({"from": "body.a|body.b", "unless": "t"}, {"b": "t"}, False),
    ],
)
def test_test_mode_is_what_the_sender_marks_as_such(mark, body, live):
    """The one text that means test; whatever else stands there happened for real, and so does silence."""
    assert one({"live": mark}, body).live == live


def test_a_header_that_marks_test_mode_is_kept():
    """A request read again out of the store says the same as when it arrived."""
    mark = {"live": {"from": "header.X-Mode", "unless": "sandbox"}}
    found = one(mark, {}, X_Mode="sandbox")
    assert not found.live and found.headers == {"x-mode": "sandbox"}


EACH = {
    "items": "body.changes",
    "each": ["item.value.a", "item.value.b"],
    "id": ["item.value.a.0.id|item.value.b.0.id"],
}


def test_each_element_of_a_list_in_an_item_is_an_event_with_what_is_around_it():
    """Two lists of one item never meet in one event; an item without any is one event as it is."""
    body = {
        "changes": [
            {
                "field": "m",
                "value": {"n": 7, "a": [{"id": 1}, {"id": 2}], "b": [{"id": 3}]},
            },
            {"field": "t", "value": {"n": 8}},
            {"field": "t", "value": {"a": [], "b": "no list"}},
        ]
    }
    found = read(EACH, body)
    assert [event.payload for event in found] == [
        {"field": "m", "value": {"n": 7, "a": [{"id": 1}]}},
        {"field": "m", "value": {"n": 7, "a": [{"id": 2}]}},
        {"field": "m", "value": {"n": 7, "b": [{"id": 3}]}},
        *body["changes"][1:],
    ]
    assert [event.event_id for event in found[:3]] == ["1", "2", "3"]
    assert [event.item for event in found] == [0, 1, 2, 3, 4]


def test_what_is_inside_items_counts_towards_the_limit():
    """1,000 events are read, one more is too large, however they are packed."""
    held = [{"id": number} for number in range(1_000)]
    assert len(read(EACH, {"changes": [{"value": {"a": held}}]})) == 1_000
    with pytest.raises(TooLarge):
        read(EACH, {"changes": [{"value": {"a": [*held, {}]}}]})


def test_what_is_over_the_limit_is_not_made(monkeypatch):
    """A batch that is refused for its size costs no more than one that is taken."""
    made, reading = [], import_module("bridge.providers.batch")
    change = reading.change
    monkeypatch.setattr(
        reading, "change", lambda *args: made.append(1) or change(*args)
    )
    with pytest.raises(TooLarge):
        read(EACH, {"changes": [{"value": {"a": [{}] * 20_000}}]})
    assert len(made) == 2 * 1_001


def test_what_surrounds_the_parts_of_a_batch_is_hashed_once():
    """A thousand parts beside half a megabyte of text read about as fast as two, and each has a digest of its own."""
    text = "x" * 500_000

    def spent(count):
        started = time.process_time()
        found = read(
            EACH, {"changes": [{"value": {"a": [*range(count)], "note": text}}]}
        )
        assert len({event.digest for event in found}) == count
        return time.process_time() - started

    spent(2)
    few, many = (min(spent(count) for _ in range(3)) for count in (2, 1_000))
    assert many < few * 20 + 0.2


def test_a_digest_counts_what_surrounds_a_part_however_long_it_is():
    """The same part beside other long text, or in another list, is another event; with the same text it is the same."""

    def digest(text, key="a"):
        body = {"changes": [{"value": {key: [1], "note": text * 10_000}}]}
        return read(EACH, body)[0].digest

    assert digest("x") == digest("x")
    assert len({digest("x"), digest("y"), digest("x", "b")}) == 3


def test_a_batch_that_would_copy_too_much_around_its_parts_is_refused():
    """Each event holds the keys around it: a thousand times a hundred thousand of them would fill the memory."""
    wide = {f"k{n}": 1 for n in range(1_000)}
    held = {"changes": [{"value": {**wide, "a": [{}] * 300}}]}
    with pytest.raises(TooLarge, match="keys around"):
        read(EACH, held)
    with pytest.raises(TooLarge, match="keys around"):
        read(EACH, {"changes": [{"value": {**wide, "a": [{}] * 30}}] * 10})
    assert len(read(EACH, {"changes": [{"value": {**wide, "a": [{}] * 100}}]})) == 1
