"""What bodies are wrapped in: codings, charsets, marks, parts, lines, documents; and what cannot be read at all."""

import base64
import gzip
import hashlib
import hmac
import json
import zlib
from datetime import UTC, datetime

import pytest
from provider_cases import one, read

from bridge import providers
from bridge.errors import Malformed, NotVerified, TooLarge, UnsupportedType
from bridge.model import Request
from bridge.providers import content, packing, schema
from bridge.secret import Secret

FORM = "application/x-www-form-urlencoded"
NOW = datetime(2026, 4, 1, tzinfo=UTC)
VALUE = {"a": "é"}
BODY = b'{"a":"\xc3\xa9"}'


def sent(body, content_type="application/json", coding=None, target="/hooks/erp"):
    """A request with these headers."""
    headers = [("Content-Type", content_type)] if content_type else []
    headers += [("Content-Encoding", coding)] if coding else []
    return Request(
        method="POST", target=target, headers=tuple(headers), body=body, received_at=NOW
    )


def value(request, accepted=content.CONTENT):
    """What the body is read as."""
    return content.read(request, accepted).value


def _raw_deflate(body):
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(body) + packing.flush()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=US-ASCII",
        "Application/JSON;charset='UTF-8'",
        'text/json; CHARSET="utf8"',
        "text/plain; charset=UTF-8",
        "application/cloudevents+json",
    ],
)
def test_json_under_its_many_names(content_type):
    """JSON is read under any of its media types, with a charset in any case."""
    assert value(sent(BODY, content_type)) == VALUE


def test_a_byte_order_mark_is_passed_over():
    """Some writers begin UTF-8 with a mark that it does not need."""
    assert value(sent(b"\xef\xbb\xbf" + BODY)) == VALUE


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", _raw_deflate),
        ("identity", bytes),
    ],
)
def test_a_packed_body_is_unpacked(coding, pack):
    """Each coding is undone before the body is read."""
    assert value(sent(pack(BODY), coding=coding)) == VALUE


@pytest.mark.parametrize(
    ("coding", "body", "error"),
    [
        ("br", BODY, UnsupportedType),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY)), UnsupportedType),
        ("gzip", BODY, Malformed),
        ("gzip", gzip.compress(BODY)[:-1], Malformed),
        ("gzip", gzip.compress(BODY) + b"x", Malformed),
        ("gzip", gzip.compress(bytes(packing.MAX_UNPACKED + 1)), TooLarge),
    ],
    ids=["unknown", "twice", "not packed", "cut", "more behind", "too large"],
)
def test_a_coding_that_cannot_be_undone(coding, body, error):
    """A body that is cut, packed twice or over the limit is refused, not read in part."""
    with pytest.raises(error):
        value(sent(body, coding=coding))


def test_a_bomb_is_not_unpacked_whole(monkeypatch):
    """What is made of a body stops at the limit."""
    monkeypatch.setattr(packing, "MAX_UNPACKED", 1_000)
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(TooLarge, match="1000"):
        value(sent(bomb, coding="gzip"))


def _verified(body, signed_over, coding="gzip"):
    generic = providers.get("generic")
    how = {"scheme": "hmac", "header": "X-Signature"}
    provider = schema.configure(generic, verify=how, event={})
    proof = hmac.new(b"s", signed_over, hashlib.sha256).hexdigest()
    asked = sent(body, coding=coding)
    asked = Request(
        method="POST",
        target=asked.target,
        headers=(*asked.headers, ("X-Signature", proof)),
        body=body,
        received_at=NOW,
    )
    return providers.verify(provider, asked, [Secret("s")], now=NOW, public_url=None)


def test_a_packed_body_is_signed_before_or_after_packing():
    """Either proves the content; a signature over anything else does not."""
    packed = gzip.compress(BODY)
    assert _verified(packed, packed).secret == 0
    assert _verified(packed, BODY).secret == 0
    with pytest.raises(NotVerified):
        _verified(packed, b"{}")


