"""Commands and settings: what the pages and the program's own messages name exists, and what exists is on a page."""

import re
import shlex
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import click
import pytest

from bridge.cli import cli
from bridge.settings import Settings
from bridge.state import State

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TERMINAL = (ROOT / "docs" / "terminal.md").read_text("utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")

_CONSOLE = re.compile(r"^\$ (?:\w+=\S+ )*bridge\b(.*)$", re.MULTILINE)
_INLINE = re.compile(r"`bridge ([^`\n]*)`")
_ROW = re.compile(r"^\| `bridge ([a-z ]+?)(?= [A-Z\[]|`)[^`]*` (\|.*)$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\w+\}|\b[A-Z]{2,}\b…?|<\w+>|\bN\b")


def written(text, pattern):
    """Command lines as lists of words: placeholders made 1, brackets of optional parts dropped, redirections cut."""
    for line in pattern.findall(text):
        line = re.split(r"[|>]", _PLACEHOLDER.sub("1", line))[0]
        yield shlex.split(re.sub(r"[\[\]…]", "", line), comments=True)


def parse(words):
    """Parses a command line as `bridge` would, running nothing."""
    command, context = cli, click.Context(cli, info_name="bridge")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, command, words = command.resolve_command(context, list(words))
        context = click.Context(command, info_name=name, parent=context)
    if not isinstance(command, click.Group):
        command.make_context(context.info_name, list(words), parent=context.parent)
    elif words:
        assert set(words) <= {"--help", "--version", "-h"}, words


def unknown(path):
    """Every command within a sentence of a file that is not one, with what is wrong."""
    found = []
    for words in written(path.read_text("utf-8"), _INLINE):
        try:
            parse(words)
        except (click.MissingParameter, click.BadOptionUsage):
            continue
        except click.UsageError as error:
            found.append((" ".join(words), error.message))
    return found


def leaves(command=cli, path=()):
    """Every command that does something, by its full name."""
    if not isinstance(command, click.Group):
        return {" ".join(path): command}
    context = click.Context(command)
    found = {}
    for name in command.list_commands(context):
        found |= leaves(command.get_command(context, name), (*path, name))
    return found


def options(command):
    """The names of a command's own options, the long one where there are two."""
    found = (one for one in command.params if isinstance(one, click.Option))
    return {max(one.opts, key=len) for one in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_command_lines_of_a_page_can_be_typed(page):
    """A command line in a console block is complete: the command is there, and takes these options."""
    for words in written(page.read_text("utf-8"), _CONSOLE):
        parse(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_exist(page):
    """A command within a sentence may leave out its arguments, and nothing else."""
    assert unknown(page) == []


def test_commands_that_the_program_names_exist():
    """What its messages tell a person to run can be run."""
    wrong = {str(path): unknown(path) for path in (ROOT / "bridge").rglob("*.py")}
    assert {path: found for path, found in wrong.items() if found} == {}


def test_the_check_of_this_file_finds_a_typo():
    """A command or option that is not there does not pass unseen."""
    text = "$ bridge chek\n$ bridge check --fomat full\n$ bridge events lst\n$ bridge deliveries show one\n"
    for words in written(text, _CONSOLE):
        with pytest.raises(click.UsageError):
            parse(words)


@pytest.mark.parametrize("name", sorted(leaves()))
def test_every_command_is_on_the_page_with_its_options(name):
    """docs/terminal.md has a row for each command, and the row names its options and no others."""
    rows = dict(_ROW.findall(TERMINAL))
    assert name in rows, f"docs/terminal.md has no row for `bridge {name}`"
    named = set(re.findall(r"(?<=`)--?[a-z][a-z-]*", rows[name].rpartition(" | ")[2]))
    own = {"-k" if one == "--word" else one for one in options(leaves()[name])}
    assert named == own


def test_the_page_has_no_other_commands():
    """A row of a command that is gone is gone too."""
    assert sorted(dict(_ROW.findall(TERMINAL))) == sorted(leaves())


def test_operating_names_what_a_person_steers_with():
    """The page for 2 a.m. has every command that looks or steers."""
    steering = (
        "doctor events deliveries why retry release cancel replay pause resume audit"
    ).split()
    named = {
        " ".join(words[:2])
        for words in [*written(OPERATING, _CONSOLE), *written(OPERATING, _INLINE)]
    }
    assert [
        one for one in steering if not any(at.startswith(one) for at in named)
    ] == []


def test_operating_explains_every_state():
    """Each state of a delivery has a row that says what to do."""
    rows = re.findall(r"^\| ([a-z]+) \|", OPERATING, re.MULTILINE)
    assert sorted(set(rows) - {"state"}) == sorted(State)


def test_every_setting_is_on_the_page_with_its_default():
    """docs/settings.md has one row a setting, in the words of the code's own default."""
    rows = dict(re.findall(r"^\| `(BRIDGE_\w+)` \| (\S*) ?\|", SETTINGS, re.MULTILINE))
    defaults = {f"BRIDGE_{one.name.upper()}": one.default for one in fields(Settings)}
    assert sorted(rows) == sorted(defaults)
    for name, default in defaults.items():
        number = f"{default:g}" if isinstance(default, float) else str(default)
        number = f"{default.days}d" if isinstance(default, timedelta) else number
        assert rows[name] == (f"`{number}`" if default else ""), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_that_are_named_exist(page):
    """A BRIDGE_ name on a page is a setting, or a file of one."""
    known = {f"BRIDGE_{one.name.upper()}" for one in fields(Settings)}
    named = set(re.findall(r"\b(?<!_)BRIDGE_[A-Z_]+\b", page.read_text("utf-8")))
    assert {name.removesuffix("_FILE") for name in named} <= known


def test_every_exit_code_is_on_the_page():
    """The codes that errors end with, and those of the commands, each have a row."""
    from bridge import errors

    rows = {int(code) for code in re.findall(r"^\| (\d) \|", TERMINAL, re.MULTILINE)}
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    used = {kind.exit_code for kind in kinds if issubclass(kind, errors.BridgeError)}
    assert rows >= used | {0, 2, 5}
