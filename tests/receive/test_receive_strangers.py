"""What strangers learn and take: no more than anybody else, whether there is such a source or not."""

import json

import pytest
from fronts import BODY, GATE, parts, set_secrets
from running import SECRET, sign

from bridge import providers
from bridge.app import admin_app, hooks_app
from bridge.errors import Busy
from bridge.receive import admission, front
from bridge.services import health
from bridge.settings import Settings
from bridge.store import views


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A machine that stalls is none of the reasons for a 503 here."""
    monkeypatch.setattr(front, "WRITE_TIMEOUT", 60.0)


def test_requests_in_flight_are_bounded_by_source(sqlite, tmp_path, monkeypatch):
    """T-46: a source whose requests all wait for the store has the next one sent again; another source's is taken."""
    set_secrets(monkeypatch)
    (tmp_path / "gate.yaml").write_text(GATE)
    monkeypatch.setattr(admission, "PLACES_EACH", 1)
    client = hooks_app(parts(sqlite, tmp_path, Settings())).test_client()
    write, seen = sqlite.write, []

    def meanwhile(job, timeout=None):
        monkeypatch.setattr(sqlite, "write", write)
        for path, event in (("/hooks/gate", "e2"), ("/hooks/stripe", "e3")):
            headers = {"Stripe-Signature": sign(BODY)} if "stripe" in path else {}
            target = f"{path}/{SECRET}" if "gate" in path else path
            body = BODY if "stripe" in path else json.dumps({"id": event}).encode()
            seen.append(
                client.post(
                    target, data=body, headers=headers, content_type="application/json"
                )
            )
        return write(job, timeout)

    monkeypatch.setattr(sqlite, "write", meanwhile)
    first = client.post(f"/hooks/gate/{SECRET}", json={"id": "e1"})
    assert [first.status_code, *(one.status_code for one in seen)] == [202, 503, 202]
    assert int(seen[0].headers["Retry-After"]) > 0
    again = client.post(f"/hooks/gate/{SECRET}", json={"id": "e2"})
    assert again.status_code == 202


def test_requests_in_flight_are_bounded_in_all(monkeypatch):
    """T-46: nor may all sources together have more of them, and who left has left its place."""
    monkeypatch.setattr(admission, "PLACES", 3)
    places = admission.Places()
    with places.of("a"), places.of("b"):
        with pytest.raises(ValueError), places.of("a"):
            raise ValueError
        with places.of("c"), pytest.raises(Busy), places.of("d"):
            pass
        with places.of("d"):
            pass


def counted(monkeypatch, name):
    """The providers that this function of theirs was asked about, as they come."""
    asked, real = [], getattr(providers, name)

    def ask(provider, *arguments, **options):
        asked.append(provider.name)
        return real(provider, *arguments, **options)

    monkeypatch.setattr(providers, name, ask)
    return asked


NARROW = GATE.replace(
    "name: gate", "name: narrow\n  allow: { networks: [198.51.100.0/24] }"
)


@pytest.mark.parametrize(
    "path", ["stripe", "narrow", "narrow/wrong", "nobody", "nobody/wrong", "\u0119"]
)
@pytest.mark.parametrize("body", [b"{}", b"", b"x" * 100_000])
def test_a_stranger_s_request_costs_the_same_everywhere(
    sqlite, tmp_path, monkeypatch, path, body
):
    """T-45: an unknown source, an outsider and a wrong signature cost as many proofs and get one answer."""
    set_secrets(monkeypatch)
    (tmp_path / "narrow.yaml").write_text(NARROW)
    client = hooks_app(parts(sqlite, tmp_path, Settings())).test_client()
    checked, greeted = counted(monkeypatch, "verify"), counted(monkeypatch, "handshake")
    headers = {"Stripe-Signature": "t=1,v1=00"}
    answer = client.post(f"/hooks/{path}", data=body, headers=headers)
    assert (answer.status_code, answer.data) == (
        401,
        b'{"status":"refused","error":"not verified"}',
    )
    assert (len(checked), len(greeted)) == (1, 1)


def test_what_a_source_s_own_proof_opens_opens_no_other_name(
    sqlite, tmp_path, monkeypatch
):
    """The work that is done for an unknown name may find a right signature: still there is no such source."""
    set_secrets(monkeypatch)
    client = hooks_app(parts(sqlite, tmp_path, Settings())).test_client()
    headers = {"Stripe-Signature": sign(BODY)}
    for name in ("nobody", "stripe2", "STRIPE"):
        answer = client.post(f"/hooks/{name}", data=BODY, headers=headers)
        assert answer.status_code == 401
    with sqlite.read() as connection:
        assert views.count_unrouted(connection) == 0
        query = "SELECT DISTINCT source, reason FROM rejections"
        kept = [tuple(row) for row in connection.exec_driver_sql(query)]
    assert kept == [("(unknown)", "unknown_source")]


def test_a_source_that_lost_its_secret_takes_none_with_it(
    sqlite, tmp_path, monkeypatch
):
    """A name that is none is refused as ever where the work done for it meets a missing secret."""
    set_secrets(monkeypatch)
    client = hooks_app(parts(sqlite, tmp_path, Settings())).test_client()
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET")
    assert client.post("/hooks/nobody", data=b"{}").status_code == 401
    assert client.post("/hooks/stripe", data=b"{}").status_code == 503


def test_the_public_health_check_asks_the_store_once_a_second(
    sqlite, tmp_path, monkeypatch
):
    """However often the world asks, the store is asked once; people on the admin bind see it as it is."""
    looks, real = [], health.ready
    monkeypatch.setattr(health, "ready", lambda *given: looks.append(1) or real(*given))
    monkeypatch.setattr(health, "FRESH", 3600.0)
    set_secrets(monkeypatch)
    found = parts(sqlite, tmp_path, Settings())
    public, admin = hooks_app(found).test_client(), admin_app(found).test_client()
    for _ in range(5):
        assert public.get("/readyz").json == {"status": "ok"}
    assert len(looks) == 1
    assert (
        admin.get("/readyz").json["unrouted"]
        == admin.get("/readyz").json["unrouted"]
        == 0
    )
    assert len(looks) == 3
