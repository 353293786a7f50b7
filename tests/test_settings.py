"""Settings are read whole or refused whole."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from bridge import settings
from bridge.errors import SettingsError


def test_defaults_need_no_environment():
    """An empty environment gives the documented defaults."""
    assert settings.load() == settings.Settings()


def test_values_are_typed(monkeypatch):
    """Networks, paths and numbers are values, not text."""
    monkeypatch.setenv("BRIDGE_ALLOWED_NETWORKS", "127.0.0.0/8, ::1/128")
    monkeypatch.setenv("BRIDGE_MAX_BODY", "2048")
    monkeypatch.setenv("BRIDGE_MAPPINGS", "/etc/bridge")
    read = settings.load()
    assert read.allowed_networks == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert (read.max_body, read.mappings) == (2048, Path("/etc/bridge"))


def test_every_mistake_is_named_at_once(monkeypatch):
    """One start shows all that must be put right, each with its variable."""
    wrong = {
        "BRIDGE_BIND": "8080",
        "BRIDGE_MAX_BODY": "many",
        "BRIDGE_PUBLIC_URL": "bridge.example.com",
        "BRIDGE_TRUSTED_PROXIES": "10.0.0.1/8",
        "BRIDGE_CA_BUNDLE": "/nowhere.pem",
        "BRIDGE_MAPINGS": "x",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        settings.load()
    assert [name for name in wrong if name not in str(error.value)] == []
    assert "did you mean BRIDGE_MAPPINGS?" in str(error.value)


def test_secret_may_come_from_a_file(monkeypatch, tmp_path):
    """A variable with _FILE is the text of that file, without its last newline."""
    (tmp_path / "key").write_text("s3cret\n")
    monkeypatch.setenv("BRIDGE_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert settings.load().secret_key == "s3cret"


def test_unreadable_file_is_an_error(monkeypatch):
    """A _FILE that does not exist is refused, not ignored."""
    monkeypatch.setenv("BRIDGE_SECRET_KEY_FILE", "/nowhere")
    with pytest.raises(SettingsError, match="BRIDGE_SECRET_KEY_FILE"):
        settings.load()


def test_own_secrets_may_start_with_bridge(monkeypatch):
    """A name that resembles no setting may be an operator's own secret."""
    monkeypatch.setenv("BRIDGE_STRIPE_WEBHOOK_SECRET", "whsec_x")
    assert settings.load() == settings.Settings()


def test_settings_never_print_what_may_be_secret(monkeypatch):
    """Neither the database URL nor the secret key is part of the representation."""
    shown = repr(
        settings.Settings(secret_key="s3cret", database_url="postgresql://u:pw@h/d")
    )
    assert "s3cret" not in shown and "pw" not in shown


def test_every_setting_is_documented():
    """docs/settings.md has a row for each setting."""
    text = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()
    names = [f"`BRIDGE_{name.upper()}`" for name in vars(settings.Settings())]
    assert [name for name in names if name not in text] == []


def test_ages_are_written_in_days(monkeypatch):
    """30d is thirty days; another unit, or none, is refused: nobody should lose a ledger to a typo."""
    monkeypatch.setenv("BRIDGE_KEEP_PAYLOADS", "7d")
    assert settings.load().keep_payloads == timedelta(days=7)
    for wrong in ("7", "0d", "-1d", "7h", "7 days", "٧d"):
        monkeypatch.setenv("BRIDGE_KEEP_PAYLOADS", wrong)
        with pytest.raises(SettingsError, match="such as 30d"):
            settings.load()


def test_duplicates_are_told_for_30_days_at_least(monkeypatch):
    """Events are the dedupe keys: they are kept longer than senders try again, and payloads not longer than they."""
    monkeypatch.setenv("BRIDGE_KEEP_EVENTS", "29d")
    with pytest.raises(SettingsError, match="at least 30d"):
        settings.load()
    monkeypatch.setenv("BRIDGE_KEEP_EVENTS", "30d")
    assert settings.load().keep_events == timedelta(days=30)
    monkeypatch.setenv("BRIDGE_KEEP_PAYLOADS", "31d")
    with pytest.raises(SettingsError, match="must not be more than BRIDGE_KEEP_EVENTS"):
        settings.load()
