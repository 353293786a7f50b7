"""What must not leave is refused before sending: odd URLs, paths that climb, headers that would be two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import CallRefused
from bridge.model import Call
from bridge.outbound import Target
from bridge.outbound.request import check_base, prepare
from bridge.secret import Secret
from bridge.strict.outgoing import RESERVED

BASE = "https://vendor.test"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://vendor.test", "vendor.test"),
        ("https://Vendor.test:8443/v1/", "Vendor.test"),
        ("http://[::1]:80", "[::1]"),
        ("https://a_b.xn--bcher-kva.test.", "a_b.xn--bcher-kva.test."),
    ],
)
def test_base_urls(url, host):
    """A base URL is a scheme, a host, perhaps a port and a path."""
    assert check_base(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "vendor.test",
        "//vendor.test",
        "ftp://vendor.test",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:s3cret@vendor.test",
        "https://user@vendor.test",
        "https://vendor.test:0",
        "https://vendor.test:99999",
        "https://vendor.test:x",
        "https://vendor.test:",
        "https://vendor.test?key=s3cret",
        "https://vendor.test?",
        "https://vendor.test#x",
        "https://ven dor.test",
        "https://vendor.test\r\nX: y",
        "https://vendor.test\\@evil.test",
        "https://１２７.0.0.1",
        "https://bücher.test",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://a%2eb.test",
    ],
)
def test_other_base_urls_are_refused(url):
    """Anything else is refused, without repeating it."""
    with pytest.raises(CallRefused) as refused:
        check_base(url)
    assert "s3cret" not in str(refused.value)


def test_credentials_in_a_base_url():
    """Whoever writes them there is told where they belong."""
    with pytest.raises(CallRefused, match="put them in auth"):
        check_base("https://user:s3cret@vendor.test")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tickets",
        "@evil.test/",
        "/a/../b",
        "/a/..",
        "/./a",
        "/a/%2e%2e/b",
        "/a/%2E./b",
        "/a/..%2fb",
        "/a/..%5cb",
        "/a\\..\\b",
        "/a b",
        "/a?b",
        "/a#b",
        "/a%0d%0ab",
        "/a%00",
        "/é",
        "/a\n",
    ],
)
def test_paths_that_are_not_plain_are_refused(path):
    """A path value can neither climb out of its place nor start a query, another host or another header."""
    with pytest.raises(CallRefused, match="path"):
        prepare(Call(method="GET", path=path), BASE, ())


@pytest.mark.parametrize(
    "path", ["/", "/a..b/...", "/a%2Fb", "/%252e%252e", "//a", "/%FF", "/a;b=c,d@e"]
)
def test_plain_paths_leave_unchanged(path):
    """A path is sent as it was built, percent-encoding and all."""
    assert prepare(Call(method="GET", path=path), BASE, ()).url == BASE + path


def test_base_path_may_not_climb_either():
    """The path of the base URL is held to the same rule."""
    with pytest.raises(CallRefused):
        prepare(Call(method="GET", path="/a"), f"{BASE}/v1/../admin", ())


@pytest.mark.parametrize("method", ["", "get", "GE T", "POST\r\n", "A" * 21])
def test_methods(method):
    """A method is a word in capitals."""
    with pytest.raises(CallRefused, match="method"):
        prepare(Call(method=method, path="/"), BASE, ())


@pytest.mark.parametrize("name", sorted(RESERVED) + ["Host", "CONTENT-LENGTH"])
def test_reserved_headers(name):
    """What frames or routes the message is set by the bridge alone."""
    with pytest.raises(CallRefused, match="only the bridge sets"):
        prepare(Call(method="GET", path="/", headers=((name, "x"),)), BASE, ())


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "é", "a\x00"])
def test_header_names(name):
    """A header's name is an HTTP token."""
    with pytest.raises(CallRefused, match="name"):
        prepare(Call(method="GET", path="/"), BASE, ((name, "x"),))


@pytest.mark.parametrize(
    "value", ["s3cret\r\nX: y", "s3cret\n", "\rs3cret", "s3cret\x00", "\x7f", "s3cret€"]
)
def test_header_values(serve, outbound, value):
    """A value with a control character or outside Latin-1 ends the call unsent; the value is not shown."""
    server = serve()
    target = Target(
        vendor="http",
        base_url=server.target().base_url,
        headers=(("X-Key", Secret(value)),),
    )
    answer = outbound.send(Call(method="GET", path="/"), target)
    assert (answer.kind, answer.sent) == ("policy", False)
    assert "X-Key" in answer.message and "s3cret" not in answer.message
    assert server.connections == 0


def test_latin_1_values_are_sent(serve, outbound):
    """A value in Latin-1 reaches the vendor byte for byte."""
    server = serve()
    call = Call(method="GET", path="/", headers=(("X-Name", "caf\xe9"),))
    outbound.send(call, server.target())
    assert b"X-Name: caf\xe9\r\n" in server.requests[0]


def test_query_without_utf_8_form():
    """A lone surrogate in the query is refused, not a crash."""
    call = Call(method="GET", path="/", query=(("q", "\ud800"),))
    with pytest.raises(CallRefused, match="query"):
        prepare(call, BASE, ())


@given(
    st.builds(
        Call,
        method=st.sampled_from(["GET", "POST"]),
        path=st.text(max_size=20).map(lambda text: f"/{text}"),
        query=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
        headers=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
        body=st.none() | st.binary(),
    )
)
def test_any_call_is_prepared_or_refused(call):
    """Whatever a payload put into a call, it is refused or leaves for the vendor in one line per header."""
    try:
        request = prepare(call, BASE, ())
    except CallRefused:
        return
    assert request.url.startswith(f"{BASE}/")
    assert request.url.isascii() and request.url.isprintable()
    assert not any(
        char in text for text in request.headers.values() for char in "\r\n\x00"
    )
