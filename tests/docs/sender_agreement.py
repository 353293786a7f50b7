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
PUBLISHED = ROOT / "tests" / "providers" / "published.yaml"

HEAD = ("sender", "confirmed by", "how", "since")
INTRO = (
    "What the bridge takes for genuine, code that is not ours took, too. A package *both ways*: it believes what the"
    " bridge signs, the bridge believes what it signs, and what it refuses after a changed byte or for another secret"
    " the bridge refuses as well; `make test-sdk` asks them again. An example, its secret and its signature were"
    " published; every `make test` takes it as it is and refuses it with one value changed."
)


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
