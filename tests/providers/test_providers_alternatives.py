"""Proofs beside the first one, parts by position, keys with dots, ids of every delivery, secrets as they are copied."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from provider_cases import NOW, URL, one, read
from recipe_tools import BODY, SECRET, generic, refused, request, verify

from bridge import mapping, providers
from bridge.errors import ConfigurationError, NotVerified
from bridge.model import Request
from bridge.secret import Secret

KEY = SECRET.reveal().encode()


def proof(text, algorithm="sha256"):
    return hmac.new(KEY, text, algorithm).hexdigest()


def test_another_scheme_is_taken_beside_the_first():
    """While a sender moves from a token to a signature, both prove it; anything else does not."""
    other = {"scheme": "hmac", "header": "X-New", "signed": ["raw"]}
    provider = generic(scheme="token", header="X-Old", **{"or": [other]})
    plain = {"secret": Secret("plain")}
    made = hmac.new(b"plain", BODY, "sha256").hexdigest()
    assert verify(provider, request(X_Old="plain"), **plain).secret == 0
    assert verify(provider, request(X_New=made), **plain).secret == 0
    assert refused(provider, request(X_New=proof(b"other"), X_Old="no"), **plain)
    assert refused(provider, request(X_New="plain"), **plain)


def test_an_alternative_says_only_what_differs():
    """The keys of the first recipe hold for the others, but for what they say themselves."""
    provider = generic(
        scheme="hmac", header="X-Sig", prefix="v1=", **{"or": [{"algorithm": "sha1"}]}
    )
    assert verify(provider, request(X_Sig=f"v1={proof(BODY, 'sha1')}")).secret == 0
    assert refused(provider, request(X_Sig=proof(BODY, "sha1"))) == "bad_signature"


@pytest.mark.parametrize(
    "others",
    [
        {"algorithm": "sha1"},
        [{"algorithm": "md5"}],
        ["raw"],
        [{"signed": [{"text": "x"}]}],
        [{}] * 9,
    ],
)
def test_an_alternative_is_checked_like_the_first(others):
    """What is wrong under `or` is told with its place."""
    with pytest.raises(providers.RecipeError) as wrong:
        generic(scheme="hmac", header="X-Sig", **{"or": others})
    assert any(path.startswith("verify") for path in wrong.value.findings)


def test_parts_are_named_by_their_places():
    """Recurly's shape: a time and signatures, none of them with a name."""
    stamp = str(int(NOW.timestamp()))
    made = proof(f"{stamp}.".encode() + BODY)
    where = {"scheme": "hmac", "header": "X-Sig", "split": ","}
    said = {
        "signed": ["field.1", {"text": "."}, "raw"],
        "timestamp": {"from": "field.1"},
    }
    for provider in (generic(**where, **said), generic(**where)):
        assert verify(provider, request(X_Sig=f"{stamp},{'0' * 64},{made}")).secret == 0
        assert refused(provider, request(X_Sig=f"1{stamp},{made}"))
    old = str(int(NOW.timestamp()) - 301)
    late = f"{old},{proof(f'{old}.'.encode() + BODY)}"
    assert refused(generic(**where, **said), request(X_Sig=late)) == "stale"


def test_another_label_beside_a_good_one_is_passed_over():
    """A sender that begins to sign in a new way goes on with the old one."""
    provider = generic(scheme="hmac", header="X-Sig", split=" ", prefix="v1,")
    assert verify(provider, request(X_Sig=f"v2,?! v1,{proof(BODY)}")).secret == 0
    assert (
        refused(provider, request(X_Sig=f"v1,?! v1,{proof(BODY)}")) == "bad_signature"
    )
    assert refused(provider, request(X_Sig="v2,?!")) == "bad_signature"


def test_keys_with_dots_are_found():
    """Senders write `event.id` as one key, too: as an id, in lists, and where it is a secret."""
    event = {"id": "body.event.id", "type": "body.a.b.c"}
    found = one(event, {"event.id": "9", "a": {"b.c": "x"}})
    assert (found.event_id, found.type) == ("9", "x")
    assert one(event, {"event": {"id": "8"}, "event.id": "9"}).event_id == "8"
    batch = {"items": "body.the.list", "secret_paths": ["item.my.token"]}
    (found,) = read(batch, {"the.list": [{"my.token": "s3cret"}]})
    assert found.payload == {"my.token": "<secret>"}


