"""docs/senders/ is current, complete and true: what its pages tell a person to write and type works."""

import re

import pytest
import sender_markdown
import sender_notes
import sender_pages
from click.testing import CliRunner

from bridge import mapping, providers
from bridge.cli import cli
from bridge.providers.catalog import DATA

PAGES = sender_pages.FOLDER
NAMES = providers.names()
BLOCK = re.compile(r"^```yaml\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^\$ bridge (\w+) (.*)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https:)([^)#\s]+)")


@pytest.fixture(params=NAMES)
def name(request):
    """Every provider."""
    return request.param


@pytest.fixture
def senders(tmp_path, monkeypatch):
    """A terminal in an empty folder, with a secret for every source."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIDGE_MAPPINGS", "rules")

    def run(name, *words):
        recipe = providers.get(name).recipe
        kind = "basic" if recipe and recipe.scheme == "basic" else recipe and recipe.key
        secrets = {"basic": "user:word", "hex": "ab" * 32, "base64": "YWJj" * 8}
        own = name.upper().replace("-", "_")
        for variable in ("WEBHOOK_SECRET", "PUBLIC_KEY"):
            monkeypatch.setenv(f"{own}_{variable}", secrets.get(kind, "a secret"))
        return CliRunner().invoke(cli, words)

    return run


def test_the_pages_are_current():
    """The committed pages are what the data files give: python tests/docs/sender_pages.py writes them anew."""
    written = {path.name: path.read_text("utf-8") for path in PAGES.glob("*.md")}
    assert written == sender_pages.pages()


def test_every_link_leads_somewhere():
    """To a sender's page, or another page of the documentation; and the table has every sender."""
    for path in PAGES.glob("*.md"):
        for link in LINK.findall(path.read_text("utf-8")):
            assert (PAGES / link).exists(), (path.name, link)
    table = (PAGES / "index.md").read_text("utf-8")
    assert [name for name in NAMES if f"]({name}.md) |" not in table] == []


def test_every_head_has_what_a_person_needs(name):
    """Where to paste the URL, how soon to answer, what comes again, and what to beware of."""
    notes = sender_notes.read(DATA / f"{name}.yaml")
    needed = {"At the sender", "Answer", "Retries", "Traps"}
    if name == "generic":
        needed = {"Schemes", "Retries", "Traps"}
    assert needed <= set(notes.sections)
    assert notes.summary.endswith(".")


def test_every_source_on_a_page_can_be_used(name):
    """Each of them, in the place of the one that `bridge init` writes, is taken without an error."""
    whole, _ = sender_pages.started(name)
    rules = whole[whole.index("rules:") : whole.index("tests:")]
    blocks = BLOCK.findall((PAGES / f"{name}.md").read_text("utf-8"))
    assert blocks
    for block in blocks:
        text = f"version: 1\n\n{block}\n\n{rules}"
        built = mapping.build({f"{name}.yaml": text}, {})
        assert [one for one in built.findings if one.severity == "error"] == []
        (source,) = built.usable().sources.values()
        assert source.provider.name == name
        assert source.secrets or source.provider.fetches_keys


def test_the_commands_of_a_page_work(name, senders):
    """One after another, as they are typed; `send` shows what it would post, as no bridge runs here."""
    typed = CONSOLE.findall((PAGES / f"{name}.md").read_text("utf-8"))
    assert [command for command, _ in typed] == ["init", "try", "send", "events"]
    for command, rest in typed[:3]:
        dry = ["--dry-run"] if command == "send" else []
        result = senders(name, command, *dry, *rest.split())
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "line",
    [
        "# Retires         a misspelt section",
        "# Traps           - before\n# Retries         after",
        "# Retries         once\n# Retries         twice",
    ],
)
def test_a_head_that_would_lose_something_is_an_error(tmp_path, line):
    """A section that no page shows, or one that hides another, is found and not left out."""
    file = tmp_path / "shop.yaml"
    file.write_text(f"# Shop: orders.\n#\n{line}\ntitle: Shop\n", "utf-8")
    with pytest.raises(ValueError, match="section"):
        sender_notes.read(file)


def test_no_line_turns_into_another_thing():
    """A menu's > or a + that a line began with would be a quotation or a list, wherever the line is broken."""
    for start in range(130):
        text = "x" * start + " Settings > Webhooks + 5 - 3 * 2 within 10. After"
        lines = sender_markdown.wrapped(text).splitlines()
        assert " ".join(lines).strip() == text.strip()
        assert not [one for one in lines if re.match(r"[>+*-] |\d+[.)] ", one)]