def test_an_empty_post_is_read_from_its_query():
    """Values in the query of a body-less POST are read as a GET's are."""
    event = {"id": "body.id", "type": "body.kind"}
    found = one(event, b"", content=None, target="/hooks/erp?id=1&kind=x")
    assert (found.event_id, found.type) == ("1", "x")


def test_of_a_key_twice_the_last_counts_and_is_told():
    """As nearly every reader of JSON does; the event says so."""
    found = one({"id": "body.id"}, b'{"id": 1, "a": {"b": 1, "b": 2}, "id": 3}')
    assert found.event_id == "3"
    assert found.payload == {"id": 3, "a": {"b": 2}}
    assert "twice" in found.notes[0]


def test_a_source_may_refuse_a_key_twice():
    """`duplicate_keys: refuse` keeps the strict way."""
    with pytest.raises(Malformed):
        read({"duplicate_keys": "refuse"}, b'{"id": 1, "id": 2}')


def test_the_parts_of_a_form():
    """Fields are texts, files their names, types and sizes; a field twice is a list."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xc3\xa9\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="p.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n--x--\r\n"
    )
    file = {"filename": "p.png", "content_type": "image/png", "size": 4}
    request = sent(body, "multipart/form-data; boundary=x")
    assert value(request) == {"a": ["1", "é"], "f": file}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"--x\r\n\r\nno name\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut',
        b"--x\r\n" * 2_000 + b"--x--\r\n",
    ],
)
def test_parts_that_cannot_be_told_apart(body):
    """A form of parts that is broken, nameless, cut or endless is malformed."""
    with pytest.raises(Malformed):
        value(sent(body, "multipart/form-data; boundary=x"))


def test_lines_of_json_are_a_batch():
    """Each line that is not blank is an element."""
    event = {"items": "body", "id": "item.id", "content": ["json"]}
    found = read(event, b'{"id":1}\n\r\n{"id":2}\n', content="application/x-ndjson")
    assert [one.event_id for one in found] == ["1", "2"]


def test_xml_where_a_source_takes_it():
    """XML is an event where `content` names it, and refused elsewhere."""
    body, kind = b"<event><id>7</id></event>", "text/xml; charset=utf-8"
    event = {"content": ["xml"], "id": "body.id"}
    assert one(event, body, content=kind).event_id == "7"
    with pytest.raises(UnsupportedType):
        read({"content": ["json"]}, body, content=kind)


@pytest.mark.parametrize(
    ("unwrap", "body", "content_type"),
    [
        (
            {"from": "raw", "as": "base64-json"},
            base64.b64encode(b'{"k":"v"}'),
            "text/plain",
        ),
        (
            {"from": "body.message.data", "as": "base64-json"},
            b'{"message":{"data":"eyJrIjoidiJ9"}}',
            "application/json",
        ),
        ({"from": "body.data", "as": "json"}, b"data=%7B%22k%22%3A%22v%22%7D", FORM),
        ({"from": "body.data", "as": "xml"}, b"data=<d><k>v</k></d>", FORM),
    ],
)
def test_documents_in_bodies(unwrap, body, content_type):
    """Base64, and fields of forms and JSON, may hold the event."""
    event = {"content": ["json", "form"], "unwrap": unwrap}
    assert one(event, body, content=content_type).payload == {"k": "v"}


def _github(body, content_type="application/json"):
    headers = (
        ("Content-Type", content_type),
        ("X-GitHub-Event", "push"),
        ("X-GitHub-Delivery", "d-1"),
    )
    request = Request(
        method="POST",
        target="/hooks/github",
        headers=headers,
        body=body,
        received_at=NOW,
    )
    verified = providers.trust(request)
    return providers.take(providers.get("github"), "github", verified)


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (b"{", "application/json", "not JSON"),
        (b"{}", "application/pdf", "content type"),
        (b"{}", "application/json; charset=utf-16", "charset"),
    ],
)
def test_what_is_not_sent_again_is_kept_unread(body, content_type, said):
    """GitHub never repeats: what cannot be read is an event without content that says why."""
    (found,) = _github(body, content_type)
    assert (found.event_id, found.type, found.payload) == ("d-1", "push", None)
    assert said in found.unreadable


def test_what_is_sent_again_is_refused_unread():
    """A sender of one's own is told of its mistake, and sends again when it is mended."""
    request = sent(b"{")
    with pytest.raises(Malformed):
        providers.take(providers.get("generic"), "erp", providers.trust(request))