def _header(**headers):
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Request(
        method="POST", target="/", headers=named, body=b"{}", received_at=NOW
    )


def test_a_hash_covers_the_type_of_a_header():
    """Two types of one body are two events, also without an id."""
    kinds = ("Issue Hook", "Confidential Issue Hook")
    gitlab = providers.get("gitlab")
    ids = {
        providers.read(gitlab, "g", providers.trust(_header(X_Gitlab_Event=kind)))[
            0
        ].event_id
        for kind in (*kinds, *kinds)
    }
    assert len(ids) == 2


def test_a_hash_may_be_a_part_of_an_id():
    """Two bodies under one number are two events, the same one again is known; what is volatile is no part of it."""
    event = {"id": ["header.X-Second", "hash"], "volatile": ["body.try"]}
    first = one(event, {"n": 1, "try": 1}, X_Second="s1")
    assert first.event_id == one(event, {"n": 1, "try": 2}, X_Second="s1").event_id
    assert first.event_id == f"s1:{first.digest[:16]}"
    others = [one(event, {"n": 2}, X_Second="s1"), one(event, {"n": 1}, X_Second="s2")]
    assert len({first.event_id, *(other.event_id for other in others)}) == 3
    assert one(event, {"n": 1}).event_id.startswith("sha256:")


def taken(name, event, body=b'{"door":"open"}', times=3):
    """The ids under which the same request is taken, so many times."""
    verify = {"scheme": "bearer"} if name == "generic" else {}
    provider = providers.configure(providers.get(name), verify=verify, event=event)
    verified = providers.trust(replace(_header(), body=body))
    return [
        event.event_id
        for _ in range(times)
        for event in providers.take(provider, "s", verified)
    ]


@pytest.mark.parametrize(
    ("name", "event", "count"),
    [
        ("generic", {}, 3),
        ("generic", {"id": "each"}, 3),
        ("generic", {"id": "hash"}, 1),
        ("generic", {"id": ["hash"]}, 1),
        ("generic", {"id": "body.id"}, 1),
        ("grafana", {}, 1),
        ("grafana", {"id": "each"}, 3),
    ],
)
def test_what_the_same_body_again_means(name, event, count):
    """To a sender of one's own without an id a new event; `each` says so of any sender, and `hash` the contrary."""
    ids = taken(name, event)
    assert len(set(ids)) == count and len(ids) == 3
    assert all(one.startswith("sha256:") and len(one) >= 71 for one in ids)


def test_equal_elements_of_one_batch_are_events_where_each_delivery_is():
    """The second alarm of a batch is no retry of the first; under a hash it would be."""
    batch = b'[{"door":"open"},{"door":"open"}]'
    assert len(set(taken("generic", {"items": "body"}, batch, times=1))) == 2
    event = {"items": "body", "id": "hash"}
    assert len(taken("generic", event, batch, times=1)) == 1


def test_what_cannot_be_read_is_an_event_of_its_own_where_each_delivery_is():
    """Two broken bodies that are equal are two dead letters, as two that can be read are two events."""
    event = {"unreadable": "keep"}
    assert len(set(taken("generic", event, b"{", times=2))) == 2
    assert len(set(taken("generic", event | {"id": "hash"}, b"{", times=2))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{}\n",
        " {} ",
        "'{}'",
        '"{}"',
        "whsec_{}",
        "v1,whsec_{}",
        "v1a,whsec_{}\r\n",
    ],
)
def test_a_secret_as_it_is_copied(text):
    """Line ends, quotes around bytes, a prefix and its version are no part of the key."""
    standard = providers.get("standard")
    key = base64.b64encode(b"k" * 24).decode()
    sent = _header(webhook_id="m", webhook_timestamp=str(int(NOW.timestamp())))
    signed = providers.sign(standard, sent, Secret(key), now=NOW, public_url=None)
    copied = Secret(text.replace("{}", key))
    verified = providers.verify(standard, signed, [copied], now=NOW, public_url=None)
    assert verified.secret == 0


def test_a_secret_of_another_form_is_told():
    """What cannot be a key is the operator's to mend, and is said so before anything is sent."""
    with pytest.raises(ConfigurationError, match="is not base64"):
        providers.check_secret(providers.get("standard"), Secret("not base64!"))
    providers.check_secret(providers.get("stripe"), Secret("whsec_anything"))


