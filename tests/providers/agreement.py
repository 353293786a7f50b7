"""Writes docs/senders/agreement.yaml, which packages agreed with the bridge, in which version, first seen when; and
corpora.yaml beside it, which payloads of others went through a bridge.

    python tests/providers/agreement.py      once the tests of both have passed; `make test-sdk` does all

A package that is not installed here keeps what was written of it, and a version keeps its day.
"""

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from corpora import CORPORA
from judges import JUDGES

from bridge.strict import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "senders"
PAGE, PAYLOADS = FOLDER / "agreement.yaml", FOLDER / "corpora.yaml"
HEAD = """\
# Which package agreed with the bridge about which senders, in which version, since when: written by `make test-sdk`.
# Each believes what the bridge signs. `signs`: it can sign, too, and the bridge believes that.
"""
PAYLOADS_HEAD = """\
# Which packages' payloads went through a real receiver, how many, of how many types, in which version, since when:
# written by `make test-sdk`. All were taken, each under its right type and id, and known when they came again.
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


def payloads(known: dict, today: str) -> str:
    """The whole file of what payloads went through, with what is installed here."""
    rows = [_corpus(corpus, known.get(corpus.package), today) for corpus in CORPORA]
    return PAYLOADS_HEAD + "".join(rows)


def _corpus(corpus, known: dict | None, today: str) -> str:
    row = known
    if corpus.there:
        types = [example.type for example in corpus.examples()]
        version = corpus.version()
        row = {
            "version": version,
            "since": known["since"] if known and known["version"] == version else today,
            "requests": len(types),
            "types": len(set(types)),
        }
    if row is None:
        return ""
    return (
        f'"{corpus.package}": {{version: "{row["version"]}", since: "{row["since"]}", provider: {corpus.provider}, '
        f'requests: {row["requests"]}, types: {row["types"]}}}\n'
    )


def _row(judge, known: dict, today: str) -> str:
    found = version(judge.package) if judge.installed else known.get("version")
    if found is None:
        return ""
    since = known["since"] if found == known.get("version") else today
    signs = "true" if judge.signs else "false"
    providers = f"[{', '.join(judge.providers)}]"
    return f'{judge.package}: {{version: "{found}", since: "{since}", signs: {signs}, providers: {providers}}}\n'


if __name__ == "__main__":
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    PAGE.write_text(page(written(), today), "utf-8")
    PAYLOADS.write_text(payloads(written(PAYLOADS), today), "utf-8")
