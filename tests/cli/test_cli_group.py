"""`bridge` itself: its help, typos, completion, and errors that end in a sentence."""

import os
import subprocess
import sys

import pytest
from running import free_port

from bridge.cli import COMMANDS

HEAVY = ("flask", "sqlalchemy", "requests", "gevent", "rich", "jinja2", "marshmallow")


def bridge(*arguments, **environ):
    """The command as a person starts it."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def listed(text):
    """The names under Commands: of a help text."""
    lines = text.partition("Commands:\n")[2].splitlines()
    return [
        line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "
    ]


def test_help_lists_exactly_the_commands(terminal):
    """What --help shows is what there is, in the order of use."""
    for flag in ("--help", "-h"):
        result = terminal(flag)
        assert result.exit_code == 0
        assert listed(result.stdout) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(terminal, name):
    """Every name leads to a command of that name, whose help says what it does."""
    result = terminal(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert len(result.stdout.splitlines()[2].strip()) > 20


@pytest.mark.parametrize(
    ("arguments", "environ", "shown"),
    [
        (["--help"], {}, "Usage: bridge"),
        (
            [],
            {"_BRIDGE_COMPLETE": "bash_complete", "COMP_WORDS": "bridge de"},
            "plain,",
        ),
    ],
)
def test_help_and_completion_import_nothing_heavy(arguments, environ, shown):
    """What starts at every Tab must not import the libraries that take a second."""
    code = (
        "import atexit, sys\n"
        f"heavy = set({HEAVY!r})\n"
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr))\n"
        "from bridge.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environ, "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == "[]\n"
    assert done.stdout.startswith(shown)


def test_completion_offers_commands():
    """A Tab after `bridge de` offers what begins so."""
    done = bridge(
        _BRIDGE_COMPLETE="bash_complete", COMP_WORDS="bridge de", COMP_CWORD="1"
    )
    assert done.stdout.split() == ["plain,demo", "plain,deliveries"]


def test_completion_offers_options():
    """A Tab after a dash offers the options."""
    done = bridge(
        _BRIDGE_COMPLETE="bash_complete", COMP_WORDS="bridge --", COMP_CWORD="1"
    )
    assert "plain,--version" in done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("chek", "No such command 'chek'. Did you mean 'check'?"),
        ("delivery", "No such command 'delivery'. Did you mean 'deliveries'?"),
        ("xyzzy", "No such command 'xyzzy'."),
    ],
)
def test_unknown_command_is_usage_with_the_nearest_name(terminal, typed, said):
    """A typo ends with exit code 2 and the command that was meant, on stderr alone."""
    result = terminal(typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == f"Error: {said}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--fomat", "full"],
        ["why"],
        ["deliveries", "show", "x"],
        ["events", "list", "--limit", "0"],
    ],
)
def test_wrong_options_are_usage(terminal, house, arguments):
    """Options and arguments that cannot be are exit code 2, before anything is opened."""
    result = terminal(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert list(house.iterdir()) == [house / "mappings"]


def test_version():
    """--version names the program and its version; run as a person runs it."""
    from bridge import __version__

    done = bridge("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"bridge, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["events", "list"],
        ["doctor"],
        ["retry", "1"],
        ["migrate"],
    ],
)
def test_broken_setting_is_a_sentence(terminal, house, monkeypatch, arguments):
    """A BRIDGE_ variable that cannot be read, or is misspelt, is named, and exit code 3."""
    monkeypatch.setenv("BRIDGE_MAX_BODY", "much")
    monkeypatch.setenv("BRIDGE_MAPINGS", "x")
    done = terminal(*arguments)
    assert (done.exit_code, done.stdout) == (3, "")
    assert "BRIDGE_MAX_BODY" in done.stderr
    assert "did you mean BRIDGE_MAPPINGS?" in done.stderr


def test_started_for_real_an_error_is_a_sentence_too(house):
    """The installed command ends like the one of these tests: one message, its exit code, no traceback."""
    done = bridge("try", "gone.http")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "bridge: cannot read gone.http: No such file or directory\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["events", "list"], 3), (["why", "1"], 3), (["retry", "1"], 3), (["migrate"], 4)],
)
def test_store_folder_that_cannot_be_made_is_a_sentence(
    terminal, house, monkeypatch, arguments, code
):
    """A folder that the machine refuses to make is named, and exit code 4; who only looks finds no store there."""
    (house / "file").write_text("")
    monkeypatch.setenv("BRIDGE_DATABASE_URL", f"sqlite:///{house}/file/bridge.db")
    result = terminal(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("bridge: ")
    assert str(house / "file") in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [("mysql://x", 3), ("no url", 3), ("postgresql://u:pw-canary@127.0.0.1:1/x", 4)],
)
def test_store_that_cannot_be_opened_is_a_sentence(
    terminal, house, monkeypatch, url, code
):
    """A URL that is none is configuration, a database that does not answer is unreachable; no password is shown."""
    monkeypatch.setenv("BRIDGE_DATABASE_URL", url)
    result = terminal("events", "list")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("bridge: ") and "pw-canary" not in result.stderr


def test_sandbox_address_that_is_none_is_usage(terminal):
    """--bind takes HOST:PORT and nothing else."""
    result = terminal("sandbox", "--bind", "nowhere")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "write HOST:PORT" in result.stderr


def test_output_that_cannot_be_written_is_a_sentence():
    """What the machine refuses, here a full disk under stdout, is one line and exit code 4."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bridge", "explain", "E202"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == "bridge: No space left on device"
    assert "Traceback" not in done.stderr


def test_explain_shows_cause_and_examples(terminal):
    """A code in any case is explained with a wrong and a right example."""
    result = terminal("explain", "e202")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("E202: ")
    assert "\nwrong:\n    " in result.stdout and "\nright:\n    " in result.stdout


def test_explain_lists_every_code(terminal):
    """Without a code it lists them all, one a line."""
    from bridge.mapping import CODES

    lines = terminal("explain").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(CODES)


def test_explain_of_an_unknown_code_names_the_nearest(terminal):
    """A code that is not one is an error with the one that was meant."""
    result = terminal("explain", "E2002")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("bridge: unknown code 'E2002': did you mean")


def test_serve_refuses_a_bad_folder_with_clickable_places(house, rewrite):
    """What would stop a child stops the parent first: every finding, and exit code 3."""
    rewrite("event.ticket | uuid", "event.ticket | uiud")
    done = bridge("serve", "--bind", f"127.0.0.1:{free_port()}")
    assert done.returncode == 3
    assert "\nmappings/shop.yaml:11:37: error[E202] " in done.stderr
    assert "Traceback" not in done.stderr