def _twilio(
    signed_url, target="/hooks/twilio", body=b"MessageSid=SM1", algorithm="sha1"
):
    text = signed_url + ("MessageSidSM1" if body else "")
    mac = base64.b64encode(hmac.digest(KEY, text.encode(), algorithm)).decode()
    form = ("Content-Type", "application/x-www-form-urlencoded")
    headers = (form, ("X-Twilio-Signature", mac))
    sent = Request(
        method="POST", target=target, headers=headers, body=body, received_at=NOW
    )
    return providers.verify(
        providers.get("twilio"), sent, [SECRET], now=NOW, public_url=URL
    )


@pytest.mark.parametrize(
    "signed, taken", [("Ab7", True), ("ab7", True), ("AB7", False)]
)
def test_mercado_pago_signs_an_id_as_it_is_or_in_lower_case(signed, taken):
    """Its packages and its pages say different things of capitals; no third spelling is proven."""
    at = int(NOW.timestamp())
    made = proof(f"id:{signed};request-id:r-1;ts:{at};".encode())
    sent = request(
        target="/hooks/mercadopago?data.id=Ab7&type=payment",
        X_Request_Id="r-1",
        X_Signature=f"ts={at},v1={made}",
    )
    if taken:
        assert verify(providers.get("mercadopago"), sent).secret == 0
    else:
        assert refused(providers.get("mercadopago"), sent) == "wrong_signature"


def test_twilio_signs_by_a_shared_key_with_another_hash():
    """The same text under SHA-256, where a Webhooks Rule of the account says so; under no other hash."""
    for url in (f"{URL}/hooks/twilio", f"{URL}:443/hooks/twilio"):
        assert _twilio(url, algorithm="sha256").secret == 0
    with pytest.raises(NotVerified):
        _twilio(f"{URL}/hooks/twilio", algorithm="sha512")


def test_twilio_signs_one_url_in_several_spellings():
    """With the usual port and without, and with marks of the query as they were or escaped; no other address."""
    assert _twilio(f"{URL}/hooks/twilio").secret == 0
    assert _twilio(f"{URL}:443/hooks/twilio").secret == 0
    target = "/hooks/twilio?Body=you%27re"
    assert _twilio(f"{URL}/hooks/twilio?Body=you're", target).secret == 0
    assert _twilio(f"{URL}:443/hooks/twilio?Body=you're", target).secret == 0
    for url in (f"{URL}:8443/hooks/twilio", f"{URL}/hooks/other"):
        with pytest.raises(NotVerified):
            _twilio(url)


FILE = """
version: 1
source:
  name: own
  provider: generic
  verify:
    scheme: token
    header: X-Token
    secret: { env: OLD }
    or:
      - { scheme: hmac, header: X-Sig, signed: [raw], secret: [{ env: NEW }, { env: NEXT }] }
      - { scheme: hmac, header: X-Own, signed: [raw] }
  handshake: { when: { method: GET }, text: query.challenge }
  answer: { accepted: { status: 200 }, duplicate: { status: 200 } }
"""


def test_a_mapping_file_says_all_that_a_data_file_says():
    """Alternatives with secrets of their own, the check of the URL, and the answers of a sender that nobody knows."""
    environ = {"OLD": "old-secret", "NEW": "new-secret", "NEXT": "next-secret"}
    loaded = mapping.build({"a.yaml": FILE}, environ)
    assert loaded.ruleset is not None, loaded.findings
    source = loaded.ruleset.sources["own"]
    secrets = [Secret(environ[one.name]) for one in source.secrets]
    assert [one.name for one in source.secrets] == ["OLD", "NEW", "NEXT"]

    def by(**headers):
        sent = replace(_header(**headers), body=BODY)
        return providers.verify(
            source.provider, sent, secrets, now=NOW, public_url=None
        ).secret

    def mac(name):
        return hmac.new(environ[name].encode(), BODY, hashlib.sha256).hexdigest()

    assert by(X_Token="old-secret") == 0
    assert [by(X_Sig=mac("NEW")), by(X_Sig=mac("NEXT"))] == [1, 2]
    assert by(X_Own=mac("OLD")) == 0
    for headers in ({"X_Sig": mac("OLD")}, {"X_Token": "new-secret"}):
        with pytest.raises(NotVerified):
            by(**headers)
    asked = replace(
        _header(), method="GET", target="/hooks/own?challenge=abc", body=b""
    )
    answer = providers.handshake(source.provider, asked, secrets)
    assert answer is not None and answer.body == b"abc"
    assert providers.answer(source.provider, "accepted").status == 200
