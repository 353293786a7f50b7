"""`do: look_up_again` in a mapping file: where it can stand, and what a test makes of it."""

import pytest

from bridge import mapping
from bridge.mapping.rules.answers import SECOND_LOOKS

FILE = """version: 1
source:
  name: shop
  provider: generic
  verify: { scheme: token, header: X-Token, secret: { env: SHOP_SECRET } }
  event: { id: body.id, type: body.type }
  fetch:
    target: http.request
    connection: { base_url: https://shop.example.com }
    auth: { bearer: { env: SHOP_TOKEN } }
    fields: { method: GET, path: "/orders/{{ event.order }}" }
rules:
  - id: adds
    let: { total: "{{ fetched.total }}" }
    target: http.request
    connection: { base_url: https://erp.example.com }
    auth: { bearer: { env: ERP_TOKEN } }
    fields: { method: PUT, path: "/orders/{{ event.order }}", body: { total: "{{ total + 1 }}" } }
    responses: [{ when: "response.status in [409, 412]", do: look_up_again }]
tests:
  - name: an order
    given: order.json
    fetched: { total: 1 }
    expect: { adds: { body: { total: 2 }, replies: [REPLIES], final: FINAL } }
"""
FETCH = FILE[FILE.index("  fetch:") : FILE.index("rules:")]
ORDER = '{"id": "1", "type": "order.paid", "order": "77"}'


def findings(text):
    return mapping.build(
        {
            "a.yaml": text.replace("[REPLIES]", "[{ status: 200 }]").replace(
                "FINAL", "delivered"
            )
        },
        {},
    ).findings


def test_where_it_can_stand():
    """In a rule whose call is made of what was looked up, straight or by a name of `let`, in the body or a header."""
    assert not findings(FILE)
    header = FILE.replace(
        'body: { total: "{{ total + 1 }}" }',
        'headers: { If-Match: "{{ fetched_headers.etag }}" }',
    )
    assert not findings(header)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            FILE.replace(FETCH, "")
            .replace("fetched.total", "event.total")
            .replace("    fetched: { total: 1 }\n", ""),
            "source 'shop' has no fetch, so nothing can be looked up again",
        ),
        (
            FILE.replace("fetched.total", "event.total"),
            "the rule uses nothing of the look-up, so the same call would be made again",
        ),
    ],
)
def test_where_it_cannot(text, told):
    """Each is told at the word itself; what is proposed makes the file right."""
    (found,) = findings(text)
    assert (found.code, found.message, found.help) == ("M102", told, "write do: retry")
    line = text.split("\n")[found.place.line - 1]
    start = found.place.column - 1
    assert line[start : start + found.place.length] == "look_up_again"
    assert not findings(text.replace("do: look_up_again", "do: retry"))


def test_defaults_of_a_file_are_held_against_each_rule():
    """A response that all rules of a file share is told for the one that looks at nothing."""
    responses = '    responses: [{ when: "response.status in [409, 412]", do: look_up_again }]\n'
    assert responses in FILE
    shared = FILE.replace(responses, "").replace(
        "rules:", "defaults:\n" + responses[2:] + "rules:", 1
    )
    assert not findings(shared)
    assert len(findings(shared.replace("fetched.total", "event.total"))) == 1


@pytest.mark.parametrize(
    ("replies", "final", "right"),
    [
        ("{ status: 412 }, { status: 200 }", "delivered", True),
        ("{ status: 409 }, { status: 412 }, { status: 200 }", "delivered", True),
        (", ".join(["{ status: 412 }"] * (SECOND_LOOKS + 1)), "dead", True),
        (", ".join(["{ status: 412 }"] * SECOND_LOOKS), "waiting", True),
        ("{ status: 422 }", "dead", True),
        ("{ status: 412 }", "dead", False),
        ("{ status: 412 }", "delivered", False),
    ],
)
def test_a_test_gives_the_replies(tmp_path, replies, final, right):
    """After 409 or 412 the call waits for its look-up, and three of them are the most."""
    (tmp_path / "order.json").write_text(ORDER)
    text = FILE.replace("[REPLIES]", f"[{replies}]").replace("FINAL", final)
    (result,) = mapping.run_cases(
        mapping.build({"a.yaml": text}, {}).usable(), tmp_path
    )
    assert bool(result.failures) is not right


GUARDED = (
    FILE.replace("    let:", "    when: fetched.open\n    let:")
    .replace("{{ total + 1 }}", "{{ total + 1 / fetched.step }}")
    .replace(
        'path: "/orders/{{ event.order }}", body',
        "path: \"/orders/{{ fetched.order | default('77') }}\", "
        'headers: { If-Match: "{{ fetched_headers.etag }}" }, body',
    )
    .replace(
        "fetched: { total: 1 }",
        "fetched: { total: 1, open: true, step: 1 }\n    fetched_headers: { ETag: v1 }",
    )
)
SECOND = """    expect:
      adds:
        headers: { if-match: v1 }
        replies: [{ status: 412 }]
        again:
          fetched: { total: 5, open: true, step: 1 }
          fetched_headers: { ETag: v2 }
          expect: OUTCOME
"""
DONE = "{ body: { total: 6 }, headers: { if-match: v2 }, replies: [{ status: 200 }], final: delivered }"
LAST = "{ replies: [{ status: 412 }], final: FINAL }"


def looked_up(folder, outcome, second=SECOND, text=GUARDED):
    """The failures of a test whose call is looked up again."""
    (folder / "order.json").write_text(ORDER)
    head = text[: text.index("    expect:")]
    loaded = mapping.build({"a.yaml": head + second.replace("OUTCOME", outcome)}, {})
    (result,) = mapping.run_cases(loaded.usable(), folder)
    return loaded.ruleset, result


