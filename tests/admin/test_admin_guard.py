"""The admin bind's guard: which hosts and origins may ask, and what every answer carries."""

import faces
import pytest

from bridge.admin import guard

ASKED = ("/healthz", "/readyz", "/metrics", "/console/sign-in", "/api/v1/events")


@pytest.fixture
def asked(sqlite, tmp_path):
    """Asks the admin bind, with headers."""

    def ask(path="/healthz", method="GET", settings=None, **headers):
        client = faces.admin(faces.parts(sqlite, tmp_path, **(settings or {})))
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        return client.open(path, method=method, headers=names)

    return ask


@pytest.mark.parametrize("path", ASKED)
def test_a_rebound_name_is_refused(asked, path):
    """T-92: a page that points its own name at the bridge reads nothing, whatever it asks for."""
    answer = asked(path, Host="evil.example")
    assert answer.status_code == 421 and b"BRIDGE_ADMIN_URL" in answer.data


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8081", "10.1.2.3", "[::1]:8081", "[fd00::1]", "localhost", "bridge:80"],
)
def test_addresses_and_names_without_a_dot_may_ask(asked, host):
    """Prometheus and load balancers ask by address; no stranger can register a name without a dot."""
    assert asked(Host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example:8081",
        "a@127.0.0.1",
        "127.0.0.1:x",
        "127.0.0.1/x",
        "[::1",
        "127.0.0.1.nip.io",
    ],
)
def test_other_hosts_are_refused(asked, host):
    """What is not quite an address is none."""
    assert asked(Host=host).status_code == 421


def test_the_names_of_the_settings_may_ask(asked):
    """The host of BRIDGE_ADMIN_URL and of BRIDGE_ADMIN_BIND are the bridge's own."""
    settings = {
        "admin_url": "https://console.example.com",
        "admin_bind": "bridge.internal.example:8081",
    }
    for host in ("Console.example.com", "bridge.internal.example:8081"):
        assert asked(settings=settings, Host=host).status_code == 200
    assert asked(settings=settings, Host="example.com").status_code == 421


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        (
            {
                "Sec_Fetch_Site": "cross-site",
                "Sec_Fetch_Mode": "navigate",
                "Sec_Fetch_Dest": "document",
            },
            403,
        ),
        ({"Origin": "http://127.0.0.1:8081", "Sec_Fetch_Site": "same-origin"}, 400),
        ({"Origin": "https://127.0.0.1:8081"}, 400),
        ({}, 400),
    ],
)
def test_cross_origin_posts_are_refused(asked, headers, expected):
    """T-77: a form of another page never reaches the console; its own, and programs, meet the token for forms (400)."""
    answer = asked("/console/sign-in", "POST", **headers)
    assert answer.status_code == expected


def test_the_origin_behind_a_proxy_is_the_settings(asked):
    """A proxy that passes another Host on: BRIDGE_ADMIN_URL says what browsers have in `Origin`."""
    settings = {"admin_url": "https://console.example.com"}
    for origin, expected in (
        ("https://console.example.com", 400),
        ("https://console.example.com:8443", 403),
    ):
        answer = asked("/console/sign-in", "POST", settings, Origin=origin)
        assert answer.status_code == expected


@pytest.mark.parametrize(
    "mode, dest, expected",
    [
        ("navigate", "document", 200),
        ("navigate", "iframe", 403),
        ("no-cors", "image", 403),
        ("cors", "empty", 403),
    ],
)
def test_another_site_may_only_link(asked, mode, dest, expected):
    """A link from a chat is followed; no image, frame or script of another site reads a page."""
    headers = {"Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": dest}
    answer = asked("/console/sign-in", Sec_Fetch_Site="cross-site", **headers)
    assert answer.status_code == expected


@pytest.mark.parametrize("path", [*ASKED, "/nothing"])
def test_every_answer_is_marked(asked, path):
    """A strict policy, no framing, no caching and a request id are on every answer, a refusal's too."""
    for host in ("127.0.0.1", "evil.example"):
        headers = asked(path, Host=host).headers
        for name, value in guard.HEADERS:
            assert headers.getlist(name) == [value]
        assert headers["Cache-Control"] == "no-store"
        assert len(headers["X-Request-Id"]) == 16


def test_policy_lets_in_nothing_from_elsewhere():
    """The policy names no host, and allows neither inline scripts nor eval."""
    assert guard.POLICY.startswith("default-src 'none'; ")
    allowed = {word for part in guard.POLICY.split("; ") for word in part.split()[1:]}
    assert allowed == {"'none'", "'self'"}
