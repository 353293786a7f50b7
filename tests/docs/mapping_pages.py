"""Reads the pages about mapping files: each `##` section with files can be run as a project.

    `mappings/stripe.yaml`:        a line like this names the file in the block below it
    With `a` instead of `b`:       the sentence before a console block may change one text of the section's files
    $ bridge check                 a console block's commands, each with what it prints

After a message was changed, `python tests/docs/mapping_pages.py` writes what is printed now into the pages.
"""

import re
import shlex
import shutil
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from bridge.cli import cli

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/mapping-files.md"
REFERENCE = ROOT / "docs/mapping-reference.md"
COOKBOOK = ROOT / "docs/cookbook.md"
LOOK_UPS = ROOT / "docs/look-ups.md"
SIGNING_IN = ROOT / "docs/signing-in.md"
PAGES = (GUIDE, COOKBOOK, LOOK_UPS, SIGNING_IN)

_FILE = re.compile(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(
    r"(?:With\s+`(?P<new>[^`]+)`\s+instead\s+of\s+`(?P<old>[^`]+)`[^`]*?\n\n)?"
    r"```console\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_REFERENCE = re.compile(r"\benv: (\w+)")
_SECONDS = re.compile(r"\d+\.\d+ s\b")
_HARMLESS = {"check", "test", "try", "explain"}  # send and store nothing, and end
# What samples take from the environment and must be more than any text.
_VALUES = {
    "KAPTURE_SUBDOMAIN": "acme",
    "GETFLY_HOST": "acme.getflycrm.com",
    "VAMBE_URL": "https://vambe.example.com",
    "GETFLY_URL": "https://acme.getflycrm.com",
}


@dataclass(frozen=True, kw_only=True)
class Session:
    """A console block: commands with the lines that they print, and the edit made before them."""

    edit: (
        tuple[str, str] | None
    )  # what stands in the files, and what is written instead
    commands: tuple[tuple[str, tuple[str, ...]], ...]

    def __str__(self) -> str:
        lines = [line for name, out in self.commands for line in (f"$ {name}", *out)]
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, kw_only=True)
class Section:
    """What stands under one `##`."""

    title: str
    text: str
    files: dict[str, str]
    sessions: tuple[Session, ...]

    def write(self, folder: Path, edit: tuple[str, str] | None = None) -> Path:
        """The section's files below a folder, beside a copy of the recorded payloads; where its mappings are."""
        shutil.copytree(ROOT / "tests/payloads", folder / "tests/payloads")
        if edit:
            found = sum(text.count(edit[0]) for text in self.files.values())
            assert found == 1, f"'{edit[0]}' is in this section's files {found} times"
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace(*edit) if edit else text, "utf-8")
        return folder / "mappings"

    def environment(self) -> dict[str, str]:
        """A value for every variable that the files name."""
        names = set(_REFERENCE.findall("".join(self.files.values())))
        return {name: _VALUES.get(name, "example") for name in names}


def sections(page: Path) -> list[Section]:
    """The `##` sections of a page."""
    found = []
    for part in re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        sessions = tuple(map(_session, _CONSOLE.finditer(text)))
        files = dict(_FILE.findall(text))
        found.append(Section(title=title, text=text, files=files, sessions=sessions))
    return found


def played(section: Section, session: Session) -> Session:
    """The session with what its commands print now; those that are not harmless are not run."""
    with TemporaryDirectory() as folder, chdir(folder):
        runner = CliRunner(env={**section.environment(), "XDG_CACHE_HOME": folder})
        section.write(Path(folder), session.edit)
        commands = tuple(
            (line, _printed(runner, line) if _is_harmless(line) else shown)
            for line, shown in session.commands
        )
    return replace(session, commands=commands)


def rewritten(page: Path) -> str:
    """The page with every session as it is played now."""
    text = page.read_text("utf-8")
    for section in sections(page):
        plays = iter([played(section, session) for session in section.sessions])
        new = _CONSOLE.sub(
            lambda found: found[0].replace(f"\n{found['text']}", f"\n{next(plays)}"),
            section.text,
        )
        text = text.replace(
            f"## {section.title}\n{section.text}", f"## {section.title}\n{new}"
        )
    return text


def _is_harmless(line: str) -> bool:
    return line.split()[:1] == ["bridge"] and line.split()[1] in _HARMLESS


def _printed(runner: CliRunner, line: str) -> tuple[str, ...]:
    """What a command prints on both streams, as a person sees it, without what differs from run to run."""
    result = runner.invoke(cli, shlex.split(line, comments=True)[1:])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = result.output.rstrip().splitlines()
    return tuple(_SECONDS.sub("0.01 s", line.rstrip()) for line in lines)


def _session(found: re.Match[str]) -> Session:
    commands: list[tuple[str, list[str]]] = []
    for line in found["text"].splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    return Session(
        edit=(found["old"], found["new"]) if found["new"] else None,
        commands=tuple((command, tuple(lines)) for command, lines in commands),
    )


if __name__ == "__main__":
    for document in PAGES:
        document.write_text(rewritten(document), "utf-8")