def thrice(final):
    """An outcome that is looked up again twice more."""
    outcome = LAST.replace("FINAL", final)
    for _ in range(2):
        answer = (
            "fetched: { total: 5, open: true, step: 1 }, fetched_headers: { ETag: v2 }"
        )
        outcome = f"{{ replies: [{{ status: 412 }}], again: {{ {answer}, expect: {outcome} }} }}"
    return outcome


@pytest.mark.parametrize(
    ("outcome", "change", "told"),
    [
        (DONE, {}, []),
        (DONE.replace("total: 6", "total: 2"), {}, ["rule 'adds': body.total differs"]),
        (DONE.replace("v2", "v1"), {}, ["rule 'adds': headers.if-match differs"]),
        (DONE.replace("delivered", "dead"), {}, ["should be dead at reply 1"]),
        ("{ body_contains: { total: 6 } }", {}, []),
        (LAST.replace("FINAL", "waiting"), {}, []),
        (thrice("dead"), {}, []),
        (thrice("waiting"), {}, ["should be waiting at reply 1, but is dead"]),
        ("no_match", {"open: true": "open: false"}, []),
        (DONE, {"open: true": "open: false"}, ["give a call, but gave no_match"]),
        ("{ error: E301 }", {", step: 1": ""}, []),
        ("no_match", {", step: 1": ""}, ["give no_match, but gave error E301"]),
        ("{ final: dead }", {"step: 1": "step: 1, order: 78"}, []),
        (DONE, {"step: 1": "step: 1, order: 78"}, ["makes no call: looked up again"]),
    ],
)
def test_a_test_says_what_the_fresh_look_up_answers(tmp_path, outcome, change, told):
    """The rule is asked again with that answer, and the call that it makes then is judged as any other."""
    second = SECOND
    for old, new in change.items():
        second = second.replace(old, new)
    _, result = looked_up(tmp_path, outcome, second)
    found = [one.diagnostic.message for one in result.failures]
    assert len(found) == len(told), found
    assert all(
        part in message for part, message in zip(told, found, strict=True)
    ), found


@pytest.mark.parametrize(
    ("reply", "but"),
    [
        ("{ status: 200 }", "delivered"),
        ("{ status: 503 }", "waiting"),
        ("timeout", "waiting"),
    ],
)
def test_what_is_not_refused_is_not_looked_up_again(tmp_path, reply, but):
    """The failure says what became of the call instead, at `again`."""
    second = SECOND.replace("{ status: 412 }", reply)
    _, result = looked_up(tmp_path, DONE, second)
    (failure,) = result.failures
    said = f"should be looked up again at reply 1, but is {but} at reply 1"
    assert failure.diagnostic.code == "T506" and said in failure.diagnostic.message
    assert failure.diagnostic.place.column == 9


def test_the_answer_may_stand_in_a_file(tmp_path):
    """As what the first look-up answers; a file that is not there is told by its name."""
    answer = "{ total: 5, open: true, step: 1 }"
    second = SECOND.replace(answer, "second.json")
    (failure,) = looked_up(tmp_path, DONE, second)[1].failures
    assert failure.diagnostic.code == "T501"
    assert "'second.json' cannot be read" in failure.diagnostic.message
    (tmp_path / "second.json").write_text('{"total": 5, "open": true, "step": 1}')
    assert looked_up(tmp_path, DONE, second)[1].passed


def test_an_item_of_for_each_is_made_anew_alone(tmp_path):
    """Each call of the list says for itself whether it is looked up again."""
    each = GUARDED.replace(
        "    when: fetched.open\n",
        "    for_each: { in: \"{{ ['a', 'b'] }}\", as: box, key: \"{{ box }}\" }\n",
    ).replace("fetched.order | default('77')", "box")
    lines = [f"  {line}" for line in SECOND.splitlines()[2:]]
    lines[0] = f"        - {lines[0].strip()}"
    second = "\n".join(SECOND.splitlines()[:2] + lines)
    second += "\n        - { path: /orders/b, replies: [{ status: 200 }], final: delivered }\n"
    outcome = DONE.replace("headers", "path: /orders/a, headers")
    assert looked_up(tmp_path, outcome, second, each)[1].passed


def test_a_rule_in_shadow_is_tested_as_if_it_were_live(tmp_path):
    """Its tests are written before it goes live."""
    shadow = GUARDED.replace("  - id: adds\n", "  - id: adds\n    mode: shadow\n")
    assert looked_up(tmp_path, DONE, SECOND, shadow)[1].passed


def test_update_rewrites_what_is_expected_of_the_second_call(tmp_path):
    """As of any other call; the replies are left alone."""
    ruleset, result = looked_up(tmp_path, DONE.replace("total: 6", "total: 2"))
    update = mapping.update_cases(ruleset, [result])
    assert not update.left
    assert DONE in update.texts["a.yaml"]


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("expect: OUTCOME", "expect: [{ body: {} }]", "T502", "so it has one outcome"),
        ("expect: OUTCOME", "expect: sent", "T502", "this is not an outcome"),
        ("          expect: OUTCOME\n", "", "M103", "'again.expect'"),
        ("          fetched: {", "          x: {", "M101", "unknown key"),
        ("        replies: [{ status: 412 }]\n", "", "M103", "'replies'"),
        ("        again:", "        final: dead\n        again:", "M101", "'final'"),
    ],
)
def test_what_again_cannot_hold_is_told(old, new, code, message):
    """Each at its place, before any test is run."""
    assert old in SECOND
    head = GUARDED[: GUARDED.index("    expect:")]
    second = SECOND.replace(old, new).replace("OUTCOME", DONE)
    found = mapping.build({"a.yaml": head + second}, {}).findings
    assert any(one.code == code and message in one.message for one in found), found
