"""Bodies in odd wrappings: read where they can be, kept where they are proven, and never at a high price."""

import base64
import gzip
import json
import time

import pytest
from provider_cases import one, read

from bridge.errors import Malformed, TooLarge

JSON = b'{"id":"1"}'
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
PART = b'--b%sContent-Disposition: form-data; name="a"%s%s1%s'


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_parts_are_counted_however_their_lines_end(end):
    """A form of too many parts is refused before any of them is read: it costs no processor time."""
    body = PART.replace(b"%s", end) * 15_000 + b"--b--" + end
    begun = time.process_time()
    with pytest.raises(Malformed, match="1000 fields"):
        read({"content": ["form"]}, body, content=PARTS)
    assert time.process_time() - begun < 1.0
    few = PART.replace(b"%s", end) * 3 + b"--b--" + end
    if end != b"\r":
        found = one({"content": ["form"]}, few, content=PARTS)
        assert found.payload == {"a": ["1", "1", "1"]}


def test_gzip_in_pieces_is_one_body():
    """RFC 1952 lets a file be several members, one after another; together they are bounded, too."""
    packed = gzip.compress(JSON[:5]) + gzip.compress(JSON[5:])
    assert one({"id": "body.id"}, packed, Content_Encoding="gzip").event_id == "1"
    for odd in (packed + b"\0", packed + b"x", packed[:-1], gzip.compress(b"") * 17):
        with pytest.raises(Malformed):
            read({}, odd, Content_Encoding="gzip")
    bomb = gzip.compress(b" " * 5 * 2**20) * 3
    with pytest.raises(TooLarge):
        read({}, bomb, Content_Encoding="gzip")


@pytest.mark.parametrize(
    "event, body, content",
    [
        (
            {"unwrap": {"from": "body.payload", "as": "json"}},
            b"payload=%7B%22id%22%3A%221%22%2C%22id%22%3A%222%22%7D",
            FORM,
        ),
        (
            {"unwrap": {"from": "body.data", "as": "base64-json"}},
            b'{"data":"%s"}' % base64.b64encode(b'{"id":"1","id":"2"}'),
            "application/json",
        ),
    ],
)
def test_a_key_twice_inside_a_document_is_as_in_a_body(event, body, content):
    """The last one counts and the trace says so; `duplicate_keys: refuse` keeps the strict way."""
    event = {"id": "item.id", "content": ["json", "form"], **event}
    found = one(event, body, content=content)
    assert found.event_id == "2" and "twice" in found.notes[0]
    with pytest.raises(Malformed):
        read({**event, "duplicate_keys": "refuse"}, body, content=content)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("strip", [b"", b"="])
@pytest.mark.parametrize("text", ['{"id":"?>?"}', '{"id":"??>>"}', '{"id":"~~~~~"}'])
def test_base64_of_either_alphabet_is_read(encode, strip, text):
    """Some libraries write - and _ for + and /, and leave the padding out."""
    data = encode(text.encode()).rstrip(strip or b" ").decode()
    event = {"id": "item.id", "unwrap": {"from": "body.data", "as": "base64-json"}}
    found = one(event, {"data": data})
    assert found.event_id == json.loads(text)["id"]


@pytest.mark.parametrize("data", ["eyJp ZCI6IjEifQ==", "e", "%%%%", "", "aGVsbG8="])
def test_what_is_no_base64_of_json_is_said(data):
    """Nothing is guessed out of it."""
    event = {"id": "item.id", "unwrap": {"from": "body.data", "as": "base64-json"}}
    with pytest.raises(Malformed):
        read(event, {"data": data})


def test_a_document_after_a_byte_order_mark_is_read():
    """As a body is."""
    event = {"id": "item.id", "unwrap": {"from": "body.p", "as": "json"}}
    found = one(
        {**event, "content": ["form"]},
        b"p=%EF%BB%BF%7B%22id%22%3A%221%22%7D",
        content=FORM,
    )
    assert found.event_id == "1"


@pytest.mark.parametrize(
    "body, kept",
    [
        (b'{"items":[]}', False),
        (b'[{"items":[]}]', False),
        (b"[]", True),
        (b"{}", True),
        (b'{"items":null}', True),
        (b'{"items":[null]}', True),
        (b'[{"items":[]},{}]', True),
        (b"null", True),
    ],
)
def test_an_empty_list_is_there_or_it_is_not(body, kept):
    """A list that is empty is no event; a body in which there is no list is one of type unknown."""
    found = read({"id": "item.id", "items": "body.items"}, body)
    assert [one.type for one in found] == ["unknown"] * kept
    assert all("body.items" in one.notes[0] for one in found)


def test_lines_may_be_events_and_odd_ones_are_kept():
    """Each line is an event; where one is no object the whole body is kept beside those that are."""
    event = {"id": "item.id", "items": "body"}
    lines = "application/x-ndjson"
    found = read(event, b'{"id":1}\r\n\r\n{"id":2}', content=lines)
    assert [one.event_id for one in found] == ["1", "2"]
    found = read(event, b'{"id":1}\n7', content=lines)
    assert [one.type for one in found] == ["unknown", "unknown"] and found[1].notes
