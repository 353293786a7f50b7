"""What the tests of a worker stand on: pretend vendors, the credentials they take, and a bench over a real store."""

import pytest
from vault import Vault
from working import Bench

from bridge.sandbox import DEFAULT_CREDENTIALS


@pytest.fixture
def sandbox(sandbox, monkeypatch):
    """As everywhere, and the secrets of MAPPING."""
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_x")
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    monkeypatch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
    return sandbox


@pytest.fixture
def bench(database, sandbox):
    return Bench(database, sandbox)


@pytest.fixture
def vault(monkeypatch):
    """An API that guards two boxes by ETags."""
    monkeypatch.setenv("SHOP_TOKEN", "s")
    monkeypatch.setenv("VAULT_TOKEN", "v")
    with Vault() as made:
        made.boxes = {
            "a": (1, {"total": 10, "open": True}),
            "b": (7, {"total": 1, "open": True}),
        }
        yield made
