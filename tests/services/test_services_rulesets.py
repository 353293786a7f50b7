"""Which ruleset is in force, and taking over what changes."""

import json
import os
import shutil

import pytest
from running import MAPPING
from structlog.testing import capture_logs

from bridge import mapping
from bridge.errors import MappingError, StoreUnavailable
from bridge.services import follow
from bridge.services.rulesets import QUIET, Rules, activate

BAD = "version: 1\nrules: {{ oops\n"
OTHER = MAPPING.replace("sub_status: PS", "sub_status: ES")


@pytest.fixture(autouse=True)
def _secrets(monkeypatch):
    for name in ("STRIPE_WEBHOOK_SECRET", "VAMBE_API_KEY", "KAPTURE_TOKEN"):
        monkeypatch.setenv(name, "x")


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "mappings"
    made.mkdir()
    (made / "rules.yaml").write_text(MAPPING)
    return made


class Looking:
    """Rules that are looked at with a clock of the test."""

    def __init__(self, rules):
        self.rules, self.now = rules, 0.0

    def after(self, seconds):
        self.now += seconds
        return self.rules.look(self.now, lambda function: function())


def write(folder, text, name="rules.yaml"):
    """Replaces a file, as editors do; the new inode shows even within one tick of the file system's clock."""
    path = folder / name
    path.with_suffix(".new").write_text(text)
    os.replace(path.with_suffix(".new"), path)


def hash_of(text):
    return mapping.build({"rules.yaml": text}).usable().hash


def test_first_start_with_errors_is_refused(sqlite, folder):
    """With nothing to fall back to, the errors are the answer."""
    write(folder, BAD)
    with pytest.raises(MappingError) as error:
        Rules(sqlite, folder)
    assert error.value.findings


def test_unset_secret_is_an_error_at_start(sqlite, folder, monkeypatch):
    """A rule that could not be sent is found before anything is received."""
    monkeypatch.delenv("VAMBE_API_KEY")
    with pytest.raises(MappingError) as error:
        Rules(sqlite, folder)
    assert "VAMBE_API_KEY" in error.value.findings[0].message


def test_later_start_falls_back_to_the_last_good_one(sqlite, folder):
    """A start finds the ruleset that was active before the folder broke, and says that it is degraded."""
    Rules(sqlite, folder)
    write(folder, BAD)
    again = Rules(sqlite, folder)
    assert again.active.degraded
    assert again.current().hash == hash_of(MAPPING)


def test_change_is_taken_over_when_the_folder_is_quiet(sqlite, folder):
    """A changed folder is read once it was quiet for half a second, not while it is being copied."""
    looking = Looking(Rules(sqlite, folder))
    assert looking.after(10) is False
    write(folder, OTHER)
    assert looking.after(1) is False
    write(folder, OTHER + "# more\n")
    assert looking.after(QUIET - 0.1) is False
    assert looking.after(QUIET - 0.1) is False
    assert looking.after(0.2) is True
    assert looking.rules.current().hash == hash_of(OTHER + "# more\n")
    assert looking.after(10) is False


def test_bad_change_keeps_the_rules_in_force(sqlite, folder):
    """Errors are shown with their place, the old ruleset goes on, and the corrected folder is taken over."""
    looking = Looking(Rules(sqlite, folder))
    write(folder, BAD)
    looking.after(0), looking.after(QUIET)
    active = looking.rules.active
    assert active.degraded and active.ruleset.hash == hash_of(MAPPING)
    assert active.errors[0].place.line == 2
    write(folder, OTHER)
    looking.after(0), looking.after(QUIET)
    assert not looking.rules.active.degraded
    assert looking.rules.current().hash == hash_of(OTHER)


def test_process_that_missed_a_good_change_takes_it_from_the_store(sqlite, folder):
    """When the folder broke before this process read the change that another one activated, it follows that one."""
    looking = Looking(Rules(sqlite, folder))
    activate(sqlite, mapping.build({"rules.yaml": OTHER}).usable())
    write(folder, BAD)
    looking.after(0), looking.after(QUIET)
    assert looking.rules.active.degraded
    assert looking.rules.current().hash == hash_of(OTHER)


def test_folder_that_comes_back_as_it_was_is_no_longer_degraded(sqlite, folder):
    """Undoing a bad change ends the degraded state without another ruleset."""
    looking = Looking(Rules(sqlite, folder))
    write(folder, BAD)
    looking.after(0), looking.after(QUIET)
    write(folder, MAPPING)
    assert [looking.after(0), looking.after(QUIET)] == [False, False]
    assert not looking.rules.active.degraded


