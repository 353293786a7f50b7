"""Writes docs/senders/: a page for each provider, and the table of all, from the data files and what is recorded.

    python tests/docs/sender_pages.py        writes them anew; test_sender_pages.py finds what is not current

What a person does at the sender stands at the head of the provider's data file (sender_notes.py); what the bridge does
is told by the values that it works with (sender_facts.py).
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import sender_agreement
import sender_facts
import sender_notes
from sender_markdown import escaped, table, wrapped
from sender_notes import Notes, Section

from bridge import providers
from bridge.providers import Provider
from bridge.providers.catalog import DATA
from bridge.services import starting
from bridge.strict import yaml

FOLDER = Path(__file__).parents[2] / "docs" / "senders"
WRITTEN = "python tests/docs/sender_pages.py"

PLACES = "Places in a request are written as [a data file](../adding-a-provider.md#keys) writes them."
_HERE = ("At the sender", "Schemes", "Subscribe", "Test")
_LATER = ("Answer", "Retries", "Switched off", "After an outage", "Traps")


def pages() -> dict[str, str]:
    """Name of the file → what it says."""
    found = {f"{name}.md": page(name) for name in providers.names()}
    return {"index.md": index(), **found}


@cache
def notes(name: str) -> Notes:
    """What a person needs at the sender."""
    return sender_notes.read(DATA / f"{name}.yaml")


@cache
def started(name: str) -> tuple[str, str]:
    """The mapping file that `bridge init` writes, and the path of the recording beside it."""
    files = starting.start(name, "http")
    (recording,) = (path for path in files if path.endswith(".http"))
    return files[f"{name}.yaml"].decode(), recording


def source(name: str) -> str:
    """The `source:` block of the page: of the notes where they have one, else what `bridge init` writes."""
    if notes(name).source:
        return notes(name).source
    found = re.search(r"^source:\n(?:  .*\n)+", started(name)[0], re.MULTILINE)
    assert found
    return found[0].rstrip()


def page(name: str) -> str:
    """One provider's page."""
    provider, told = providers.get(name), notes(name)
    parts = [
        f"# {provider.title}",
        wrapped(_summary(provider, told)),
        f"[Documentation]({_docs(provider)}) · [all senders](index.md)",
        *_source(name),
        *_sections(told, _HERE),
        "## When something fails",
        *_sections(told, _LATER),
        *_trial(provider),
        "## What the bridge does",
        wrapped(PLACES),
        table(("", ""), sender_facts.rows(provider)),
        wrapped(
            f"**How sure that is:** {escaped(provider.evidence)}."
            + sender_agreement.sentence(name)
        ),
        f"<!-- Written by `{WRITTEN}` from bridge/providers/data/{name}.yaml -->",
    ]
    return "\n\n".join(parts) + "\n"


def index() -> str:
    """The table of all senders."""
    intro = (
        "A page per sender: where to paste the hook's URL, where the secret is, what happens when the bridge does not"
        " answer, how to switch a sender on again, and what to beware of. Where a page says nothing of being switched"
        " off, of what to do after an outage, or of a test, nothing about it could be confirmed."
    )
    more = (
        "The hook's URL is `BRIDGE_PUBLIC_URL`, then `/hooks/` and the name of the source. A sender that is not here:"
        " [generic](generic.md), or [one data file](../adding-a-provider.md)."
    )
    senders = table(("sender", "proof", "id", "type", "how sure"), _rows())
    parts = ["# Senders", wrapped(intro), wrapped(more), senders, *_agreement()]
    return "\n\n".join([*parts, f"<!-- Written by `{WRITTEN}` -->"]) + "\n"


def _agreement() -> Iterator[str]:
    """Who else says so."""
    rest = ", ".join(f"[{name}]({name}.md)" for name in sender_agreement.others())
    yield "## Confirmed by others"
    yield wrapped(sender_agreement.INTRO)
    yield table(sender_agreement.HEAD, sender_agreement.rows())
    yield wrapped(sender_agreement.CORPORA_INTRO)
    yield table(sender_agreement.CORPORA_HEAD, sender_agreement.corpora())
    yield wrapped(
        f"No such code was found for these; what they rest upon stands on their pages: {rest}."
    )


