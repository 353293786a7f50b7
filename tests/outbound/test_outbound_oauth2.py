"""Access tokens: fetched once, kept while they last, fetched anew when the vendor refuses one."""

import json
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from bridge.model import Call, NoReply, Reply
from bridge.outbound import Outbound, Target
from bridge.outbound.target import ClientCredentials
from bridge.outbound.tokens import EARLY, Tokens

CLIENT = ClientCredentials(
    token_url="https://id.test/oauth/token",
    client_id="a:b",
    client_secret="s3cret/+",
    scope="tickets write",
)


def reply(status=200, body=None):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status=status, headers={}, body=raw, elapsed=0.1)


def http(status, body=b""):
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Endpoint:
    """A token endpoint that gives t1, t2 … and keeps what it was asked."""

    def __init__(self, **answer):
        self.asked, self.answer = [], answer

    def __call__(self, *request):
        self.asked.append(request)
        answer = {"access_token": f"t{len(self.asked)}", **self.answer}
        return reply(body=json.dumps(answer, default=float).encode())


def test_request_of_a_token():
    """The client proves itself by Basic with form-encoded parts, and asks by form for its scope."""
    endpoint = Endpoint()
    assert Tokens().get(CLIENT, endpoint, 0.0) == "t1"
    [(call, base_url, headers)] = endpoint.asked
    assert (call.method, base_url + call.path) == ("POST", CLIENT.token_url)
    assert call.body == b"grant_type=client_credentials&scope=tickets+write"
    basic = b64encode(b"a%3Ab:s3cret%2F%2B").decode()
    assert headers == (("Authorization", f"Basic {basic}"),)


def form(client):
    [(call, _, headers)] = asked(client)
    return dict(parse_qsl(call.body.decode())), headers


def asked(client):
    endpoint = Endpoint()
    Tokens().get(client, endpoint, 0.0)
    return endpoint.asked


def test_credentials_in_the_body():
    """With client_auth: body both stand in the form, escaped, and no header proves anything."""
    sent, headers = form(replace(CLIENT, client_auth="body"))
    assert (sent["client_id"], sent["client_secret"]) == ("a:b", "s3cret/+")
    assert headers == ()


def test_client_without_a_secret():
    """With client_auth: none the client says who it is and proves nothing: a certificate does."""
    sent, headers = form(replace(CLIENT, client_auth="none", client_secret=""))
    assert sent["client_id"] == "a:b" and "client_secret" not in sent
    assert headers == ()


def test_audience_and_parameters_are_sent():
    """What an endpoint wants besides the standard stands in the form, and may say another grant."""
    more = (
        ("resource", "https://a.test/?x=1&y"),
        ("grant_type", "account_credentials"),
    )
    sent, _ = form(replace(CLIENT, audience="https://api.test", params=more))
    assert sent == {
        "grant_type": "account_credentials",
        "scope": "tickets write",
        "audience": "https://api.test",
        "resource": "https://a.test/?x=1&y",
    }


@pytest.mark.parametrize("status", [200, 201, 203])
def test_token_of_any_success(status):
    """Some endpoints answer 201, since they made a token."""
    answer = reply(status, {"access_token": "t"})
    assert Tokens().get(CLIENT, lambda *_: answer, 0.0) == "t"


def test_clients_that_ask_for_something_else_do_not_share_tokens():
    """Another audience or parameter is another token."""
    tokens, endpoint = Tokens(), Endpoint(expires_in=3600)
    others = (
        CLIENT,
        replace(CLIENT, audience="https://api.test"),
        replace(CLIENT, params=(("resource", "r"),)),
    )
    assert [tokens.get(one, endpoint, 0) for one in others] == ["t1", "t2", "t3"]


@pytest.mark.parametrize("lifetime", [3600, "3600", Decimal("3600.5"), "3600.0"])
def test_token_is_kept_until_a_minute_before_it_expires(lifetime):
    """A token serves until 60 s before its end, then another one is fetched."""
    endpoint, tokens = Endpoint(expires_in=lifetime), Tokens()
    given = [tokens.get(CLIENT, endpoint, now) for now in (0, 3600 - EARLY - 1)]
    assert given == ["t1", "t1"]
    assert tokens.get(CLIENT, endpoint, 3600 - EARLY) == "t2"


def test_clients_do_not_share_tokens():
    """Another client, secret or scope has a token of its own."""
    endpoint, tokens = Endpoint(expires_in=3600), Tokens()
    other = ClientCredentials(
        token_url=CLIENT.token_url, client_id="a:b", client_secret="other"
    )
    assert tokens.get(CLIENT, endpoint, 0) != tokens.get(other, endpoint, 0)


def test_many_that_want_a_token_at_once_ask_once():
    """Of a process one asks, and the others take what it was given."""
    begun, endpoint, tokens = threading.Event(), Endpoint(expires_in=3600), Tokens()

    def slow(*request):
        begun.set()
        time.sleep(0.2)
        return endpoint(*request)

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(tokens.get, CLIENT, slow, 0.0)
        begun.wait()
        others = [pool.submit(tokens.get, CLIENT, slow, 0.0) for _ in range(7)]
        assert {one.result() for one in (first, *others)} == {"t1"}


def test_who_cannot_wait_for_another_one_says_so():
    """An endpoint that hangs holds nobody longer than its own deadline."""
    done, tokens = threading.Event(), Tokens()

    def hang(*request):
        done.wait(60)
        return reply(503)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(tokens.get, CLIENT, hang, 0.0)
        while not tokens._asking[CLIENT].locked():
            time.sleep(0.01)
        answer = tokens.get(CLIENT, hang, 0.0, deadline=0.1)
        done.set()
    assert (answer.kind, answer.sent) == ("timeout", False)


