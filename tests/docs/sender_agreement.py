"""Which code that is not ours confirmed a sender: the senders' own packages, and what senders publish as examples.

Read from docs/senders/agreement.yaml, which `make test-sdk` writes, and tests/providers/published.yaml, which every
`make test` runs through.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bridge import providers
from bridge.strict import yaml

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "docs" / "senders" / "agreement.yaml"
PAYLOADS = ROOT / "docs" / "senders" / "corpora.yaml"
PUBLISHED = ROOT / "tests" / "providers" / "published.yaml"

HEAD = ("sender", "confirmed by", "how", "since")
INTRO = (
    "What the bridge takes for genuine, code that is not ours took, too. A package *both ways*: it believes what the"
    " bridge signs, the bridge believes what it signs, and what it refuses after a changed byte or for another secret"
    " the bridge refuses as well; `make test-sdk` asks them again. An example, its secret and its signature were"
    " published; every `make test` takes it as it is and refuses it with one value changed."
)


CORPORA_HEAD = ("payloads", "sender", "requests", "types", "since")
CORPORA_INTRO = (
    "Payloads that others collected, or that a sender's own package makes, went through a running bridge, signed as the"
    " sender signs: all were taken, each was stored under its right type and id, and was known when it came again."
)


def corpora() -> Iterator[tuple[str, ...]]:
    """The table of the payloads that went through: one row for each package, and their sum."""
    found = _read(PAYLOADS)
    for package, row in found.items():
        link = f"[{providers.get(row['provider']).title}]({row['provider']}.md)"
        counts = str(row["requests"]), str(row["types"])
        yield f"the package `{package}` {row['version']}", link, *counts, row["since"]
    yield "together", "", str(sum(row["requests"] for row in found.values())), "", ""


def rows() -> Iterator[tuple[str, ...]]:
    """The table: one row for each sender and judge."""
    for name in providers.names():
        link = f"[{providers.get(name).title}]({name}.md)"
        for by, how, since in confirmed(name):
            yield link, by, how, since


def confirmed(name: str) -> list[tuple[str, str, str]]:
    """Who confirmed a sender, how, and since when."""
    found = [
        (
            f"the package `{package}` {row['version']}",
            "both ways" if row["signs"] else "what the bridge signs",
            row["since"],
        )
        for package, row in _read(PACKAGES).items()
        if name in row["providers"]
    ]
    examples = [
        (row["by"], "an answer" if "answer" in row else "an example", "every test")
        for row in _read(PUBLISHED)
        if name in row["providers"]
    ]
    return found + examples


def others() -> list[str]:
    """The senders that no code but ours has confirmed."""
    return [name for name in providers.names() if not confirmed(name)]


def sentence(name: str) -> str:
    """For the sender's own page."""
    by = " and ".join(by for by, _, _ in confirmed(name))
    return f" Confirmed by {by}." if by else ""


@cache
def _read(path: Path):
    node, findings = yaml.compose(path.read_text("utf-8"), path.name)
    assert not findings, findings
    return yaml.plain(node)
