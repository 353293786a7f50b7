"""What ops/nginx/bridge.conf passes on, seen by a stand-in for the bridge that writes down what it gets."""

import re
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from nginx_site import SITE, nginx
from programs import program

from bridge.settings import Settings

NAMED = {"Host": "hooks.example.com"}


class Upstream:
    """A server of HTTP/1.1 that answers 202: connections that came, and the requests on them."""

    def __init__(self):
        upstream = self
        self.connections, self.requests = 0, []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                upstream.connections += 1
                super().setup()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                upstream.requests.append((self.path, self.headers, body))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\n")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(
            target=self.server.serve_forever, args=(0.05,), daemon=True
        ).start()


@pytest.fixture
def upstream():
    found = Upstream()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def silent():
    """A port at which somebody takes in connections and never says anything, as a receiver that is frozen."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def post(site, path, **options):
    return requests.post(
        f"{site.url}{path}",
        headers=NAMED,
        verify=site.certificate,
        timeout=60,
        **options,
    )


def test_a_request_comes_as_it_was_sent(upstream, tmp_path):
    """Its path byte for byte, which signatures cover; its body, and the name that it was sent to."""
    with nginx(program("nginx"), tmp_path, [upstream.port] * 2) as site:
        path = "/hooks/shop/a%2Fb?x=%20&y=a+b"
        assert post(site, path, data=b"\x00 body\r\n").status_code == 202
    [(came, headers, body)] = upstream.requests
    assert (came, body, headers["Host"]) == (path, b"\x00 body\r\n", NAMED["Host"])


def test_only_whole_requests_that_fit_are_passed_on(upstream, tmp_path):
    """One that is too large is answered, and one that is half there is waited for, without the bridge."""
    half = b"POST /hooks/shop HTTP/1.1\r\nHost: hooks\r\nContent-Length: 9\r\n\r\n{"
    with nginx(program("nginx"), tmp_path, [upstream.port] * 2) as site:
        large = b" " * (Settings().max_body + 1)
        assert post(site, "/hooks/shop", data=large).status_code == 413
        context = ssl.create_default_context(cafile=site.certificate)
        plain = socket.create_connection(("127.0.0.1", site.port), timeout=60)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as slow:
            slow.sendall(half)
            assert post(site, "/hooks/shop", data=large[1:]).status_code == 202
    assert (upstream.connections, len(upstream.requests)) == (1, 1)


def test_connections_are_kept(upstream, tmp_path):
    """One connection to a receiver carries request after request."""
    with nginx(program("nginx"), tmp_path, [upstream.port] * 2) as site:
        for _ in range(20):
            assert post(site, "/hooks/shop").status_code == 202
    assert upstream.connections == 1


def test_the_other_one_is_asked_when_one_is_frozen(upstream, silent, tmp_path):
    """What a receiver does not answer in time goes to the other: it may have come twice then, which its id tells."""
    hurried = {"proxy_read_timeout 35s": "proxy_read_timeout 1s"}
    with nginx(program("nginx"), tmp_path, [silent, upstream.port], hurried) as site:
        for _ in range(4):
            assert post(site, "/hooks/shop").status_code == 202


def test_who_watches_and_who_certifies_are_let_in(upstream, tmp_path):
    """/healthz over TLS, and the files of certbot without, at each renewal too; nginx's own page is for nobody."""
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text("Welcome to nginx!")
    challenge = tmp_path / ".well-known" / "acme-challenge" / "token"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("proof")
    here = {"/var/www/html": str(tmp_path)}
    with nginx(program("nginx"), tmp_path, [upstream.port] * 2, here) as site:
        health = f"{site.url}/healthz"
        asked = requests.get(health, verify=site.certificate, timeout=60)
        assert (asked.status_code, asked.text) == (200, "ok\n")
        plain = f"http://127.0.0.1:{site.plain}/.well-known/acme-challenge/token"
        assert requests.get(plain, headers=NAMED, timeout=60).text == "proof"
        for url in (site.url, f"http://127.0.0.1:{site.plain}"):
            welcome = requests.get(f"{url}/", verify=site.certificate, timeout=60)
            assert welcome.status_code == 404


def test_times_are_those_of_the_bridge():
    """A slow sender has as long as it would have without nginx; a kept connection is dropped before the bridge does."""
    text = SITE.read_text("utf-8")
    own = {one: int(value) for one, value in re.findall(r"(\w+) (\d+)s;", text)}
    patience = Settings().read_timeout
    assert own["client_header_timeout"] == own["client_body_timeout"] == patience
    assert own["keepalive_timeout"] < patience