def test_a_refused_token_gives_way_to_a_newer_one():
    """A refused token is asked for anew once; a late refusal of an old one does not throw away the new one."""
    endpoint, tokens = Endpoint(expires_in=3600), Tokens()
    old = tokens.get(CLIENT, endpoint, 0)
    new = tokens.get(CLIENT, endpoint, 0, refused=old)
    assert new != old
    assert tokens.get(CLIENT, endpoint, 0, refused=old) == new
    assert tokens.get(CLIENT, endpoint, 0) == new


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(400, {"error": "invalid_client"}), "credentials"),
        (reply(401, b"s3cret"), "credentials"),
        (reply(403, b""), "credentials"),
        (reply(500, {"error": "invalid_client"}), "refused"),
        (reply(503, b""), "refused"),
        (reply(429, {"error": "invalid_client"}), "refused"),
        (reply(400, {"error": "temporarily_unavailable"}), "refused"),
        (reply(200, {"error": "invalid_grant"}), "credentials"),
        (reply(404, b""), "credentials"),
        (reply(302, b""), "credentials"),
        (reply(200, b"<html>s3cret"), "refused"),
        (reply(200, []), "refused"),
        (reply(200, {"access_token": ""}), "refused"),
        (reply(200, {"access_token": 7}), "refused"),
        (reply(200, {"access_token": "a\r\nb"}), "refused"),
        (reply(200, {"access_token": "a" * 20_000}), "refused"),
        (reply(200, {"access_token": "a", "more": "x" * 70_000}), "refused"),
        (NoReply(kind="dropped", message="x.", sent=True, elapsed=1.0), "dropped"),
        (NoReply(kind="policy", message="x.", sent=False, elapsed=1.0), "policy"),
    ],
)
def test_no_token(answer, kind):
    """Without a token the vendor has seen nothing; a refused client is a matter of credentials; no body is quoted."""
    given = Tokens().get(CLIENT, lambda *_: answer, 0.0)
    assert isinstance(given, NoReply)
    assert (given.kind, given.sent) == (kind, False)
    assert "s3cret" not in given.message


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("invalid_client", "(invalid_client): check client_id and client_secret, and whether it needs client_auth"),
        ("invalid_scope", "check scope"),
        ("invalid_target", "check audience and params"),
        ("s3cret", "refused the client with 400: check client_id, client_secret and scope"),
        (["s3cret"], "refused the client with 400: check"),
    ],
)  # fmt: skip
def test_errors_in_plain_words(fault, words):
    """The standard's errors are named, with what to look at; any other text of the endpoint is not shown."""
    answer = reply(400, {"error": fault, "error_description": "s3cret is wrong"})
    given = Tokens().get(CLIENT, lambda *_: answer, 0.0)
    assert words in given.message and "s3cret" not in given.message


@pytest.mark.parametrize(
    "lifetime", [None, -5, 0, True, 1.5, "", "soon", "9" * 400, [], 10**400]
)
def test_odd_lifetimes(lifetime):
    """A lifetime that makes no sense is no reason to fail: the token itself is good."""
    endpoint = Endpoint(expires_in=lifetime)
    assert Tokens().get(CLIENT, endpoint, 0.0) == "t1"


@pytest.fixture
def client(serve):
    """Gives (target, token server, vendor server) for a vendor that refuses tokens other than `wanted`."""

    def start(wanted):
        count = iter(range(1, 99))

        def give(conn):
            token = {"access_token": f"t{next(count)}", "expires_in": 3600}
            conn.sendall(http(200, json.dumps(token).encode()))
            return True

        def check(conn):
            good = f"authorization: bearer {wanted}\r\n".encode()
            conn.sendall(http(200 if good in vendor.requests[-1].lower() else 401))
            return True

        tokens, vendor = serve(give), serve(check)
        credentials = ClientCredentials(
            token_url=f"http://127.0.0.1:{tokens.port}/token",
            client_id="id",
            client_secret="s3cret",
        )
        target = Target(
            vendor="http", base_url=vendor.target().base_url, oauth2=credentials
        )
        return target, tokens, vendor

    return start


def test_calls_share_a_token(client, outbound, call):
    """One token serves many calls."""
    target, tokens, vendor = client("t1")
    for _ in range(3):
        assert outbound.send(call, target).status == 200
    assert (len(tokens.requests), len(vendor.requests)) == (1, 3)


def test_refused_token_is_fetched_once_more(client, outbound, call):
    """A 401 means the token is spent: one new token is fetched and the call sent again."""
    target, tokens, vendor = client("t2")
    assert outbound.send(call, target).status == 200
    assert (len(tokens.requests), len(vendor.requests)) == (2, 2)


def test_second_refusal_is_the_answer(client, outbound, call):
    """A vendor that refuses the new token, too, has given its answer."""
    target, tokens, vendor = client("never")
    assert outbound.send(call, target).status == 401
    assert (len(tokens.requests), len(vendor.requests)) == (2, 2)


def test_token_endpoint_obeys_the_policy(strict, call):
    """The token endpoint is reached under the same policy as the vendor."""
    inner = ClientCredentials(
        token_url="https://127.1/token", client_id="id", client_secret="s"
    )
    target = Target(vendor="http", base_url="https://vendor.test", oauth2=inner)
    answer = strict.send(call, target)
    assert (answer.kind, answer.sent) == ("policy", False)


def test_sandbox_fetches_no_token(serve, client):
    """With a sandbox the real token endpoint is left alone."""
    target, tokens, _ = client("t1")
    server = serve()
    outbound = Outbound(sandbox_url=f"http://127.0.0.1:{server.port}")
    assert outbound.send(Call(method="GET", path="/"), target).status == 200
    outbound.close()
    assert tokens.connections == 0
    assert b"authorization: bearer sandbox" in server.requests[0].lower()
