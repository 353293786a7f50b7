"""The front door's answers where the store or a secret is not there, and who is believed to have connected."""

import json

import pytest
from running import MAPPING, SECRET, sign, stripe_event

from bridge.app import Parts, by_port, hooks_app
from bridge.errors import StoreUnavailable
from bridge.services.rulesets import Rules
from bridge.settings import Settings

BODY = json.dumps(stripe_event("invoice.paid__clp.http", id="evt_front")).encode()


@pytest.fixture
def app(sqlite, tmp_path, monkeypatch):
    set_secrets(monkeypatch)
    return hooks_app(parts(sqlite, tmp_path, Settings()))


def set_secrets(monkeypatch):
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("VAMBE_API_KEY", "v")
    monkeypatch.setenv("KAPTURE_TOKEN", "k")


def parts(database, folder, settings):
    (folder / "rules.yaml").write_text(MAPPING)
    return Parts(settings=settings, database=database, rules=Rules(database, folder))


def send(app, body=BODY, **options):
    headers = {"Stripe-Signature": sign(body), **options.pop("headers", {})}
    return app.test_client().post(
        "/hooks/stripe",
        data=body,
        headers=headers,
        content_type="application/json",
        **options
    )


def test_accepted_then_duplicate(app):
    """The first copy is 202 accepted, the next 200 duplicate, both with the event's id."""
    first, second = send(app), send(app)
    assert (first.status_code, first.json["status"]) == (202, "accepted")
    assert (second.status_code, second.json["status"]) == (200, "duplicate")
    assert first.json["events"] == second.json["events"]


def test_store_that_cannot_write_is_503(app, sqlite, monkeypatch):
    """Without a commit there is no 2xx: the sender is told to come again, without details."""

    def refuse(job, timeout=None):
        raise StoreUnavailable("disk full at a path that is nobody's business")

    monkeypatch.setattr(sqlite, "write", refuse)
    answer = send(app)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert b"disk" not in answer.data


def test_missing_secret_is_503(app, monkeypatch):
    """A secret that vanished is our fault: the sender keeps its event and comes again."""
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET")
    answer = send(app)
    assert answer.status_code == 503
    assert b"STRIPE" not in answer.data


def test_admin_port_is_told_by_the_socket_not_by_a_header():
    """Only the local port chooses the application; Host and forwarded headers do not."""

    class Named:
        def __init__(self, name):
            self.wsgi_app = lambda environ, start: [name]

    settings = Settings(bind="0.0.0.0:8080", admin_bind="127.0.0.1:8081")
    app = by_port(settings, Named(b"hooks"), Named(b"admin"))
    forged = {"HTTP_HOST": "x:8081", "HTTP_X_FORWARDED_PORT": "8081"}
    assert app({"SERVER_PORT": "8080", **forged}, None) == [b"hooks"]
    assert app({"SERVER_PORT": "8081"}, None) == [b"admin"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote"),
    [
        ("", "9.9.9.9", "127.0.0.1"),
        ("127.0.0.0/8", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.0/8", "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        ("127.0.0.0/8,9.0.0.0/8", "6.6.6.6, 9.9.9.9", "6.6.6.6"),
        ("127.0.0.0/8", "", "127.0.0.1"),
    ],
)
def test_forwarded_address_counts_from_trusted_proxies_only(
    sqlite, tmp_path, monkeypatch, proxies, forwarded, remote
):
    """X-Forwarded-For is believed hop by hop, as far as the hops are trusted."""
    from bridge import settings as environment

    set_secrets(monkeypatch)
    monkeypatch.setenv("BRIDGE_TRUSTED_PROXIES", proxies)
    app = hooks_app(parts(sqlite, tmp_path, environment.load()))
    headers = {"Stripe-Signature": "t=1,v1=00"}
    if forwarded:
        headers["X-Forwarded-For"] = forwarded
    assert send(app, headers=headers).status_code == 401
    with sqlite.read() as connection:
        found = connection.exec_driver_sql("SELECT remote FROM rejections").scalar_one()
    assert found == remote
