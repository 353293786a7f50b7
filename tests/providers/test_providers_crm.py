"""Shops, CRM and messages: what senders do that no general rule tells, each through its own recordings."""

from dataclasses import replace

import pytest
from provider_cases import URL, cases
from recipe_tools import request, sign, verify
from repeating import recorded

from bridge import providers
from bridge.errors import NotVerified
from bridge.secret import Secret
from bridge.strict import json

TOKEN = Secret("a token+of mine")


def meta(*changes):
    body = {"object": "whatsapp_business_account"}
    body["entry"] = [{"id": "2", "changes": list(changes)}]
    sent = request(json.dumps(body))
    return providers.read(providers.get("meta"), "s", providers.trust(sent))


def messages(*ids, contacts=()):
    held = [{"id": one, "type": "text", "timestamp": "1773846011"} for one in ids]
    return {
        "field": "messages",
        "value": {"contacts": list(contacts), "messages": held},
    }


def test_a_retry_that_meta_puts_together_otherwise_is_the_same_events():
    """Messages of one body, or of two, with the contacts of others beside them: the same ids and digests."""
    together = meta(messages("a", "b", contacts=["A", "B"]))
    apart = meta(messages("b", contacts=["B"]), messages("a", contacts=["A"]))
    assert {(one.event_id, one.digest) for one in together} == {
        (one.event_id, one.digest) for one in apart
    }
    assert [one.event_id for one in together] == ["a:messages", "b:messages"]


@pytest.mark.parametrize("name", ["vambe", "kiotviet"])
def test_a_sender_that_cannot_sign_shows_a_token_in_the_path(name):
    """Both payload shapes are read as under a signature, from who knows the token alone."""
    provider = providers.configure(
        providers.get(name), verify={"scheme": "token", "path": "token"}, event={}
    )
    for case in _cases(name):
        sent = sign(provider, case.request, TOKEN)
        verified = verify(provider, sent, TOKEN)
        assert providers.read(provider, "s", verified) == case.events()
        with pytest.raises(NotVerified):
            verify(provider, sent, Secret("another"))
        kept = providers.masked(provider, sent)
        assert "token" not in kept.target and kept.target.endswith("/<secret>")


@pytest.mark.parametrize("name", ["getfly", "zoho"])
def test_a_secret_in_the_body_is_kept_nowhere(name):
    """It proves the sender, in JSON and in a form, and neither the event nor what is stored of the request has it."""
    provider = providers.get(name)
    for case in _cases(name):
        sent = sign(provider, case.request, TOKEN)
        events = providers.read(provider, "s", verify(provider, sent, TOKEN))
        kept = providers.masked(provider, sent)
        shown = f"{[event.payload for event in events]}{kept.body}{kept.target}"
        assert "of mine" not in shown and "of+mine" not in shown
        assert "secret>" in str(events[0].payload) and b"secret" in kept.body
        assert events == case.events()  # another secret makes no other event


@pytest.mark.parametrize(
    "verify_keys",
    [
        {"algorithm": "sha1", "prefix": "sha1="},
        {"key": "base64"},
        {"scheme": "token", "header": "X-Token"},
        {"scheme": "basic"},
    ],
)
def test_what_is_not_confirmed_of_kiotviet_can_be_configured(verify_keys):
    """Each form of proof that its data file names is one key in the mapping file."""
    provider = providers.configure(
        providers.get("kiotviet"), verify=verify_keys, event={}
    )
    secret = Secret("dXNlcjpwYXNz" if "key" in verify_keys else "user:pass")
    case, *_ = _cases("kiotviet")
    assert verify(provider, sign(provider, case.request, secret), secret)


def test_pipedrives_first_version_names_objects_and_gets_a_hash():
    """meta.id is an event's in version 2 and an object's in version 1, where two updates would be one."""
    old = recorded("pipedrive", "updated.deal__version_1")
    (event,) = old.events()
    assert event.event_id == f"sha256:{event.digest}"
    retry = old.request.body.replace(b'"retry":0', b'"retry":1')
    later = old.request.body.replace(b"1773842531532010", b"1773842531599999")
    assert retry != old.request.body != later
    ids = [_id(old, body) for body in (old.request.body, retry, later)]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST"])
def test_intercoms_check_of_the_url_is_a_head_request(method):
    """Only HEAD is answered unproven, and says nothing."""
    sent = replace(request(b"", target="/hooks/x"), method=method)
    found = providers.handshake(providers.get("intercom"), sent, [TOKEN])
    assert (found is not None and found.body == b"") == (method == "HEAD")


def test_hubspots_version_2_covers_method_and_url():
    """The same body at another address, or by another method, is not what was signed."""
    provider = providers.get("hubspot-v2")
    signed = sign(provider, request(b"{}", target="/hooks/a?x=1"), TOKEN)
    assert verify(provider, signed, TOKEN)
    for other in (URL + "/prefix", "http://bridge.example.com"):
        with pytest.raises(NotVerified):
            verify(provider, signed, TOKEN, public_url=other)


def _cases(name):
    return [case for case in cases() if case.name == name]


def _id(case, body):
    return case.events(replace(case.request, body=body))[0].event_id
