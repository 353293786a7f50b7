"""Diagnostics: how findings are written, sorted and masked."""

import pytest

from bridge.mapping import build
from bridge.mapping.findings.diagnostics import concise, full, to_dict
from bridge.model import Diagnostic, Place

HEAD = """version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_SECRET } } }
connections:
  vambe: { vendor: vambe, auth: { api_key: { env: VAMBE_KEY } } }
"""
RULES = """rules:
  - id: paid
    events: [invoice.paid]
    let: { inv: "{{ event.data.object }}" }
    target: vambe.update_amount
    connection: vambe
    fields:
      ticket_id: "{{ inv.metadata.ticket | uuid }}"
      amount: "{{ inv.amount_paid | from_minor(inv.currency) }}"
"""
GOOD = HEAD + RULES


def found(text):
    """Everything but the warning that no test covers a rule."""
    findings = build({"a.yaml": text}, {}).findings
    return [one for one in findings if one.code != "W601"]


def test_the_unchanged_file_has_no_findings():
    """What the mistakes above are made in is itself right."""
    assert found(GOOD) == []


def test_the_full_form_has_excerpt_caret_and_help():
    """The form that the documentation shows, to the character."""
    [finding] = found(GOOD.replace("from_minor", "from_mintor"))
    assert full(finding, "mappings") == (
        "mappings/a.yaml:13:37: error[E202] unknown helper 'from_mintor'\n"
        "   |\n"
        '13 |       amount: "{{ inv.amount_paid | from_mintor(inv.currency) }}"\n'
        "   |                                     ^^^^^^^^^^^\n"
        "   = help: did you mean 'from_minor'?"
    )


def test_a_literal_secret_is_shown_nowhere():
    """Not in the excerpt of its own finding, nor in that of another one on its line."""
    text = GOOD.replace("{ env: VAMBE_KEY } }", "sk_live_123 }, contry: CL")
    findings = found(text)
    assert {one.code for one in findings} == {"A401", "M101"}
    assert not any(
        "sk_live" in full(one) or "sk_live" in str(to_dict(one)) for one in findings
    )
    assert all("<secret>" in one.excerpt for one in findings)


def test_all_findings_of_all_files_come_in_one_run_sorted():
    """A bad key hides nothing that comes after it, in this file or another."""
    bad = GOOD.replace("events:", "evnts:").replace("from_minor", "from_mintor")
    other = "version: 1\nsource: nobody\n"
    findings = build({"b.yaml": bad, "a.yaml": other}, {}).findings
    assert [
        concise(one).split(" ")[0] for one in findings if one.severity == "error"
    ] == [
        "a.yaml:2:9:",
        "b.yaml:7:5:",
        "b.yaml:13:37:",
    ]


def test_a_default_that_is_wrong_is_found_once():
    """Defaults are merged under every rule, their findings are not multiplied."""
    other = RULES.removeprefix("rules:\n").replace("id: paid", "id: other")
    text = HEAD + 'defaults: { when: "inv.paid >" }\n' + RULES + other
    assert [one.code for one in found(text)] == ["E201"]


def test_a_duplicate_rule_id_names_both_places():
    """Also when the two stand in different files."""
    second = "version: 1\nsource: stripe\n" + RULES
    findings = build({"a.yaml": GOOD, "b.yaml": second}, {}).findings
    [finding] = [one for one in findings if one.severity == "error"]
    assert (
        concise(finding)
        == "b.yaml:4:9: error[M104] rule 'paid' is already declared at a.yaml:6"
    )


def test_a_caret_stands_under_wide_characters_and_tabs():
    """East Asian characters take two cells of a terminal; a tab stays a tab."""
    place = Place(file="a.yaml", line=1, column=5, length=2)
    lines = full(
        Diagnostic(code="M102", message="x", place=place, excerpt="\t日本 ab")
    ).split("\n")
    assert lines[-1] == "  | \t     ^^"


