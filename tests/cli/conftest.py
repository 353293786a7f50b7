"""A terminal for tests: commands run in this process, in a folder of the test, with stdout and stderr apart."""

from pathlib import Path

import pytest
from bench import Bench
from click.testing import CliRunner
from running import MAPPING

from bridge.cli import cli
from bridge.sandbox import DEFAULT_CREDENTIALS

ROOT = Path(__file__).parents[2]
RULES = """\
version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: SHOP_SECRET } } }
rules:
  - id: paid-sets-amount
    events: [paid]
    when: event.amount > 0
    skip_if_missing: [event.ticket]
    target: vambe.update_amount
    auth: { api_key: { env: SHOP_KEY } }
    fields:
      ticket_id: "{{ event.ticket | uuid }}"
      amount: "{{ event.amount }}"      # a comment → is no expression
      currency: "{{ event.currency | default('CLP') }}"
tests:
  - name: an amount is set
    given: paid.json
    expect:
      paid-sets-amount:
        body: { ticket_id: a1b2c3d4-e5f6-7890-abcd-ef1234567890, amount: 5, currency: CLP }
  - name: nothing is skipped
    given: paid.json
    patch: { event.ticket: null }
    expect: { paid-sets-amount: skipped }
"""
PAID = (
    '{"id": "evt_1", "type": "paid", "created": 1772366340, "amount": 5,'
    ' "ticket": "a1b2c3d4-e5f6-7890-abcd-ef1234567890"}'
)


@pytest.fixture
def terminal(tmp_path_factory):
    """Runs a command; its result has exit_code, stdout and stderr. A traceback fails the test."""
    cache = {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}

    def run(*arguments, env=None):
        runner = CliRunner(env={**cache, **(env or {})})
        result = runner.invoke(cli, [str(one) for one in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The current folder, with mappings/shop.yaml and a recorded payload beside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "shop.yaml").write_text(RULES)
    (tmp_path / "mappings" / "paid.json").write_text(PAID)
    return tmp_path


@pytest.fixture
def rewrite(house):
    """Replaces text of the mapping file, which must be there."""

    def change(old, new):
        path = house / "mappings" / "shop.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


@pytest.fixture
def samples(monkeypatch):
    """The repository as the current folder: its sample mappings and recordings."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def bench(sqlite, tmp_path, sandbox, monkeypatch):
    """A store, the settings that lead the commands to it, and a worker beside them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite:///{tmp_path}/bridge.db")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_x")
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    monkeypatch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "rules.yaml").write_text(MAPPING)
    return Bench(sqlite, sandbox)
