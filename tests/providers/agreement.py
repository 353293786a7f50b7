"""Writes docs/senders/agreement.yaml: which packages agreed with the bridge, in which version, first seen when.

    python tests/providers/agreement.py      once test_providers_sdks.py has passed; `make test-sdk` does both

A package that is not installed here keeps what was written of it, and a version keeps its day.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from judges import JUDGES

from bridge.strict import yaml

PAGE = Path(__file__).parents[2] / "docs" / "senders" / "agreement.yaml"
HEAD = """\
# Which package agreed with the bridge about which senders, in which version, since when: written by `make test-sdk`.
# Each believes what the bridge signs. `signs`: it can sign, too, and the bridge believes that.
"""


def written(path: Path = PAGE) -> dict:
    """What was found so far, by package."""
    if not path.exists():
        return {}
    node, findings = yaml.compose(path.read_text("utf-8"), path.name)
    assert not findings, findings
    return yaml.plain(node)


def page(known: dict, today: str) -> str:
    """The whole file, with what is installed here."""
    rows = [_row(judge, known.get(judge.package, {}), today) for judge in JUDGES]
    return HEAD + "".join(rows)


def _row(judge, known: dict, today: str) -> str:
    found = version(judge.package) if judge.installed else known.get("version")
    if found is None:
        return ""
    since = known["since"] if found == known.get("version") else today
    signs = "true" if judge.signs else "false"
    providers = f"[{', '.join(judge.providers)}]"
    return f'{judge.package}: {{version: "{found}", since: "{since}", signs: {signs}, providers: {providers}}}\n'


if __name__ == "__main__":
    PAGE.write_text(page(written(), f"{datetime.now(UTC):%Y-%m-%d}"), "utf-8")
