"""Bodies and what may be seen of them: forms, content types, visible headers, masked secrets."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from provider_cases import NOW, one, read

from bridge import providers
from bridge.errors import Malformed, NotVerified, UnsupportedType
from bridge.model import Request
from bridge.secret import Secret

FORM = "application/x-www-form-urlencoded"


def test_headers_are_the_allow_list_alone():
    """Expressions see what the recipe names, lower case, and never a credential."""
    found = one(
        {"headers": ["X-Tenant"], "id": "header.X-Id"},
        {},
        X_Tenant="t",
        X_Other="o",
        X_Id="i",
        Authorization="Bearer s",
    )
    assert found.headers == {"x-tenant": "t", "x-id": "i"}


def test_forms_are_text_or_lists_of_text():
    """A repeated field is a list; nothing becomes a number."""
    found = one({}, b"a=1&b=x&b=%C3%A9&c=&a%2B=+", content=FORM)
    assert found.payload == {"a": "1", "b": ["x", "é"], "c": "", "a+": " "}


@pytest.mark.parametrize("body", [b"&".join([b"a=1"] * 1_001), b"a=%FF", b"a=\xff"])
def test_forms_are_bounded_and_utf_8(body):
    """1,001 fields, or bytes that are no UTF-8, are malformed; 1,000 fields are taken."""
    with pytest.raises(Malformed, match="form"):
        read({}, body, content=FORM)
    assert len(one({}, b"&".join([b"a=1"] * 1_000), content=FORM).payload["a"]) == 1_000


def test_a_get_without_a_body_reads_its_query():
    """Senders that notify by GET put the event into the URL."""
    found = one(
        {"id": "body.id"},
        b"",
        method="GET",
        target="/hooks/erp?id=7&x=a&x=b",
        content="",
    )
    assert (found.event_id, found.payload) == ("7", {"id": "7", "x": ["a", "b"]})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "application/json",
        "application/cloudevents+json; charset=UTF-8",
        'Application/JSON; charset="utf-8"',
    ],
)
def test_content_types_that_are_json(content):
    """JSON under its own type, a +json type, or none."""
    assert one({}, {"a": 1}, content=content).payload == {"a": 1}


@pytest.mark.parametrize(
    "content",
    [
        "text/html",
        "application/xml",
        "application/pdf",
        "application/json; charset=latin-1",
        "json",
        "application/jsonx",
    ],
)
def test_content_types_that_are_not_taken(content):
    """Another type or charset is answered 415, not guessed at."""
    with pytest.raises(UnsupportedType):
        read({}, {"a": 1}, content=content)


def test_two_content_types_are_none():
    """Neither may win."""
    with pytest.raises(UnsupportedType):
        read({}, b"a=1", Content_Type=FORM)


def test_a_form_is_refused_where_only_json_is_known():
    """GitHub's form type hides the JSON in a field; its data file says what to set instead."""
    request = Request(
        method="POST",
        target="/",
        headers=(("content-type", FORM),),
        body=b"payload={}",
        received_at=NOW,
    )
    with pytest.raises(UnsupportedType, match="json"):
        providers.read(providers.get("github"), "github", providers.trust(request))


def test_secrets_inside_bodies_are_masked():
    """What the sender puts into the body to prove itself is not in the payload, and not in the kept request."""
    provider = providers.configure(
        providers.get("generic"),
        verify={"scheme": "token", "body": "secret_key"},
        event={"secret_paths": ["query.token", "body.card.pin"]},
    )
    request = Request(
        method="POST",
        target="/hooks/x?token=q%20tok&a=1",
        headers=(
            ("Content-Type", "application/json"),
            ("Authorization", "Basic abc"),
            ("Cookie", "c"),
        ),
        body='{"secret_key": "tök\\"en", "card": {"pin": "0421"}, "a": 1}'.encode(),
        received_at=NOW,
    )
    (event,) = providers.read(provider, "s", providers.trust(request))
    assert event.payload == {
        "secret_key": "<secret>",
        "card": {"pin": "<secret>"},
        "a": 1,
    }
    kept = providers.masked(provider, request)
    assert kept.target == "/hooks/x?token=<secret>&a=1"
    assert (
        kept.body == b'{"secret_key": "<secret>", "card": {"pin": "<secret>"}, "a": 1}'
    )
    assert [value for _, value in kept.headers] == [
        "application/json",
        "<secret>",
        "<secret>",
    ]
    broken = replace(request, body=b'{"secret_key": "t')
    assert providers.masked(provider, broken).body == b""
    doubled = replace(request, target="/hooks/x?token=q&token=r")
    assert providers.masked(provider, doubled).target == "/hooks/x"


def posted(body, target="/hooks/x"):
    return Request(
        method="POST",
        target=target,
        headers=(("Content-Type", "application/json"),),
        body=body.encode(),
        received_at=NOW,
    )


