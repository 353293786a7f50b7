"""Loading: which files are read, how they become one ruleset, and what is refused."""

import gc
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.mapping import CODES, build, load, missing_secrets
from bridge.mapping.findings.diagnostics import concise
from bridge.model import SecretRef
from bridge.strict.yaml import compose, plain

SOURCE = (
    "version: 1\nsource: { name: stripe, verify: { secret: { env: STRIPE_SECRET } } }\n"
)
RULE = """rules:
  - id: paid
    target: vambe.update_amount
    auth: { api_key: { env: VAMBE_KEY } }
    fields: { ticket_id: "{{ event.id }}", amount: 5 }
"""
KAPTURE = """rules:
  - id: {id}
    target: kapture.update_ticket
    connection: {connection}
    auth: {{ basic_token: {{ env: {token} }} }}
    fields: {{ ticket_id: "1", sub_status: PS }}
"""


def errors(loaded):
    return [one for one in loaded.findings if one.severity == "error"]


def rules(text, environ=None):
    """The rules of one good file."""
    loaded = build({"a.yaml": text}, environ or {})
    assert errors(loaded) == []
    return {rule.id: rule for rule in loaded.ruleset.rules}


def test_a_folder_is_read_with_its_subfolders_in_order_of_names(tmp_path):
    """Files may be split in any way; a rule names a source of another file."""
    (tmp_path / "shops" / "cl").mkdir(parents=True)
    (tmp_path / "z.yaml").write_text(SOURCE)
    (tmp_path / "shops" / "cl" / "a.yaml").write_text(
        "version: 1\nsource: stripe\n" + RULE
    )
    (tmp_path / ".hidden.yaml").write_text("nonsense: [")
    loaded = load(tmp_path, {})
    assert errors(loaded) == []
    assert set(loaded.texts) == {"z.yaml", "shops/cl/a.yaml"}
    assert [rule.id for rule in loaded.ruleset.rules_of("stripe")] == ["paid"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    """What is not in the folder is not part of its rules."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out.yaml").write_text(SOURCE)
    (tmp_path / "in" / "out.yaml").symlink_to(tmp_path / "out.yaml")
    loaded = load(tmp_path / "in", {})
    assert [one.code for one in loaded.findings] == ["M008"]
    assert loaded.ruleset is None and loaded.texts == {}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("empty", "warning[W604] the folder {} contains no *.yaml file"),
        ("gone", "error[M008] there is no folder {}"),
    ],
)
def test_a_finding_about_the_folder_names_it_and_no_line(tmp_path, name, said):
    """Nothing in it could be pointed at."""
    (tmp_path / "empty").mkdir()
    [finding] = load(tmp_path / name, {}).findings
    assert concise(finding, "mappings") == said.format(tmp_path / name)


def test_reading_leaves_the_garbage_collector_on(tmp_path, monkeypatch):
    """It rests while files are read, and goes on whatever happens; one that was off stays off."""
    seen = []
    monkeypatch.setattr(
        sys.modules["bridge.mapping.reading.load"],
        "overlaps",
        lambda rules: seen.append(gc.isenabled()) or 1 / 0,
    )
    with pytest.raises(ZeroDivisionError):
        build({"a.yaml": SOURCE}, {})
    assert seen == [False] and gc.isenabled()
    gc.disable()
    try:
        with pytest.raises(ZeroDivisionError):
            build({"a.yaml": SOURCE}, {})
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_mounted_config_map_is_read_once(tmp_path):
    """Kubernetes mounts files as links into a hidden folder of a hidden folder."""
    (tmp_path / "..2026_01").mkdir()
    (tmp_path / "..2026_01" / "a.yaml").write_text(SOURCE)
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    assert set(load(tmp_path, {}).texts) == {"a.yaml"}


@pytest.mark.parametrize(
    "name, raw, code",
    [
        ("a.yaml", b"\xff\xfe", "M008"),
        ("b.csv", "name;id\nJosé;7\n".encode("latin-1"), "M008"),
        ("a.yml", b"version: 1", "W603"),
        ("b.txt", b"", "W604"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_so(tmp_path, name, raw, code):
    """Nothing in the folder is silently passed over."""
    (tmp_path / name).write_bytes(raw)
    assert [one.code for one in load(tmp_path, {}).findings] == [code]


def test_a_missing_folder_is_a_finding(tmp_path):
    """A misspelt BRIDGE_MAPPINGS does not mean no rules."""
    assert load(tmp_path / "nowhere", {}).ruleset is None


def test_an_alias_bomb_ends_early():
    """Anchors that expand to a billion values are refused before they are made."""
    levels = "".join(
        f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    loaded = build({"a.yaml": "version: 1\nx-0: &a0 [x]\n" + levels}, {})
    assert [one.code for one in errors(loaded)] == ["M004"]


def test_the_hash_names_the_exact_texts():
    """The same texts give the same hash in any order; another name or another byte gives another one."""
    texts = {"a.yaml": SOURCE, "b.yaml": "version: 1\nsource: stripe\n" + RULE}
    first = build(texts, {}).ruleset.hash
    assert first == build(dict(reversed(texts.items())), {}).ruleset.hash
    assert first != build({**texts, "a.yaml": SOURCE + "\n"}, {}).ruleset.hash
    assert (
        first != build({"a.yaml": SOURCE, "c.yaml": texts["b.yaml"]}, {}).ruleset.hash
    )


def test_what_was_stored_builds_the_same_ruleset(tmp_path):
    """A ruleset out of the store is the one that was read from the folder."""
    (tmp_path / "a.yaml").write_text(SOURCE + RULE)
    loaded = load(tmp_path, {})
    assert build(loaded.texts, {}).ruleset.hash == loaded.ruleset.hash


def test_defaults_are_merged_key_by_key_and_the_rule_wins():
    """Mappings are merged, lists and texts replaced, and credentials never mixed."""
    defaults = (
        "defaults:\n  events: [a]\n  retries: { max_attempts: 3, max_age: 2h }\n"
        "  auth: { api_key: { env: OTHER } }\n"
    )
    own = RULE + "    events: [b, c]\n    retries: { max_age: 30m }\n"
    rule = rules(SOURCE + defaults + own)["paid"]
    assert rule.events == ("b", "c")
    assert (rule.retries.max_attempts, rule.retries.max_age) == (3, 1_800)
    assert rule.connection.auth == {"api_key": SecretRef(kind="env", name="VAMBE_KEY")}


def test_a_rules_auth_replaces_the_defaults_whole():
    """Two schemes of two places are never one auth."""
    text = SOURCE + (
        "defaults:\n  auth: { bearer: { env: A } }\n  connection: { base_url: https://a.example.com, rate: 5 }\n"
        "rules:\n  - id: paid\n    target: http.request\n    connection: { base_url: https://b.example.com }\n"
        "    auth: { header: { name: x-token, value: { env: B } } }\n    fields: { method: POST, path: /paid }\n"
    )
    connection = rules(text)["paid"].connection
    assert set(connection.auth) == {"header"}
    assert connection.options == {"base_url": "https://b.example.com"}


def test_a_target_may_come_from_the_defaults():
    """A key that is required of a rule may be said once for all."""
    text = (
        SOURCE
        + "defaults: { target: vambe.update_amount }\n"
        + RULE.replace("    target: vambe.update_amount\n", "")
    )
    assert rules(text)["paid"].operation.name == "vambe.update_amount"


@pytest.mark.parametrize(
    "key, written, help",
    [
        ("auth", "{ basic_token: { env: T } }", "beside connection"),
        ("vendor", "kapture", "the target names the vendor"),
    ],
)
def test_an_inline_connection_takes_options_alone(key, written, help):
    """Credentials at the wrong place are refused with the right one, not passed over."""
    connection = f"{{ subdomain: acme, {key}: {written} }}"
    text = KAPTURE.format(id="a", connection=connection, token="T")
    (found,) = errors(build({"a.yaml": SOURCE + text}, {}))
    assert found.code == "M101" and f"'{key}'" in found.message
    assert help in found.help
    assert found.place.line == 6


def test_inline_connections_have_stable_names():
    """The same words give the same name, by which people steer it; other credentials another one."""
    one = KAPTURE.format(id="one", connection="{ subdomain: acme }", token="A")
    same = KAPTURE.format(id="same", connection="{ subdomain: acme }", token="A")
    other = KAPTURE.format(id="other", connection="{ subdomain: acme }", token="B")
    bodies = "".join(text.removeprefix("rules:\n") for text in (one, same, other))
    found = rules(SOURCE + "rules:\n" + bodies)
    names = [found[id].connection.name for id in ("one", "same", "other")]
    assert names[0] == names[1] != names[2]
    assert all(name.startswith("kapture-") and len(name) == 14 for name in names)


@pytest.mark.parametrize("rate", ["0.1234567890123456789012345", "9" * 60])
def test_an_option_that_no_double_holds_is_a_finding(rate):
    """And not an exception while the connection is named."""
    text = SOURCE + KAPTURE.format(
        id="k", connection=f"{{ subdomain: acme, rate: {rate} }}", token="A"
    )
    [finding] = errors(build({"a.yaml": text}, {}))
    assert finding.code == "M102"


def test_a_rules_own_auth_wins_over_its_connections():
    """Credentials are per rule: another one is another connection, for its wrong token must not stop the first."""
    named = "connections:\n  k: { vendor: kapture, subdomain: acme, auth: { basic_token: { env: A } } }\n"
    own = KAPTURE.format(id="own", connection="k", token="B")
    same = KAPTURE.format(id="same", connection="k", token="A").removeprefix("rules:\n")
    found = rules(SOURCE + named + own + same)
    assert found["same"].connection.name == "k"
    assert found["own"].connection.name.startswith("k-")
    assert found["own"].connection.auth == {
        "basic_token": SecretRef(kind="env", name="B")
    }


def test_references_stay_references_and_options_are_read_where_set():
    """A connection keeps its references for the time it is sent; building sees the value, or its name."""
    text = SOURCE + KAPTURE.format(
        id="k", connection="{ subdomain: { env: SUB } }", token="A"
    )
    unset, given = rules(text)["k"], rules(text, {"SUB": "acme"})["k"]
    assert unset.connection.options == {"subdomain": SecretRef(kind="env", name="SUB")}
    assert unset.options == {"subdomain": "<SUB>"}
    assert given.options == {"subdomain": "acme"}
    assert unset.connection == given.connection


def test_missing_secrets_are_found_once_at_their_first_place(tmp_path):
    """Unset, empty, and unreadable ones; as errors, or as warnings where nothing is sent."""
    secret = tmp_path / "secret"
    text = SOURCE + RULE.replace("{ env: VAMBE_KEY }", f"{{ file: '{secret}' }}")
    ruleset = build({"a.yaml": text}, {}).ruleset
    found = missing_secrets(ruleset, {"STRIPE_SECRET": " "})
    assert [(one.code, one.place.line) for one in found] == [("A402", 2), ("A402", 6)]
    secret.write_text("x")
    assert missing_secrets(ruleset, {"STRIPE_SECRET": "y"}) == ()
    [warning] = missing_secrets(ruleset, {}, code="W402")
    assert warning.severity == "warning" and "STRIPE_SECRET" in warning.message


CSV = "tables: { deals: { csv: deals.csv, key: deal, value: ticket } }\n"


def test_a_table_may_live_in_a_csv_file():
    """Beside its mapping file; `_` is the fallback there as well; keys and values are text."""
    texts = {
        "in/a.yaml": SOURCE + CSV,
        "in/deals.csv": 'deal,ticket\n7,"a, b"\n_,none\n',
    }
    loaded = build(texts, {})
    assert errors(loaded) == []
    table = loaded.ruleset.tables["deals"]
    assert (table.rows, table.fallback) == ({"7": "a, b"}, "none")


@pytest.mark.parametrize(
    "csv, line",
    [
        ("deal,tickets\n7,a\n", 3),
        ("deal,ticket\n7,a\n7,b\n", 3),
        ("deal,ticket\n7\n", 2),
        ("deal,ticket\n7,a,b\n", 2),
        ('deal,ticket\n7,"a\n', 2),
        ("", 3),
        ('deal,"ticket\n', 1),
        (f"deal,{'x' * 200_000}\n", 1),
    ],
    ids=lambda it: str(it)[:20],
)
def test_a_csv_file_that_says_less_or_more_is_refused(csv, line):
    """A missing column is placed in the mapping file, a bad row in the CSV file."""
    [finding] = errors(build({"a.yaml": SOURCE + CSV, "deals.csv": csv}, {}))
    assert (finding.code, finding.place.line) == ("M109", line)


def test_a_rule_is_not_covered_by_a_test_that_expects_nothing_of_it():
    """W601 until some test expects it to match or to fail; a rule that is off needs none."""
    test = "tests:\n  - { name: t, given: a.http, expect: { paid: skipped } }\n"
    codes = [one.code for one in build({"a.yaml": SOURCE + RULE + test}, {}).findings]
    assert codes == ["W601"]
    off = RULE + "    mode: off\n"
    assert build({"a.yaml": SOURCE + off}, {}).findings == ()


WORDS = (
    "version source name provider verify secret env file event scheme connections vendor auth api_key headers "
    "base_url rate defaults rules id mode events let skip_if_missing when for_each in as key max target connection "
    "fields ticket_id amount hold_if ordering at stale idempotency_key max_event_age retries max_age on_ambiguous "
    "tables csv value _ tests given patch expect body error stripe vambe vambe.update_amount http.request 30m off"
).split()
TEXTS = st.sampled_from(WORDS) | st.sampled_from(
    ["{{ event.a }}", "{{ a | b }}", "{{", "a.b > 1", "1", "\u2028", ""]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | TEXTS,
    lambda below: st.lists(below, max_size=3)
    | st.dictionaries(st.sampled_from(WORDS), below, max_size=6),
    max_leaves=30,
)


@st.composite
def files(draw):
    """A good file in which anything stands at some places."""
    good = (
        SOURCE
        + "connections: { k: { vendor: kapture, subdomain: acme } }\n"
        + RULE
        + CSV
    )
    document = plain(compose(good, "a.yaml")[0])
    for _ in range(draw(st.integers(1, 4))):
        at = document
        while isinstance(at, dict | list) and at and draw(st.booleans()):
            keys = list(at) if isinstance(at, dict) else range(len(at))
            key = draw(st.sampled_from(keys))
            below = at[key]
            if not isinstance(below, dict | list) or draw(st.booleans()):
                at[key] = draw(ANYTHING)
            at = below
        if isinstance(at, dict):
            at[draw(st.sampled_from(WORDS))] = draw(ANYTHING)
    return json.dumps(document)


@settings(max_examples=200)
@given(files())
def test_whatever_a_person_writes_gives_findings_and_never_an_exception(text):
    """JSON is YAML, so any tree of any keys is a file that somebody could write."""
    loaded = build({"a.yaml": text, "deals.csv": "deal,ticket\n7,a\n"}, {})
    assert (loaded.ruleset is None) == bool(errors(loaded))
    for finding in loaded.findings:
        assert finding.place.file in ("a.yaml", "deals.csv")
        assert finding.code in CODES
