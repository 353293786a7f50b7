"""Whatever arrives: verify() raises NotVerified and nothing else, read() Refused and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st
from keyrings import public
from provider_cases import NOW, URL, cases, provider_of

from bridge import providers
from bridge.errors import NotVerified, Refused
from bridge.model import Request
from bridge.secret import Secret
from bridge.strict import json

KINDS = [provider_of(name) for name in providers.names()]
SCHEMES = [
    providers.configure(
        providers.get("generic"),
        verify=verify,
        event={"items": "body.a", "id": "item.b", "live": "query.x"},
    )
    for verify in (
        {"scheme": "bearer"},
        {"scheme": "basic", "username": "u"},
        {"scheme": "token", "body": "a.b"},
        {"scheme": "digest", "query": "s", "signed": ["secret", "url", "body.a"]},
    )
]
NAMES = sorted(
    {name.lower() for case in cases() for name, _ in case.request.headers}
    | {"authorization", "webhook-id", "webhook-timestamp", "webhook-signature"}
)
PIECES = [
    "t=1775044800",
    "v1=",
    "v1,",
    "sha256=",
    "00" * 32,
    "AAAA",
    ",",
    " ",
    ";",
    "Basic ",
    "Bearer ",
    "é",
    "٣",
]
text = st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=9)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["a", "b", "id", "type", "created", "eventId", "action"]),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)


def _written(value) -> bytes:
    try:
        return json.dumps(value)
    except ValueError:
        return b'{"a": 1e999}'


requests = st.builds(
    Request,
    method=st.sampled_from(["POST", "GET", "HEAD", "PUT", "é"]),
    target=st.just("/hooks/x") | text.map(lambda query: f"/hooks/x?{query}"),
    headers=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            text
            | st.sampled_from(
                ["application/json", "application/x-www-form-urlencoded"]
            ),
        ),
        max_size=6,
    ).map(tuple),
    body=st.binary(max_size=60) | values.map(_written),
    received_at=st.just(NOW),
)


@settings(max_examples=200)
@given(provider=st.sampled_from([*KINDS, *SCHEMES]), request=requests)
def test_verify_raises_not_verified_alone(provider, request):
    """No request without the secret gets through, and none breaks the check."""
    secret = public(provider.recipe, "one of two")
    try:
        providers.verify(provider, request, [secret], now=NOW, public_url=URL)
    except NotVerified as error:
        assert error.reason != "not_verified" and secret.reveal() not in str(error)
    else:
        raise AssertionError("a request without the secret was accepted")


@settings(max_examples=200)
@given(provider=st.sampled_from([*KINDS, *SCHEMES]), request=requests)
def test_read_raises_refused_alone(provider, request):
    """Every request either reads as events with distinct, printable ids or is refused with a status."""
    try:
        events = providers.read(provider, "x", providers.trust(request))
    except Refused as error:
        assert error.status in (400, 413, 415)
        return
    ids = [event.event_id for event in events]
    assert len(set(ids)) == len(ids) and all(one.isprintable() for one in ids)
    assert all(len(event.digest) == 64 and event.type for event in events)


@settings(max_examples=200)
@given(provider=st.sampled_from([*KINDS, *SCHEMES]), request=requests)
def test_masked_and_handshake_never_raise(provider, request):
    """What is kept of a request can always be made, and a check of the URL is answered or not one."""
    kept = providers.masked(provider, request)
    assert (kept.method, len(kept.headers)) == (request.method, len(request.headers))
    greeting = providers.handshake(provider, request, [Secret("x")])
    assert greeting is None or greeting.body == b""