def test_a_long_line_is_cut_around_its_caret():
    """One endless line does not flood a terminal."""
    place = Place(file="a.yaml", line=1, column=5_000, length=3)
    excerpt = "x" * 4_999 + "abc" + "x" * 5_000
    lines = full(
        Diagnostic(code="M102", message="x", place=place, excerpt=excerpt)
    ).split("\n")
    start = lines[-1].index("^")
    assert lines[-2][start : start + 3] == "abc" and len(lines[-2]) < 200


def test_warnings_do_not_stop_a_ruleset():
    """A retry that may add a comment twice and a field nobody documents are said, and used."""
    text = HEAD + (
        "rules:\n  - id: note\n    target: kapture.update_ticket\n    connection: { subdomain: acme }\n"
        "    auth: { basic_token: { env: K } }\n    retries: { on_ambiguous: retry }\n"
        "    fields: { ticket_id: '1', sub_staus: PS, sub_status: PS, comment: hello }\n"
    )
    loaded = build({"a.yaml": text}, {})
    assert sorted(one.code for one in loaded.findings) == ["W601", "W602", "W606"]
    assert loaded.ruleset is not None


def test_coalescing_what_adds_up_is_said_at_its_place():
    """W611: what adds up or is merged is coalesced only by its name; what replaces may be coalesced."""
    text = HEAD + (
        "rules:\n  - id: note\n    target: kapture.update_ticket\n    connection: { subdomain: acme }\n"
        "    auth: { basic_token: { env: K } }\n    ordering: { coalesce: true }\n"
        "    fields: { ticket_id: '1', sub_status: PS, comment: hello }\n"
    )
    [found] = [
        one for one in build({"a.yaml": text}, {}).findings if one.code != "W601"
    ]
    assert (
        full(found)
        .splitlines()[0]
        .endswith(
            "warning[W611] 'comment' adds something each time, so these updates are not coalesced"
        )
    )
    assert found.excerpt[found.place.column - 1 :].startswith("coalesce")
    assert found.help.startswith("write coalesce: [comment] if")
    for old, new in (
        ("true", "false"),
        ("true", "[comment]"),
        (", comment: hello", ""),
    ):
        codes = {
            one.code for one in build({"a.yaml": text.replace(old, new)}, {}).findings
        }
        assert codes == {"W601"}


METADATA = HEAD + (
    "rules:\n  - id: meta\n    target: vambe.update_metadata\n    connection: { country: CL }\n"
    "    auth: { api_key: { env: K } }\n    ordering: { coalesce: true }\n"
    "    fields: { ticket_id: a1b2c3d4-e5f6-7890-abcd-ef1234567890, metadata: { plan: gold } }\n"
)
REQUEST = HEAD + (
    "rules:\n  - id: patch\n    target: http.request\n    connection: { base_url: 'https://a.example' }\n"
    "    ordering: { coalesce: true }\n"
    "    fields: { method: PATCH, path: /t/1, body: { a: '1' } }\n"
)


@pytest.mark.parametrize(
    ("text", "change", "coalesces"),
    [
        (METADATA, ("true", "true"), False),
        (METADATA, ("true", "[metadata]"), True),
        (REQUEST, ("true", "true"), False),
        (REQUEST, ("true", "[body]"), True),
        (REQUEST, ("PATCH", "PUT"), True),
        (REQUEST, ("PATCH", "'{{ event.how }}'"), False),
    ],
)
def test_what_is_merged_is_coalesced_by_its_name_alone(text, change, coalesces):
    """Metadata and PATCH join what is there: a rule has to say that only the newest counts, and check says so."""
    loaded = build({"a.yaml": text.replace(*change)}, {})
    (rule,) = loaded.ruleset.rules
    assert rule.coalesce is coalesces
    told = [one for one in loaded.findings if one.code == "W611"]
    assert bool(told) is not coalesces


def test_a_field_to_coalesce_is_one_of_the_rule():
    """A misspelt name is an error that names the right one."""
    text = METADATA.replace("coalesce: true", "coalesce: [metadat]")
    found = [one for one in build({"a.yaml": text}, {}).findings if one.code == "M105"]
    assert [one.help for one in found] == ["did you mean 'metadata'?"]
