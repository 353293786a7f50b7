"""What one event may render is bounded in bytes, whatever makes it large, and counted before memory is taken."""

import tracemalloc

import pytest
from test_mapping_route import HEAD, event

from bridge.mapping import build, route
from bridge.mapping.expressions import Allowance, TooMuch
from bridge.model import Said
from bridge.settings import MAX_RENDERED
from bridge.strict import json

CALL = """  - id: {id}
    target: http.request
    connection: {{ base_url: "https://x.example" }}
    auth: {{ bearer: {{ env: T }} }}
"""
EACH = '    for_each: { in: "{{ event.lines }}", as: line, key: "{{ line }}" }\n'
LONG = "n" * 1_000_000


def rule(fields, id="big", *more):
    return CALL.format(id=id) + "".join(more) + f"    fields: {fields}\n"


def decide(rules, happened, **options):
    loaded = build({"a.yaml": HEAD + rules}, {})
    assert loaded.ruleset is not None, loaded.findings
    return route(happened, loaded.ruleset, **options)


LARGE = {
    "one text in the body of each item": rule(
        '{ method: PUT, path: "/t/{{ line }}", body: { note: "{{ event.note }}" } }',
        "big",
        EACH,
    ),
    "one text in a list of each item": rule(
        '{ method: PUT, path: "/t/{{ line }}", body: [{ a: ["{{ event.note }}"] }] }',
        "big",
        EACH,
    ),
    "the whole event, of many small values, in each item": rule(
        '{ method: PUT, path: "/t/{{ line }}", body: { all: "{{ event }}" } }',
        "big",
        EACH,
    ),
    "one text as a header": rule(
        '{ method: PUT, path: "/t/{{ line }}", headers: { X-Note: "{{ event.note }}" } }',
        "big",
        EACH,
    ),
    "one text in the query": rule(
        '{ method: PUT, path: "/t/{{ line }}", query: { note: "{{ event.note }}" } }',
        "big",
        EACH,
    ),
    "one text in many places of one call": rule(
        "{ method: PUT, path: /t, body: {"
        + ", ".join(f'n{n}: "{{{{ event.note }}}}"' for n in range(20))
        + " } }"
    ),
    "one text as the lane of each item": rule(
        '{ method: PUT, path: "/t/{{ line }}" }',
        "big",
        EACH,
        '    ordering: { key: "{{ event.note }}" }\n',
    ),
}


@pytest.mark.parametrize("what", LARGE)
def test_more_than_the_bound_is_an_error_that_says_how_much(what):
    """A rule that would make more than 8 MiB of calls is an error: it names the rule, the bytes and the bound.

    Memory stays near the bound while that is found out.
    """
    happened = event({"note": LONG, "lines": list(range(1000)), "small": [1] * 1000})
    tracemalloc.start()
    [said] = decide(LARGE[what], happened)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (said.said, said.rendered) == (Said.ERROR, ())
    assert said.diagnostic.code == "E303"
    assert (
        "rule 'big'" in said.reason and f"{MAX_RENDERED:,} are allowed" in said.reason
    )
    came_to = int(said.reason.split(" come to ")[1].split(" bytes")[0].replace(",", ""))
    assert MAX_RENDERED < came_to < MAX_RENDERED * 1.5
    assert "BRIDGE_MAX_RENDERED" in said.diagnostic.help
    assert peak < 4 * MAX_RENDERED


def test_what_is_within_the_bound_is_whole():
    """Three items with one long text are made, byte for byte, and each says what it takes."""
    each = rule(
        '{ method: PUT, path: /t, body: { note: "{{ event.note }}" } }', "a", EACH
    )
    [said] = decide(each, event({"note": LONG, "lines": [1, 2, 3]}))
    assert [json.loads(one.call.body) for one in said.rendered] == [{"note": LONG}] * 3
    for one in said.rendered:
        assert 2 * len(LONG) < one.size < 2 * len(LONG) + 1000


def test_a_rule_that_makes_too_much_stops_no_other():
    """The rules before and after it have their calls: what it made in vain is not counted."""
    small = '{ method: PUT, path: /t, body: { note: "{{ event.note }}" } }'
    rules = (
        rule(small, "a") + LARGE["one text in the body of each item"] + rule(small, "z")
    )
    happened = event({"note": LONG, "lines": list(range(1000))})
    said = {one.rule: one.said for one in decide(rules, happened)}
    assert said == {"a": Said.MATCHED, "big": Said.ERROR, "z": Said.MATCHED}


def test_all_rules_of_an_event_share_the_bound():
    """What many rules make together is bounded: the first ones go, and those for which nothing is left are errors."""
    rules = "".join(
        rule('{ method: PUT, path: /t, body: { n: "{{ event.note }}" } }', f"r{n}")
        for n in range(6)
    )
    said = decide(rules, event({"note": LONG}))
    assert [one.said for one in said] == [Said.MATCHED] * 4 + [Said.ERROR] * 2


def test_the_bound_can_be_set():
    """`max_rendered` is what BRIDGE_MAX_RENDERED says."""
    large = event({"note": "n" * 2000})
    small = rule('{ method: PUT, path: /t, body: { n: "{{ event.note }}" } }')
    assert decide(small, large, max_rendered=5000)[0].said is Said.MATCHED
    assert decide(small, large, max_rendered=3000)[0].said is Said.ERROR


@pytest.mark.parametrize(
    "value",
    ["é" * 50, "\ud800" * 25, [""] * 100, {f"k{n}": None for n in range(30)}, 10**300],
    ids=str,
)
def test_every_kind_of_value_is_counted(value):
    """Text by its bytes and not its characters; lists, mappings and long numbers by what they hold."""
    with pytest.raises(TooMuch):
        Allowance(99).take_value(value)


@pytest.mark.parametrize("body", ['{ n: "{{ event.note }}" }', '"{{ event }}"'])
def test_a_call_is_written_once(body, monkeypatch):
    """However its body is checked and counted, each text of it is written as JSON a single time."""
    written, quote = [], json._quote
    monkeypatch.setattr(
        json, "_quote", lambda text: written.append(text) or quote(text)
    )
    rules = rule(f"{{ method: PUT, path: /t, body: {body} }}")
    (decision,) = decide(rules, event({"note": "a note"}))
    (rendered,) = decision.rendered
    assert b"a note" in rendered.call.body
    assert written.count("a note") == 1