def _rows() -> Iterator[tuple[str, ...]]:
    for name in providers.names():
        provider = providers.get(name)
        facts = dict(sender_facts.rows(provider))
        link = f"[{provider.title}]({name}.md)"
        proof = sender_facts.signs(provider)
        yield link, proof, facts["id"], facts["type"], escaped(provider.evidence)


def _summary(provider: Provider, told: Notes) -> str:
    """What a sender is about, without its name, which stands above."""
    name, _, rest = told.summary.partition(": ")
    text = rest if rest and name in provider.title else told.summary
    return escaped(text[:1].upper() + text[1:])


def _types(name: str) -> str:
    """The types of the recorded events, as rules name them."""
    expected = providers.samples(name)[0].parent / "expected.yaml"
    told = yaml.plain(yaml.compose(expected.read_text("utf-8"), expected.name)[0])
    assert isinstance(told, dict)
    found = [
        one["type"]
        for events in told.values()
        if isinstance(events, list)
        for one in events
    ]
    return ", ".join(f"`{one}`" for one in dict.fromkeys(found))


def _docs(provider: Provider) -> str:
    return re.sub(r"\Adocs/", "../", provider.docs)


def _source(name: str) -> Iterator[str]:
    told = notes(name)
    yield f"```yaml\n{source(name)}\n```"
    if told.other:
        yield f"Another way ({escaped(told.when)}):"
        yield f"```yaml\n{told.other}\n```"
    named = re.findall(r"^  name: (\S+)$", source(name), re.MULTILINE)[0]
    yield wrapped(
        f"The hook's URL: `https://bridge.example.com/hooks/{named}`, with your `BRIDGE_PUBLIC_URL` before `/hooks/`"
        " and the source's name behind it. Subscribe to the events that your rules name: one that no rule takes is"
        f" kept, and does nothing. Recorded here: {_types(name)}."
    )


def _sections(told: Notes, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name in told.sections:
            yield from _section(name, told.sections[name])


def _section(name: str, section: Section) -> Iterator[str]:
    items = [text for kind, text in section.parts if kind == "item"]
    if items:
        listed = "\n".join(wrapped(escaped(text), "- ") for text in items)
        yield f"**{name}:**\n\n{listed}"
        return
    lead = f"**{name}:** "
    for kind, text in section.parts:
        if kind == "code":
            yield f"```text\n{text}\n```"
        else:
            yield wrapped(lead + escaped(text))
            lead = ""


def _trial(provider: Provider) -> Iterator[str]:
    """The commands that try it without the sender."""
    recording = f"rules/{started(provider.name)[1]}"
    if provider.recipe is None:  # recorded at a source of another name
        recording += f" --source {provider.name}"
    public = provider.recipe is not None and provider.recipe.by_public_key
    key = " --key sender.pem" if public else ""
    yield "## Try it without the sender"
    yield (
        "```console\n"
        f"$ bridge init --from {provider.name} --to http rules\n"
        "$ export BRIDGE_MAPPINGS=rules     # and the secret, under the name that the source gives it\n"
        f"$ bridge try {recording}\n"
        f"$ bridge send{key} {recording}\n"
        "$ bridge events list\n"
        "```"
    )
    told = (
        "`init` writes such a source, a first rule and a recorded request; `try` shows what the rule makes of it and"
        " sends nothing; `send` signs it as the sender would and posts it to the bridge that runs here with these rules"
    )
    if public:
        told += ", with a key of your own: it prints the public key that must be the source's secret until then"
    yield wrapped(f"{told}.")


def write() -> None:
    """All pages, or none where one cannot be written; one of a sender that is gone goes too."""
    FOLDER.mkdir(exist_ok=True)
    written = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write()
