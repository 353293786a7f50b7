"""docs/adding-a-vendor.md is run as it stands: its module is found, its transcripts keep the contract."""

import re
import sys
from pathlib import Path

import pytest

from bridge import vendors
from bridge.strict.yaml import compose, plain

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "adding-a-vendor.md"
BLOCK = re.compile(r"^```\w+\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def written(tmp_path, monkeypatch):
    """The document's files in a folder of their own, with bridge.vendors looking there too."""
    for name, text in BLOCK.findall(DOCUMENT.read_text("utf-8")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    found = str(tmp_path / "bridge" / "vendors")
    monkeypatch.setattr(vendors, "__path__", [*vendors.__path__, found])
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "vendors"))
    yield tmp_path
    sys.modules.pop("bridge.vendors.deskly", None)


def test_the_module_is_found(written):
    """A module with a VENDOR is a vendor; no existing file was touched."""
    assert "deskly" in vendors.names()
    assert vendors.operation("deskly.set_status").vendor == "deskly"
    path = written / "bridge" / "vendors" / "deskly.py"
    assert len(path.read_text("utf-8").splitlines()) < 60


def test_the_transcripts_keep_the_contract(written):
    """Every transcript of the document passes, and together they show what an operation must show."""
    from vendor_contract import check, missing_verdicts, transcripts

    found = transcripts(written / "tests" / "vendors" / "transcripts")
    for transcript in found:
        check(transcript)
    assert len(found) == 4
    assert missing_verdicts(found) == set()


def test_the_rule_names_what_exists(written):
    """The document's rule uses an operation, fields and an auth scheme that the module has."""
    text = (written / "mappings" / "deskly.yaml").read_text("utf-8")
    node, findings = compose(text, "deskly.yaml")
    [rule] = plain(node)["rules"]
    operation = vendors.operation(rule["target"])
    assert findings == []
    assert vendors.check_names(operation, rule["fields"]) == {}
    assert [scheme.name for scheme in vendors.get("deskly").auth] == list(rule["auth"])


def test_the_vendor_is_gone_afterwards():
    """The document's vendor is in no other test."""
    assert "deskly" not in vendors.names()
