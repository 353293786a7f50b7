"""What `check` accepts as method, path, header and address the sender can send, over a real socket."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from outbound_server import LOOPBACK, RawServer

from bridge import vendors
from bridge.errors import ConfigurationError
from bridge.model import Connection, Reply, SecretRef
from bridge.outbound import Outbound, resolve_target
from bridge.strict.outgoing import METHODS, RESERVED

REQUEST = vendors.operation("http.request")
PLAIN = {"method": "POST", "path": "/x"}
FORBIDDEN = sorted(RESERVED) + ["Accept-Encoding", "HTTP2-Settings", "proxy-features"]


@pytest.fixture(scope="module")
def vendor():
    server = RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client():
    outbound = Outbound(allowed_networks=LOOPBACK)
    yield outbound
    outbound.close()


@pytest.fixture(scope="module")
def goes(vendor, client):
    """goes(fields): the head that arrived for fields that check accepts; None for those it refuses."""

    def send(fields):
        if vendors.check_fields(REQUEST, fields):
            return None
        answer = client.send(REQUEST.build(fields, {}), vendor.target())
        assert isinstance(answer, Reply) and answer.status == 200, answer
        return vendor.requests[-1].partition(b"\r\n\r\n")[0]

    return send


def quietly(**more):
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much]
    return settings(deadline=None, suppress_health_check=checks, **more)


LATIN = st.characters(max_codepoint=0x17F)
NAMES = st.sampled_from(FORBIDDEN) | st.text(LATIN, min_size=1, max_size=12)
VALUES = st.text(LATIN, min_size=1, max_size=12)
TOKENS = st.from_regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True)


@given(name=NAMES | TOKENS, value=VALUES)
@example(name="User-Agent", value="mine")
@example(name="Accept", value="*/*")
@example(name="Range", value="bytes=0-1")
@example(name="Content-Type", value="text/html")
@example(name="If-None-Match", value='"x"')
@example(name="X-A", value="a\tb")
@quietly(max_examples=150)
def test_an_accepted_header_arrives_as_it_was_written(goes, name, value):
    """One line, byte for byte, and nothing else of the request changes because of it."""
    head = goes({**PLAIN, "headers": {name: value}})
    if head is None:
        return
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /x HTTP/1.1"
    line = f"{name}: {value}".encode("latin-1")
    assert [one for one in lines if one.lower() == line.lower()] == [line]
    named = [one.partition(b":")[0].lower() for one in lines[1:]]
    assert len(named) == len(set(named))


@given(path=st.text(st.characters(max_codepoint=0x3FF), max_size=12).map("/".__add__))
@example(path="/a//b")
@example(path="/%25252e")
@example(path="/a%2Fb;c=d,e@f:g")
@example(path="/'\"<>[]{}|^`")
@quietly(max_examples=150)
def test_an_accepted_path_is_the_request_line(goes, path):
    """It arrives below the address in one line of plain ASCII."""
    head = goes({**PLAIN, "path": path})
    if head is not None:
        method, target, version = head.split(b"\r\n")[0].split(b" ")
        assert (method, version) == (b"POST", b"HTTP/1.1")
        assert target.startswith(b"/") and target.isascii()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_goes(goes, method):
    """With a body and without."""
    for fields in ({}, {"body": {"a": 1}}):
        head = goes({"method": method, "path": "/x", **fields})
        assert head.startswith(f"{method} /x HTTP/1.1".encode())


@given(query=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2))
@quietly(max_examples=60)
def test_an_accepted_query_goes(goes, query):
    """Any text that has a UTF-8 form, as a name and as a value."""
    goes({**PLAIN, "query": query})


def test_half_a_character_is_refused_as_a_name_too():
    """A lone surrogate has no form on the wire."""
    fields = {**PLAIN, "query": {"\ud800": "x"}}
    assert list(vendors.check_fields(REQUEST, fields)) == ["query.\ud800"]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_frames_a_message_is_refused_before_it_runs(name):
    """By check, in the fields, in a connection's headers and as the header of auth: not one becomes a dead letter."""
    assert vendors.check_fields(REQUEST, {**PLAIN, "headers": {name: "x"}})
    http = vendors.get("http")
    assert vendors.check_options(http, {"headers": {name: "x"}})
    auth = {"header": {"name": name, "value": SecretRef(kind="env", name="K")}}
    assert list(vendors.check_auth(http, auth)) == ["header.name"]


def test_one_header_in_two_spellings_is_refused():
    """HTTP knows one of them, and which one would be chance."""
    fields = {**PLAIN, "headers": {"X-Team": "a", "x-team": "b"}}
    problems = vendors.check_fields(REQUEST, fields)
    assert problems == {"headers.x-team": "is the same header as X-Team: drop one"}


@pytest.mark.parametrize(
    "url",
    [
        "https://a.test:0",
        "https://a.test:99999",
        "https://a.test/v1/../x",
        "https://[:::]",
        f"https://{'a' * 254}",
    ],
)
def test_an_address_that_cannot_be_called_is_refused_before_it_runs(url):
    """The base URL of a connection, and where its tokens come from."""
    http = vendors.get("http")
    assert list(vendors.check_options(http, {"base_url": url})) == ["base_url"]
    auth = {"token_url": url, "client_id": "i", "client_secret": "s"}
    assert list(vendors.check_auth(http, {"oauth2": auth})) == ["oauth2.token_url"]


@pytest.mark.parametrize(
    "auth, path",
    [
        ({"basic": {"username": "a:b", "password": "p"}}, "basic.username"),
        ({"header": {"name": "Idempotency-Key", "value": "v"}}, "header.name"),
        ({"header": {"name": "a b", "value": "v"}}, "header.name"),
        (
            {
                "oauth2": {
                    "token_url": "https://a.test/t?x=1",
                    "client_id": "i",
                    "client_secret": "s",
                }
            },
            "oauth2.token_url",
        ),
    ],
)
def test_a_part_of_auth_that_is_no_secret_is_checked(auth, path):
    """What stands in the file is known before anything is sent."""
    assert list(vendors.check_auth(vendors.get("http"), auth)) == [path]


@pytest.mark.parametrize("value", ["s3\ncret", " s3cret", "s3cret\t", "€", "a\udcff"])
def test_a_reference_that_cannot_be_sent_burns_nothing(value):
    """What the environment holds is known when it is sent: that parks the connection, and makes no dead letter."""
    options = {
        "base_url": "https://a.test",
        "headers": {"X-Key": SecretRef(kind="env", name="K")},
    }
    given = Connection(name="c", vendor="http", options=options, auth={})
    with pytest.raises(ConfigurationError) as refused:
        resolve_target(given, {"K": value})
    assert "X-Key" in str(refused.value) and value.strip() not in str(refused.value)
