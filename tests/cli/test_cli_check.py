"""`bridge check`: findings on stdout, their count on stderr, the exit code for scripts."""

import json

import pytest


@pytest.mark.parametrize("form", ["full", "concise", "github"])
def test_good_folder_passes(terminal, house, monkeypatch, form):
    """Without findings stdout says so, and counts what was read."""
    monkeypatch.setenv("SHOP_SECRET", "s")
    monkeypatch.setenv("SHOP_KEY", "k")
    result = terminal("check", "--format", form)
    assert result.exit_code == 0
    assert result.stdout == "checked 1 file, 1 rule: no findings\n"
    assert result.stderr == ""


def test_good_folder_for_programs_is_their_format_alone(terminal, house, monkeypatch):
    """A program that reads JSON lines gets none where nothing is found."""
    monkeypatch.setenv("SHOP_SECRET", "s")
    monkeypatch.setenv("SHOP_KEY", "k")
    result = terminal("check", "--format", "json")
    assert (result.exit_code, result.output) == (0, "")


def test_full_shows_place_excerpt_caret_and_help(terminal, house, rewrite):
    """A finding starts with a path that can be clicked and shows its line; the exit code is 1."""
    rewrite("event.ticket | uuid", "event.ticket | uiud")
    result = terminal("check")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("mappings/shop.yaml:11:37: error[E202] ")
    assert lines[2] == '11 |       ticket_id: "{{ event.ticket | uiud }}"'
    assert lines[3].rstrip("^").endswith("| " + " " * 36) and lines[3].endswith("^^^^")
    assert lines[4].endswith("= help: did you mean 'uuid'?")
    assert result.stderr == "checked 1 file: 1 error, 0 warnings\n"


def test_concise_is_one_line_a_finding(terminal, house):
    """Each line is a finding and can be grepped; unset secrets are warnings, which do not fail."""
    result = terminal("check", "mappings", "--format", "concise")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert (
        first.startswith("mappings/shop.yaml:2:")
        and "warning[W402] SHOP_SECRET" in first
    )
    assert (
        second.startswith("mappings/shop.yaml:9:")
        and "warning[W402] SHOP_KEY" in second
    )
    assert result.stderr.endswith("0 errors, 2 warnings\n")


def test_json_is_one_object_a_line_and_nothing_else(terminal, house):
    """Every line of stdout is a finding with the stable keys; nothing is said on stderr."""
    result = terminal("check", "--format", "json")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["code"] for one in found] == ["W402", "W402"]
    assert found[0]["file"] == "mappings/shop.yaml" and found[0]["line"] == 2
    assert set(found[0]) == {
        "code", "severity", "message", "help", "file", "line", "column", "length", "fixes"
    }  # fmt: skip
    assert result.stderr == ""


def test_secrets_makes_unset_ones_errors(terminal, house):
    """With --secrets a secret that is not set fails the check."""
    result = terminal("check", "--secrets", "--format", "concise")
    assert result.exit_code == 1
    assert result.stdout.count("error[A402]") == 2


def test_literal_secret_is_never_shown(terminal, house, rewrite):
    """A secret written into a file is a finding whose excerpt hides it."""
    rewrite("{ env: SHOP_KEY }", "sk-canary")
    for form in ("full", "concise", "json"):
        result = terminal("check", "--format", form)
        assert result.exit_code == 1 and "A401" in result.stdout
        assert "sk-canary" not in result.output


@pytest.mark.parametrize("command", ["check", "test"])
@pytest.mark.parametrize(
    ("folder", "said"),
    [("nowhere", "nowhere does not exist"), ("mappings/shop.yaml", "is not a folder")],
)
def test_folder_that_is_none_is_a_sentence(terminal, house, command, folder, said):
    """A folder that is not there, or is a file, is exit code 3 and says what to name."""
    result = terminal(command, folder)
    assert (result.exit_code, result.stdout) == (3, "")
    assert said in result.stderr and "BRIDGE_MAPPINGS" in result.stderr


def test_unreadable_file_is_a_finding(terminal, house):
    """A file that is not text is found like any other mistake."""
    (house / "mappings" / "broken.yaml").write_bytes(b"version: \xff")
    result = terminal("check", "--format", "concise")
    assert result.exit_code == 1
    assert "mappings/broken.yaml:1:1: error[M008]" in result.stdout


def test_folder_of_the_settings_is_the_default(terminal, house, monkeypatch):
    """Without FOLDER it is BRIDGE_MAPPINGS that is checked."""
    (house / "mappings").rename(house / "rules")
    monkeypatch.setenv("BRIDGE_MAPPINGS", "rules")
    assert "rules/shop.yaml:2:" in terminal("check").stdout


def test_colours_and_escapes_of_a_file_do_not_reach_json(terminal, house, rewrite):
    """Whatever a mapping file holds, a JSON line has no character that a terminal obeys."""
    rewrite("id: paid-sets-amount", 'id: "paid\u202e"')
    rewrite("skip_if_missing", "skip_if_mising")
    assert terminal("check", "--format", "json").stdout.replace("\n", "").isprintable()
