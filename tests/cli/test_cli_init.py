"""`bridge init`: every sender to every ticket system gives a folder without errors whose test passes."""

import re
from itertools import product
from pathlib import Path

import pytest

from bridge import mapping, providers, vendors
from bridge.cli import new_files
from bridge.errors import ConfigurationError, UnknownName
from bridge.services import starting

ROOT = Path(__file__).parents[2]
PAIRS = [*product(providers.names(), vendors.names())]


def written(folder, sender, system):
    """The folder with the files of a start."""
    for name, content in starting.start(sender, system).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("sender, system", PAIRS)
def test_every_start_has_no_error_and_passes_its_test(tmp_path, sender, system):
    """No pair has a text of its own, so each is tried, and no credential is needed.

    There is not even a warning, but that a sender whose events hold ids only needs a look-up of your own.
    """
    provider = providers.get(sender)
    folder = written(tmp_path, sender, system)
    loaded = mapping.load(folder, {})
    told = ["W612"] if provider.event.thin else []
    assert [finding.code for finding in loaded.findings] == told
    ruleset = loaded.usable()
    recordings = mapping.read_recordings(ruleset, folder)
    assert mapping.check_recorded(ruleset, recordings) == ()
    (result,) = mapping.run_cases(ruleset, folder)
    assert result.passed, result.failures
    (rule,), (source,) = ruleset.rules, ruleset.sources.values()
    assert rule.operation.vendor == system and source.provider.name == sender
    assert {reference.kind for reference in ruleset.references} == {"env"}


@pytest.mark.parametrize("system", vendors.names())
def test_starts_fit_beside_each_other(tmp_path, system):
    """Whoever adds a second sender is not stopped by what the first start wrote."""
    for sender in ("stripe", "github", "zoho"):
        starting.require_fit(tmp_path, starting.start(sender, system))
        written(tmp_path, sender, system)
    ruleset = mapping.load(tmp_path, {}).usable()
    results = mapping.run_cases(ruleset, tmp_path)
    assert [result.passed for result in results] == [True, True, True]


def test_secrets_have_the_names_that_the_samples_use():
    """What a person sets is called alike in all that the project shows."""
    variables = re.compile(r"env: (\w+)")
    for name in ("stripe", "razorpay"):
        shown = variables.findall((ROOT / "mappings" / f"{name}.yaml").read_text())
        for system in ("vambe", "kapture"):
            text = starting.start(name, system)[f"{name}.yaml"].decode()
            own = {
                one for one in variables.findall(text) if one.startswith(name.upper())
            }
            assert own <= set(shown)


def test_the_ticket_is_taken_from_the_payload_where_it_is_there():
    """A ticket's own number in the payload is used as it is; anything else is looked up in a table."""
    direct = starting.start("stripe", "vambe")["stripe.yaml"].decode()
    assert "vambe_ticket_id }}" in direct and "tables:" not in direct
    looked_up = starting.start("stripe", "http")["stripe.yaml"].decode()
    assert "| lookup('tickets_of_stripe') }}" in looked_up


def test_files_are_written_and_pass_on_the_command_line(terminal, tmp_path):
    """stdout names the files, stderr the next step; check and test agree."""
    result = terminal("init", "--from", "stripe", "--to", "vambe", tmp_path / "rules")
    assert result.exit_code == 0
    files = [Path(line) for line in result.stdout.splitlines()]
    assert all(path.is_file() for path in files) and len(files) == 3
    assert files[2].read_text() == (ROOT / "schemas/mapping.v1.json").read_text()
    lead = files[0].read_text().splitlines()[0]
    assert lead == f"# yaml-language-server: $schema={files[2].name}"
    assert f"bridge test {tmp_path / 'rules'}" in result.stderr
    assert terminal("check", "--strict", tmp_path / "rules").exit_code == 0
    assert terminal("test", tmp_path / "rules").exit_code == 0


def test_a_second_start_keeps_the_schema_that_is_there(terminal, tmp_path):
    """Editors' schema is written once; somebody's own stays as it is."""
    (tmp_path / starting.SCHEMA).write_text("{}")
    for sender in ("stripe", "github"):
        result = terminal("init", "--from", sender, "--to", "vambe", tmp_path)
        assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)
    assert (tmp_path / starting.SCHEMA).read_text() == "{}"


def test_without_options_it_lists_what_can_be_named(terminal, tmp_path, monkeypatch):
    """Every sender and ticket system, within 80 columns, and nothing is written; one option alone is a usage error."""
    monkeypatch.chdir(tmp_path)
    result = terminal("init")
    assert result.exit_code == 0
    assert {*result.stdout.split()} == {
        "--from",
        *providers.names(),
        "--to",
        *vendors.names(),
    }
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not list(tmp_path.iterdir())
    alone = terminal("init", "--from", "stripe")
    assert alone.exit_code == 2 and "--to" in alone.stderr


def test_what_is_there_is_never_overwritten(terminal, tmp_path, monkeypatch):
    """One file that is there keeps all of them from being written."""
    monkeypatch.chdir(tmp_path)
    words = ("init", "--from", "razorpay", "--to", "kapture")
    Path("mappings").mkdir()
    Path("mappings/razorpay.yaml").write_text("version: 1\n")
    result = terminal(*words)
    assert result.exit_code == 1 and "razorpay.yaml already exists" in result.stderr
    assert [path.name for path in Path("mappings").iterdir()] == ["razorpay.yaml"]
    assert Path("mappings/razorpay.yaml").read_text() == "version: 1\n"


def test_of_files_that_cannot_all_be_written_none_is_left(tmp_path, monkeypatch):
    """A later file that is there, or a folder that is none, takes the earlier ones back; the sentence names it."""
    monkeypatch.chdir(tmp_path)
    Path("second").write_text("mine")
    with pytest.raises(SystemExit) as ended:
        new_files.write({Path("first"): b"a", Path("second"): b"b"})
    assert ended.value.code == 1
    with pytest.raises(ConfigurationError, match="^cannot write second/third: "):
        new_files.write({Path("first"): b"a", Path("second/third"): b"b"})
    assert [path.name for path in tmp_path.iterdir()] == ["second"]
    assert Path("second").read_text() == "mine"


def test_it_fits_into_the_folder_or_is_not_written(terminal, house):
    """Beside other files nothing may clash; what does is shown, and nothing was written."""
    fits = terminal("init", "--from", "razorpay", "--to", "kapture")
    assert fits.exit_code == 0 and "next: `bridge test mappings`" in fits.stderr
    assert terminal("test").exit_code == 0
    (house / "mappings" / "more.yaml").write_text(
        "version: 1\nsource: { name: github, verify: { secret: { env: X } } }\n"
    )
    clash = terminal("init", "--from", "github", "--to", "kapture")
    assert clash.exit_code == 1 and "github" in clash.stderr
    assert not (house / "mappings" / "github.yaml").exists()


@pytest.mark.parametrize(
    "words, hint",
    [
        (("--from", "strpe", "--to", "vambe"), "did you mean 'stripe'"),
        (("--from", "stripe", "--to", "vamba"), "did you mean 'vambe'"),
        (("--from", "stripe"), "--to"),
    ],
)
def test_names_that_are_not_there(terminal, tmp_path, monkeypatch, words, hint):
    """A near miss is named, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    result = terminal("init", *words)
    assert result.exit_code == 2 and hint in result.stderr
    assert [*tmp_path.iterdir()] == []


def test_an_unknown_name_is_an_error_of_its_own_kind():
    """Other faces than the terminal get the same suggestion."""
    with pytest.raises(UnknownName, match="stripe"):
        starting.start("strpe", "vambe")
