"""The playground: a draft and a sample, without sending, storing or resolving a secret."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from running import MAPPING
from working import TICKET, Bench, failed, paid

from bridge import mapping
from bridge.services import drafts, rulesets, samples
from bridge.services.drafts import BadDraft, Draft
from bridge.services.playground import as_json, play
from bridge.services.samples import Sample
from bridge.settings import Settings

CANARY = "canary-5f1d"
OPTIONS = MAPPING.replace(
    "connection: { subdomain: acme }", "connection: { subdomain: { env: SUBDOMAIN } }"
)


@pytest.fixture
def bench(sqlite, sandbox, monkeypatch):
    monkeypatch.setenv("SUBDOMAIN", "acme")
    monkeypatch.setenv("VAMBE_API_KEY", CANARY)
    monkeypatch.setenv("KAPTURE_TOKEN", CANARY)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", CANARY)
    bench = Bench(sqlite, sandbox, OPTIONS)
    rulesets.activate(sqlite, bench.ruleset)
    bench.receive(paid("evt_1"))
    bench.receive(failed("evt_2", "1,2"))
    return bench


def played(bench, text="", sample=None, file="rules.yaml", folder="mappings"):
    draft = Draft(file=file if text else "", text=text)
    settings = Settings(mappings=Path(folder))
    found = play(
        bench.database,
        bench.ruleset,
        draft,
        sample or Sample(event="1"),
        settings=settings,
        now=datetime.now(UTC),
    )
    return as_json(found, Path(folder))


def pasted(payload, source="stripe"):
    return Sample(source=source, pasted=json.dumps(payload))


def test_a_draft_meets_an_event(bench):
    """What each rule decides, the masked request, the difference to the rules in force, and the patch."""
    found = played(bench, OPTIONS.replace("currency: ", "currency: USD #"))
    assert found["usable"]
    (event,) = found["events"]
    assert [rule["outcome"] for rule in event["rules"]] == ["matched", "no_match"]
    request = event["rules"][0]["calls"][0]["request"]
    assert any("<secret>" in value for _, value in request["headers"])
    (one,) = event["differences"]
    assert one["kind"] == "changed" and one["ticket"] == TICKET
    assert one["changes"] == [{"name": "currency", "before": "CLP", "after": "USD"}]
    assert any(
        line.startswith("+      currency: USD") for line in found["patch"][0]["lines"]
    )
    assert bench.states() == []


def test_without_a_draft_nothing_differs(bench):
    """The rules in force meet the sample as they are."""
    found = played(bench)
    assert found["patch"] == [] and found["events"][0]["differences"] == []


def test_a_mistake_is_found_before_anything_is_tried(bench):
    """As `check` finds it, with its place."""
    found = played(bench, OPTIONS.replace("| upper", "| uper"))
    assert not found["usable"] and found["events"] == []
    errors = [one for one in found["findings"] if one["severity"] == "error"]
    assert errors[0]["file"] == "mappings/rules.yaml" and "uper" in errors[0]["message"]


def test_a_value_that_the_sample_lacks_is_told_from_a_mistake(bench):
    """Another event may have it; text that is not a number will not become one."""
    lacking = paid("evt_9")
    del lacking["data"]["object"]["metadata"]["vambe_ticket_id"]
    (event,) = played(bench, sample=pasted(lacking))["events"]
    assert event["rules"][0]["outcome"] == "error"
    assert event["rules"][0]["missing_in_sample"]
    (event,) = played(bench, sample=pasted(paid("evt_9", ticket="no uuid")))["events"]
    assert event["rules"][0]["outcome"] == "error"
    assert not event["rules"][0]["missing_in_sample"]


def test_personal_data_of_a_stored_event_is_hidden_from_expressions(bench):
    """So that no expression can spell it otherwise; with Reveal, and in pasted text, it is there."""
    mail = "ana@shop.example"
    event = paid("evt_3")
    event["data"]["object"]["customer_email"] = mail
    number = bench.receive(event)
    text = OPTIONS.replace(
        '"{{ inv.metadata.vambe_ticket_id | uuid }}"',
        "\"{{ inv.customer_email | replace('@', '%') }}\"",
    )
    spelt = mail.replace("@", "%")
    assert spelt not in repr(played(bench, text, Sample(event=str(number))))
    revealed = Sample(event=str(number), revealed=True)
    assert spelt in repr(played(bench, text, revealed))
    assert spelt in repr(played(bench, text, pasted(event)))


def test_no_secret_can_be_shown(bench):
    """Not even as an option of a connection, where a draft may name any variable."""
    for name in ("VAMBE_API_KEY", "STRIPE_WEBHOOK_SECRET", "BRIDGE_SECRET_KEY", "HOME"):
        text = OPTIONS.replace("{ env: SUBDOMAIN }", "{ env: %s }" % name)
        found = played(bench, text, Sample(event="2"))
        assert CANARY not in repr(found)
        url = found["events"][0]["rules"][1]["calls"][0]["request"]["url"]
        assert f"<{name}>" in url
    url = played(bench, "", Sample(event="2"))["events"][0]["rules"][1]["calls"][0]
    assert "acme" in url["request"]["url"]


def test_no_file_of_the_machine_can_be_read(bench, tmp_path):
    """Neither by a table, nor by a test of the draft, nor by the name of the draft."""
    (tmp_path / "secret.csv").write_text(f"a,b\n1,{CANARY}\n")
    (tmp_path / "secret.json").write_text(json.dumps({"id": CANARY}))
    folder = tmp_path / "mappings"
    folder.mkdir()
    table = f"tables:\n  t: {{ csv: {tmp_path}/secret.csv, key: a, value: b }}\n"
    found = played(bench, OPTIONS + table, folder=str(folder))
    assert not found["usable"] and CANARY not in repr(found)
    case = "tests:\n  - name: mine\n    given: ../secret.json\n    expect: {}\n"
    with pytest.raises(BadDraft, match="no test of the rules in force"):
        played(bench, OPTIONS + case, Sample(case="mine"), folder=str(folder))
    for name in (
        "../x.yaml",
        "/etc/x.yaml",
        "a/../x.yaml",
        "x.txt",
        ".x.yaml",
        "a\n.yaml",
    ):
        with pytest.raises(BadDraft):
            played(bench, OPTIONS, file=name)


def test_what_is_too_large_or_hostile_is_refused(bench):
    """A large draft or payload, an alias bomb, text that no file holds, a payload that is not JSON."""
    with pytest.raises(BadDraft, match="larger"):
        played(bench, "#" * (drafts.MOST + 1))
    with pytest.raises(BadDraft, match="larger"):
        played(bench, sample=Sample(source="stripe", pasted="1" * (samples.MOST + 1)))
    bomb = "a: &a [x, x]\n" + "".join(
        f"b{n}: &b{n} [{', '.join([f'*{previous}'] * 9)}]\n"
        for n, previous in enumerate(["a", *(f"b{n}" for n in range(8))])
    )
    assert not played(bench, bomb)["usable"]
    for text in ("\0", "\ud800"):
        with pytest.raises(BadDraft):
            played(bench, OPTIONS + f"# {text}")
    for sample in (
        Sample(source="stripe", pasted="{"),
        Sample(source="stripe", pasted="GET nothing"),
        Sample(source="other", pasted="{}"),
        Sample(event="999"),
        Sample(case="other"),
    ):
        with pytest.raises(BadDraft):
            played(bench, sample=sample)


def test_samples_can_be_picked(database, sandbox):
    """The newest of each type, dead letters, and the tests of the rules in force."""
    bench = Bench(database, sandbox)
    rulesets.activate(database, bench.ruleset)
    for event in (paid("evt_1"), paid("evt_2"), failed("evt_3")):
        bench.receive(event)
    bench.receive(paid("evt_4", ticket="no uuid"))
    bench.work()
    found = samples.choices(database, bench.ruleset)
    kinds = [(one.kind, one.name) for one in found]
    assert kinds == [("event", "4"), ("event", "3"), ("dead", "4")]
    assert "invoice.paid" in found[0].label


def test_a_recorded_payload_is_tried(bench, monkeypatch):
    """By the name of a test that the rules in force have."""
    root = Path(__file__).parents[2]
    loaded = mapping.load(root / "mappings").usable()
    bench.ruleset = loaded
    name = loaded.cases[0].name
    found = played(bench, sample=Sample(case=name), folder=str(root / "mappings"))
    assert found["events"]
