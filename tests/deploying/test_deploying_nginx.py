"""ops/nginx/bridge.conf in Debian's nginx, before real receivers: what it lets through, and restarts behind it."""

import json
import socket
import ssl
import time
from contextlib import closing

import pytest
import requests
from history import judge
from nginx_site import nginx
from programs import program
from running import eventually, free_port, sign
from traffic import Traffic, event_body, history, lane, settled, stored

TRUSTED = {"BRIDGE_TRUSTED_PROXIES": "127.0.0.1/32"}  # as in ops/systemd/bridge.env
# Beside the source of the traffic: one that only one address may use, and one whose path is its secret.
SOURCES = """
version: 1
source:
  name: {name}
  provider: generic
  verify: {{ scheme: token, {where}, secret: {{ env: OTHER_TOKEN }} }}
  event: {{ id: body.id, type: body.type }}
{allow}
"""
TOKEN = "token-of-a-path-0815"


@pytest.fixture
def ports():
    return [free_port(), free_port()]


@pytest.fixture
def running(on_sqlite):
    """Two receivers' folder and settings; nothing runs yet."""
    folder = on_sqlite.bridge.folder / "mappings"
    allowed = '  allow: { networks: ["127.0.0.7/32"] }'
    for name, where, allow in (
        ("near", "header: X-Token", allowed),
        ("path", "path: token", ""),
    ):
        text = SOURCES.format(name=name, where=where, allow=allow)
        (folder / f"{name}.yaml").write_text(text)
    on_sqlite.bridge.environ |= {**TRUSTED, "OTHER_TOKEN": TOKEN}
    return on_sqlite


@pytest.fixture
def site(running, ports, tmp_path, monkeypatch):
    """nginx, before anything that it could ask runs."""
    folder = tmp_path / "nginx"
    folder.mkdir()
    with nginx(program("nginx"), folder, ports) as found:
        # What Traffic's connections trust.
        monkeypatch.setenv("SSL_CERT_FILE", str(found.certificate))
        yield found


def post(site, path, body, source="127.0.0.1", **headers):
    """One request to the site, from an address of this machine; its status."""
    context = ssl.create_default_context(cafile=site.certificate)
    plain = socket.create_connection(
        ("127.0.0.1", site.port), timeout=60, source_address=(source, 0)
    )
    with closing(context.wrap_socket(plain, server_hostname="hooks.example.com")) as up:
        head = [f"POST {path} HTTP/1.1", "Host: hooks.example.com", "Connection: close"]
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        head += [
            f"{name.replace('_', '-')}: {value}" for name, value in headers.items()
        ]
        up.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        return int(up.makefile("rb").readline().split()[1])


@pytest.mark.slow
def test_restarts_under_load_are_not_noticed(running, ports, site, sandbox):
    """R-38: receivers restarted one after the other, twice: every answer 2xx, over connections that senders keep.

    Fails without `max_fails=0` or `non_idempotent`: nginx asks nobody then, or passes a closed connection on.
    """
    receivers = {port: running.receivers(port=port, **TRUSTED) for port in ports}
    running.worker()
    traffic = Traffic(site.url, senders=4)
    with traffic:
        for port in [*ports, *ports]:
            before = traffic.acknowledged()
            assert eventually(lambda: traffic.acknowledged() > before + 15), site.logs()
            assert receivers[port].stop() == 0
            receivers[port] = running.receivers(port=port, **TRUSTED)
    assert {item.status for item in traffic.sent} <= {200, 202}
    assert settled(running.bridge), running.tail()
    assert judge(history(traffic, sandbox, running.bridge)) == []
    assert {item.event for item in traffic.sent} == set(stored(running.bridge))


@pytest.mark.slow
def test_what_comes_through(running, ports, site):
    """TLS, who called, the limit of a body, slow senders, paths that are nobody's, and no token in a log."""
    for port in ports:
        running.receivers(port=port)
    body = json.dumps({"id": "one", "type": "made"}).encode()
    # The address of who connected counts, and not the one that he writes.
    assert post(site, "/hooks/near", body, "127.0.0.7", X_Token=TOKEN) == 202
    forged = {"X_Token": TOKEN, "X_Forwarded_For": "127.0.0.7"}
    assert post(site, "/hooks/near", body, **forged) == 401
    # A body of the limit passes, a byte more does not.
    event = event_body("evt_large", lane(1))
    large = event[:-1] + b" " * (1024 * 1024 - len(event)) + b"}"
    assert post(site, "/hooks/stripe", large, Stripe_Signature=sign(large)) == 202
    assert post(site, "/hooks/stripe", large + b" ", Stripe_Signature="t=1") == 413
    # Only hooks and the health of the whole are there, and nothing without TLS.
    assert post(site, f"/hooks/path/{TOKEN}", body) == 202
    assert post(site, "/metrics", b"") == post(site, "/readyz", b"") == 404
    plain = requests.post(f"http://127.0.0.1:{site.plain}/hooks/near", timeout=60)
    assert plain.status_code == 404
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(site.url, timeout=60)  # a stranger's certificate is not trusted
    assert is_not_held_up(site)
    running.kill()  # what nginx says when nobody answers
    assert post(site, f"/hooks/path/{TOKEN}", body) == 502
    assert TOKEN not in site.logs()


def is_not_held_up(site):
    """Whether an event is taken while a hundred senders have written half a request each."""
    slow = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(100)]
    context = ssl.create_default_context(cafile=site.certificate)
    half = (
        b"POST /hooks/stripe HTTP/1.1\r\nHost: hooks\r\nContent-Length: 1000\r\n\r\n{"
    )
    try:
        slow = [context.wrap_socket(one, server_hostname="127.0.0.1") for one in slow]
        for one in slow:
            one.sendall(half)
        event = event_body("evt_meanwhile", lane(2), created=int(time.time()))
        return post(site, "/hooks/stripe", event, Stripe_Signature=sign(event)) == 202
    finally:
        for one in slow:
            one.close()
