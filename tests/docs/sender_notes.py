"""Reads the comment at the head of a provider's data file, where everything stands that a person does at the sender.

    # Stripe: payments, invoices, subscriptions.       the summary
    #
    #   source:                      a mapping file's source, where it takes more than a secret; after `source:` may
    #     name: stripe               stand when it is needed, which makes it another way than the usual one
    #
    # Retries         live mode up to 3 days           sections of SECTIONS, in that order; text at column 18
    # Traps           - one trap
    #                   over two lines

Text two columns further right than a paragraph is shown as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTIONS = (
    "At the sender",
    "Schemes",
    "Subscribe",
    "Answer",
    "Retries",
    "Switched off",
    "After an outage",
    "Test",
    "Traps",
)
_COLUMN = len("After an outage ")
_WHEN = re.compile(r"source:\s+# (.+)")


@dataclass(frozen=True, kw_only=True)
class Section:
    """Paragraph text, then lines shown as they are, then text again; or a list of items."""

    parts: tuple[tuple[str, str], ...]  # kind (text, code or item) and what it says


@dataclass(frozen=True, kw_only=True)
class Notes:
    """A head. `source` is the text of a source, `other` that of another way; `when` says who needs the latter."""

    summary: str
    source: str
    other: str
    when: str
    sections: dict[str, Section]


def read(path: Path) -> Notes:
    """The head of a data file. Raises ValueError for a line that has no place in it."""
    first, *blocks = _head(path.read_text("utf-8")).split("\n\n")
    source = other = when = ""
    sections: dict[str, Section] = {}
    for block in blocks:
        if not block.startswith("  source:"):
            sections |= _sections(block)
            continue
        lines = [line.removeprefix("  ") for line in block.splitlines()]
        found = _WHEN.match(lines[0])
        if found:
            when, other = found[1], "\n".join(["source:", *lines[1:]])
        else:
            source = "\n".join(lines)
    summary = " ".join(first.split())
    return Notes(
        summary=summary, source=source, other=other, when=when, sections=sections
    )


def _head(text: str) -> str:
    """The leading comment without its marks."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" ").rstrip())
    return "\n".join(lines)


def _sections(block: str) -> dict[str, Section]:
    found: dict[str, list[str]] = {}
    for line in block.splitlines():
        name, text = line[:_COLUMN].strip(), line[_COLUMN:]
        if name:
            if name not in SECTIONS or name in found:
                raise ValueError(f"'{name}' is no section, or the second one: {line}")
            found[name] = []
        if not found:
            raise ValueError(f"stands before the first section: {line}")
        list(found.values())[-1].append(text)
    if list(found) != [name for name in SECTIONS if name in found]:
        raise ValueError(f"sections in another order: {', '.join(found)}")
    return {name: Section(parts=tuple(_parts(lines))) for name, lines in found.items()}


def _parts(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Lines joined to paragraphs, items and shown text."""
    kind, kept = "", list[str]()
    for line in lines:
        if line.startswith("- "):
            now = "item"
        elif line.startswith("  "):
            now = "item" if kind == "item" else "code"
        else:
            now = "text"
        if kept and (now != kind or line.startswith("- ")):
            yield kind, _joined(kind, kept)
            kept = []
        kind = now
        kept.append(line)
    yield kind, _joined(kind, kept)


def _joined(kind: str, lines: list[str]) -> str:
    if kind == "code":
        return "\n".join(line.removeprefix("  ") for line in lines)
    return " ".join(line.removeprefix("- ").strip() for line in lines)