XML = '<?xml version="1.0" encoding="{}"?><e><id>7</id><name>Peña</name><pin>s3crét</pin></e>'


@pytest.mark.parametrize(
    ("codec", "declared", "content_type"),
    [
        ("cp1252", "ISO-8859-1", "text/xml"),
        ("cp1252", "UTF-8", "application/xml; charset=ISO-8859-1"),
        ("utf-16", "UTF-16", "application/soap+xml; charset=utf-16"),
    ],
)
def test_xml_of_another_encoding_is_read_and_masked(codec, declared, content_type):
    """What is kept holds no secret, in any spelling, and gives the same event again, digest included."""
    event = {"content": ["xml"], "id": "body.id", "secret_paths": ["body.pin"]}
    provider = schema.configure(
        providers.get("generic"), verify={"scheme": "bearer"}, event=event
    )
    request = sent(XML.format(declared).encode(codec), content_type)
    (found,) = providers.read(provider, "erp", providers.trust(request))
    assert found.payload == {"id": "7", "name": "Peña", "pin": "<secret>"}
    kept = providers.masked(provider, request)
    assert "s3cr" not in kept.body.decode("utf-8")
    assert providers.read(provider, "erp", providers.trust(kept)) == (found,)


@pytest.mark.parametrize(
    ("spelled", "kept"),
    [
        ("a&amp;b&lt;c", "<e><pin>&lt;secret&gt;</pin></e>"),
        ("a&#38;b&#x3c;c", ""),
        ("<![CDATA[a&b<c]]>", "<e><pin><![CDATA[<secret>]]></pin></e>"),
        ("<![CDATA[]]>a&amp;b&lt;c", "<e><pin><![CDATA[]]>&lt;secret&gt;</pin></e>"),
    ],
)
def test_a_secret_in_xml_is_masked_however_it_is_escaped(spelled, kept):
    """The mask is no element of its own; what is escaped by numbers is not kept at all."""
    event = {"content": ["xml"], "secret_paths": ["body.pin"]}
    provider = schema.configure(
        providers.get("generic"), verify={"scheme": "bearer"}, event=event
    )
    request = sent(f"<e><pin>{spelled}</pin></e>".encode(), "text/xml")
    assert providers.masked(provider, request).body.decode() == kept


def test_xml_in_a_packed_document_says_its_own_encoding():
    """In base64 the bytes are the sender's; text of a field was decoded before."""
    text = XML.format("ISO-8859-1")
    packed = base64.b64encode(text.encode("cp1252")).decode()
    for way, document in (("base64-xml", packed), ("xml", text)):
        event = {"unwrap": {"from": "body.doc", "as": way}, "id": "item.id"}
        provider = schema.configure(
            providers.get("generic"), verify={"scheme": "bearer"}, event=event
        )
        request = sent(json.dumps({"doc": document}).encode())
        (found,) = providers.read(provider, "erp", providers.trust(request))
        assert found.payload["name"] == "Peña"


def test_a_charset_that_nobody_reads_is_told():
    """At a sender that does not send again it is a dead letter that says so."""
    (found,) = _github(b"<a/>", "application/xml; charset=shift_jis")
    assert "charset" in found.unreadable


def test_secrets_of_packed_bodies_are_masked():
    """A packed body is kept unpacked where it may hold a secret."""
    getfly = providers.get("getfly")
    packed = gzip.compress(b'{"secret_key":"s3cret","event":"x"}')
    kept = providers.masked(getfly, sent(packed, coding="gzip"))
    assert kept.body == b'{"secret_key":"<secret>","event":"x"}'
    assert not kept.values("content-encoding")
    assert providers.masked(getfly, sent(b"cut", coding="gzip")).body == b""
