"""`do: look_up_again` in a mapping file: where it can stand, and what a test makes of it."""

import pytest

from bridge import mapping
from bridge.mapping.responses import SECOND_LOOKS

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
