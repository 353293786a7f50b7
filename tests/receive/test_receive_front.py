"""The front door's answers where the store or a secret is not there, and who is believed to have connected."""

import pytest
from fronts import GATE, parts, send, set_secrets
from running import SECRET

from bridge.app import admin_app, by_port, hooks_app
from bridge.errors import StoreUnavailable
from bridge.receive import front
from bridge.settings import Settings
from bridge.store import events, views


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A machine that stalls is none of the reasons for a 503 here."""
    monkeypatch.setattr(front, "WRITE_TIMEOUT", 60.0)


@pytest.fixture
def app(sqlite, tmp_path, monkeypatch):
    set_secrets(monkeypatch)
    return hooks_app(parts(sqlite, tmp_path, Settings()))


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


def test_low_disk_is_503_everywhere(sqlite, tmp_path, monkeypatch):
    """Under the low-water mark nothing is accepted, a load balancer is told so, and it is over when there is room."""
    set_secrets(monkeypatch)
    low = hooks_app(parts(sqlite, tmp_path, Settings(min_free=2**80)))
    answer = send(low)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"disk" not in answer.data
    told = low.test_client().get("/readyz")
    assert told.status_code == 503 and told.json == {"status": "unavailable"}
    told = admin_app(parts(sqlite, tmp_path, Settings(min_free=2**80)))
    assert "make room" in told.test_client().get("/readyz").json["reason"]
    with sqlite.read() as connection:
        assert views.count_unrouted(connection) == 0
    roomy = hooks_app(parts(sqlite, tmp_path, Settings()))
    assert send(roomy).status_code == 202
    assert roomy.test_client().get("/readyz").status_code == 200


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
    forged = {"HTTP_HOST": "x:8081", "HTTP_X_FORWARDED_PORT": "8081", "PATH_INFO": "/"}
    assert app({"SERVER_PORT": "8080", **forged}, None) == [b"hooks"]
    assert app({"SERVER_PORT": "8081", "PATH_INFO": "/"}, None) == [b"admin"]


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


def test_a_token_in_the_path_opens_and_is_stored_nowhere(sqlite, tmp_path, monkeypatch):
    """/hooks/<source>/<token> is taken with the right token alone, and what is kept of it is masked."""
    set_secrets(monkeypatch)
    (tmp_path / "gate.yaml").write_text(GATE)
    client = hooks_app(parts(sqlite, tmp_path, Settings())).test_client()
    right = f"/hooks/gate/{SECRET}?a=1"
    for path, status in (
        ("/hooks/gate", 401),
        ("/hooks/gate/", 404),
        ("/hooks/gate/wrong", 401),
        ("/hooks/nobody/wrong", 401),
        (f"/hooks/gate/{SECRET}/more", 404),
        (f"/hooks/stripe/{SECRET}", 401),
        (right, 202),
    ):
        assert client.post(path, json={"id": "e1"}).status_code == status, path
    with sqlite.read() as connection:
        (kept,) = events.named(connection, "e1")
    assert kept.request.target == "/hooks/gate/<secret>?a=1"


@pytest.mark.parametrize(
    ("event", "answers"),
    [
        ("", [202, 202]),
        ("  event: { id: each }", [202, 202]),
        ("  event: { id: hash }", [202, 200]),
    ],
)
def test_the_same_alarm_again_from_a_sender_without_ids(
    sqlite, tmp_path, monkeypatch, event, answers
):
    """It is another event, unless the source says that the same body is the same event."""
    set_secrets(monkeypatch)
    text = GATE.replace("  event: { id: body.id }", event)
    (tmp_path / "gate.yaml").write_text(text)
    client = hooks_app(parts(sqlite, tmp_path, Settings())).test_client()
    posted = [
        client.post(f"/hooks/gate/{SECRET}", json={"door": "open"}) for _ in answers
    ]
    assert [one.status_code for one in posted] == answers
    with sqlite.read() as connection:
        assert views.count_unrouted(connection) == answers.count(202)


CHECKED = GATE.replace(
    "name: gate\n  provider: generic", "name: gate\n  provider: meta"
).replace(
    "verify: { scheme: token, path: token, secret: { env: STRIPE_WEBHOOK_SECRET } }\n  event: { id: body.id }",
    "verify: { secret: { env: STRIPE_WEBHOOK_SECRET }, token: { env: VAMBE_API_KEY } }",
)


def test_a_check_of_the_url_is_answered_to_who_shows_its_token(
    sqlite, tmp_path, monkeypatch
):
    """The challenge goes back to who has the token; the secret that signs opens nothing here."""
    set_secrets(monkeypatch)
    (tmp_path / "gate.yaml").write_text(CHECKED)
    client = hooks_app(parts(sqlite, tmp_path, Settings())).test_client()
    asked = "/hooks/gate?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    answer = client.get(asked + "v")
    assert (answer.status_code, answer.data) == (200, b"1158201444")
    assert client.get(asked + SECRET).status_code == 401