def test_folder_that_vanishes_keeps_the_rules_in_force(sqlite, folder):
    """An unmounted or deleted folder stops nothing."""
    looking = Looking(Rules(sqlite, folder))
    shutil.rmtree(folder)
    looking.after(0), looking.after(QUIET)
    assert looking.rules.active.degraded
    assert looking.rules.current().hash == hash_of(MAPPING)


def test_pinned_rules_follow_the_store_not_the_folder(sqlite, folder):
    """A pinned host runs what was activated, whatever its own folder holds, and follows the next activation."""
    with pytest.raises(MappingError, match="--activate"):
        Rules(sqlite, folder, pinned=True)
    activate(sqlite, mapping.build({"rules.yaml": MAPPING}).usable())
    looking = Looking(Rules(sqlite, folder, pinned=True))
    write(folder, BAD)
    assert looking.after(1) is False
    activate(sqlite, mapping.build({"rules.yaml": OTHER}).usable())
    assert looking.after(1) is True
    assert looking.rules.current().hash == hash_of(OTHER)


def test_activating_an_earlier_ruleset_again_makes_it_the_active_one(sqlite, folder):
    """Going back to yesterday's folder is an activation like any other."""
    for text in (MAPPING, OTHER, MAPPING):
        activate(sqlite, mapping.build({"rules.yaml": text}).usable())
    assert Rules(sqlite, folder, pinned=True).current().hash == hash_of(MAPPING)


def test_active_ruleset_is_stored_with_its_text(sqlite, folder):
    """What an event was routed with can be read again by its hash."""
    Rules(sqlite, folder)
    with sqlite.read() as connection:
        hash, texts = connection.exec_driver_sql(
            "SELECT hash, texts FROM rulesets"
        ).one()
    assert (hash, json.loads(texts)) == (hash_of(MAPPING), {"rules.yaml": MAPPING})


def logged(look, *steps):
    """What is logged during these steps: each changes the folder, and then it is looked at for a while."""
    with capture_logs() as logs:
        for step in steps:
            step()
            for _ in range(6):
                look.after(QUIET)
    return [(one["log_level"], one["event"]) for one in logs]


def test_findings_of_the_folder_are_logged_once(sqlite, folder):
    """Looking again, or saving the same again, says nothing new; the log has the first place and what is wrong."""
    look = Looking(Rules(sqlite, folder))
    with capture_logs() as logs:
        for _ in range(3):
            write(folder, BAD)
            for _ in range(5):
                look.after(QUIET)
    (line,) = logs
    assert (line["event"], line["errors"]) == ("ruleset not reloaded", 1)
    assert line["first"].startswith("rules.yaml:2:")
    assert "error[M0" in line["first"]


def test_other_findings_and_the_repair_are_logged_once_each(sqlite, folder):
    """What changes is said: other findings, the end of them, and nothing for a file that is only touched."""
    look = Looking(Rules(sqlite, folder))
    other = MAPPING.replace("version: 1", "version: 2")
    assert logged(
        look,
        lambda: write(folder, MAPPING),
        lambda: write(folder, BAD),
        lambda: write(folder, other),
        lambda: write(folder, MAPPING),
        lambda: write(folder, MAPPING),
        lambda: write(folder, OTHER),
        lambda: os.utime(folder / "rules.yaml", (1, 1)),
    ) == [
        ("error", "ruleset not reloaded"),
        ("error", "ruleset not reloaded"),
        ("info", "the folder has no errors any more"),
        ("info", "ruleset reloaded"),
    ]


class Gone:
    """Rules whose store is not there for some looks."""

    def __init__(self, *fails):
        self.fails = [*fails]

    def look(self, now, offload):
        if said := self.fails.pop(0):
            raise StoreUnavailable(said)


def test_rules_that_cannot_be_followed_are_logged_once():
    """A store that is gone for an hour makes one line, another reason another, and its return one."""
    rules, told = Gone("gone", "gone", "full", "", ""), ""
    with capture_logs() as logs:
        for _ in range(5):
            told = follow.look(rules, lambda function: function(), told)
    assert [one.get("error", one["event"]) for one in logs] == [
        "gone", "full", "rules are followed again"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("secret", "refused"), [("no base64!", True), ("6b" * 24, False)]
)
def test_a_secret_that_proves_nothing_is_an_error_at_start(
    sqlite, folder, monkeypatch, secret, refused
):
    """Its sender would be answered 503; one that only looks odd is used as it is."""
    svix = "version: 1\nsource: { name: svix, provider: standard, verify: { secret: { env: SVIX } } }\n"
    (folder / "svix.yaml").write_text(svix)
    monkeypatch.setenv("SVIX", secret)
    if not refused:
        assert Rules(sqlite, folder).current().sources["svix"]
        return
    with pytest.raises(MappingError) as error:
        Rules(sqlite, folder)
    assert "SVIX" in error.value.findings[0].message