@pytest.mark.parametrize(
    "spelled", [r"a\/b+c=\u00f6\ud83d\udd11", r"\u0061/b\u002Bc=ö\uD83D\uDD11", "a/b+c=ö🔑"]
)  # fmt: skip
def test_a_secret_in_json_is_masked_however_its_letters_are_escaped(spelled):
    """Some languages escape slashes, others all that is not ASCII, and the value is the same."""
    target = "/hooks/x?again=a%2fb%2Bc%3d%C3%B6%F0%9F%94%91"
    request = posted(f'{{"token": "{spelled}", "a": 1}}', target)
    kept = providers.masked(providers.get("zoho"), request)
    assert kept.body == b'{"token": "<secret>", "a": 1}'
    assert kept.target == "/hooks/x?again=<secret>"


@pytest.mark.parametrize("token", ["\\ud800", "long" * 1_000, "\\\\ \\n"])
def test_what_a_secret_never_looks_like_is_kept_out_as_well(token):
    """Half a letter, a line break or a book at a secret's place is neither kept nor an error."""
    request = posted(f'{{"token": "{token}"}}')
    kept = providers.masked(providers.get("zoho"), request)
    assert kept.body in (b'{"token": "<secret>"}', b"")


DOCUMENT = {
    "unwrap": {"from": "body.payload", "as": "json"},
    "content": ["form"],
    "secret_paths": ["item.token"],
}
BATCH = {"items": "body.all", "secret_paths": ["item.token"]}


@pytest.mark.parametrize(
    "event, body, kept",
    [
        (DOCUMENT, 'a=1&payload={"token":"hunter2","b":1.50}', 'a=1&payload={"token":"<secret>","b":1.50}'),
        (DOCUMENT, "payload=%7B%22token%22%3A%22%68unter2%22%7D", "payload=%7B%22token%22%3A%22<secret>%22%7D"),
        (DOCUMENT, "payload=%7B%22token%22%3A%22h%5Cu0075nter2%22%7D", ""),
        (DOCUMENT, "payload=no+document", ""),
        (DOCUMENT, 'payload={"b": 1}&z=&c= +', 'payload={"b": 1}&z=&c= +'),
        (BATCH, '{"all": [{"token": "hunter2"}, {"token": "hunter23"}, {}]}',
         '{"all": [{"token": "<secret>"}, {"token": "<secret>"}, {}]}'),
        ({"secret_paths": ["item.token"]}, '{"token": "hunter2"}', '{"token": "<secret>"}'),
    ],
)  # fmt: skip
def test_secrets_inside_items_are_masked(event, body, kept):
    """Each element of a batch, and a document inside a form's field, is kept without what is secret in it.

    A document whose secret is escaped twice over is left out whole.
    """
    verify = {"scheme": "token", "header": "X-Token"}
    provider = providers.configure(providers.get("generic"), verify=verify, event=event)
    content = FORM if "content" in event else "application/json"
    request = replace(posted(body), headers=(("Content-Type", content),))
    masked = providers.masked(provider, request)
    assert masked.body.decode() == kept
    assert providers.masked(provider, masked) == masked


ELEMENTS = {"scheme": "token", "items": "body.value", "item": "state"}


def test_a_token_in_each_element_proves_them_and_is_masked():
    """Every element has to carry it, and none is kept or shown with it."""
    provider = providers.configure(
        providers.get("generic"), verify=ELEMENTS, event={"items": "body.value"}
    )
    said = '{"value": [{"state": "hunter2", "n": 1}, {"state": "%s", "n": 2}]}'
    request = posted(said % "hunter2")
    verified = providers.verify(
        provider, request, [Secret("hunter2")], now=NOW, public_url=None
    )
    events = providers.read(provider, "s", verified)
    assert [event.payload for event in events] == [
        {"state": "<secret>", "n": 1},
        {"state": "<secret>", "n": 2},
    ]
    assert b"hunter2" not in providers.masked(provider, request).body
    for wrong in (said % "other", '{"value": []}', '{"value": [{"n": 1}]}'):
        with pytest.raises(NotVerified):
            providers.verify(
                provider, posted(wrong), [Secret("hunter2")], now=NOW, public_url=None
            )


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"items": "body.others"},
        {"items": "body.value", "unwrap": {"from": "body.doc", "as": "json"}},
    ],
)
def test_a_token_in_elements_that_nobody_masks_is_refused(event):
    """It would be kept, and shown, with what is no event of its own."""
    with pytest.raises(providers.RecipeError, match="event.items"):
        providers.configure(providers.get("generic"), verify=ELEMENTS, event=event)


def test_secrets_inside_the_documents_of_a_query_are_masked():
    """A document that came by GET stands in the URL."""
    generic = providers.get("generic")
    verify = {"scheme": "token", "header": "X-Token"}
    provider = providers.configure(generic, verify=verify, event=DOCUMENT)
    target = '/hooks/x?payload=%7B"token":"hunter2"%7D'
    kept = providers.masked(provider, replace(posted("", target), method="GET"))
    assert kept.target == '/hooks/x?payload=%7B"token":"<secret>"%7D'


def test_masking_keeps_a_request_without_secrets_as_it_is():
    """Only the proof is replaced."""
    headers = (
        ("Content-Type", "application/json"),
        ("X-Hub-Signature-256", "sha256=00"),
    )
    request = Request(
        method="POST",
        target="/x",
        headers=headers,
        body=b"{}",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    kept = providers.masked(providers.get("github"), request)
    assert kept == replace(
        request, headers=(headers[0], ("X-Hub-Signature-256", "<secret>"))
    )
