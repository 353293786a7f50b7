"""Codes of events (E32x), of tests (T5xx) and of warnings (W). Data only."""

from collections.abc import Mapping
from typing import Final

from bridge.mapping.expressions import Explanation


def _code(title: str, cause: str, wrong: str, right: str) -> Explanation:
    return Explanation(title=title, cause=cause, wrong=wrong, right=right)


EVENTS: Final[Mapping[str, Explanation]] = {
    "E320": _code(
        "condition without true or false",
        "A condition (when, hold_if) gave something other than true or false for this event.",
        "when: event.active            # the text 'yes'",
        "when: event.active == 'yes'",
    ),
    "E321": _code(
        "not a list",
        "for_each.in gave something other than a list.",
        'for_each: { in: "{{ event.tickets }}" }            # the text 1,2',
        "for_each: { in: \"{{ event.tickets | split(',') }}\" }",
    ),
    "E322": _code(
        "items with the same key",
        "Two items of for_each have the same key or the same idempotency_key, so one would be mistaken for the other.",
        'for_each: { in: "{{ event.lines }}", as: line, key: "{{ line.kind }}" }',
        'for_each: { in: "{{ event.lines }}", as: line, key: "{{ line.id }}" }',
    ),
    "E323": _code(
        "not a time",
        "ordering.at gave something other than a time; a bare number could be seconds or milliseconds.",
        "ordering: { at: event.updated }",
        "ordering: { at: event.updated | parse_date }",
    ),
    "E324": _code(
        "field refused",
        "The operation does not accept the value of a field. Nothing is converted silently.",
        'amount: "{{ event.amount }}"            # the text 19.99',
        'amount: "{{ event.amount | number }}"',
    ),
}

TESTS: Final[Mapping[str, Explanation]] = {
    "T501": _code(
        "unusable recording",
        "The file under given cannot be read, is not a request, or cannot be patched.",
        "given: payloads/stripe/invoice.paid.http            # no such file",
        "given: ../tests/payloads/stripe/invoice.paid__clp.http",
    ),
    "T502": _code(
        "invalid expectation",
        "An expected outcome or a path to patch is not valid.",
        "expect: { paid: matched }",
        "expect: { paid: { body_contains: { amount: 19.99 } } }",
    ),
    "T503": _code(
        "different outcome",
        "A rule did not do what the test expects. Rules that a test does not name are expected to give no_match.",
        "expect: { paid: skipped }            # but the rule matched",
        "expect: { paid: { body_contains: { amount: 19.99 } } }",
    ),
    "T504": _code(
        "different number of calls",
        "A rule made more or fewer calls than the test lists; several calls are a list.",
        "expect: { paid: { method: POST } }            # for_each makes two calls",
        "expect: { paid: [ { method: POST }, { method: POST } ] }",
    ),
    "T505": _code(
        "different value",
        'A value of the call differs. Comparison is typed: "1" is not 1, 1 is 1.0.',
        "body_contains: { amount: '19.99' }",
        "body_contains: { amount: 19.99 }",
    ),
    "T506": _code(
        "different final state",
        "After the replies, the call is not in the state `final`, or it finished before all replies were "
        "used. One reply is one attempt; without replies, `final` is the state before the first attempt.",
        "replies: [{ status: 404 }]\nfinal: delivered            # but nothing takes 404 for a success",
        "replies: [{ status: 404 }]\nfinal: dead",
    ),
    "T507": _code(
        "response that fails",
        "The `when` of a response fails for this answer. In production, it would be logged and ignored.",
        "when: response.body.code == 7            # but the answer is an HTML page",
        "when: response.body.code | default(0) == 7",
    ),
    "T508": _code(
        "look-up without an answer",
        "The source declares fetch, and this event is looked up before any rule is asked: the test says what that "
        "answers. It is also this code where the call of the look-up cannot be made of the event.",
        "given: payloads/mercadopago/payment.updated.http            # and no fetched",
        "given: payloads/mercadopago/payment.updated.http\nfetched: { status: approved, transaction_amount: 1500 }",
    ),
}

WARNINGS: Final[Mapping[str, Explanation]] = {
    "W402": _code(
        "secret is not set",
        "Like A402, but only a warning: checks and tests send nothing, so they need no secrets.",
        "bridge check            # without VAMBE_API_KEY",
        "VAMBE_API_KEY=… bridge check --secrets",
    ),
    "W601": _code(
        "rule without a test",
        "No test expects this rule to match or to fail, so nobody knows what it does.",
        "tests:\n  - { name: free, given: paid.http, expect: { paid: no_match } }",
        "tests:\n  - { name: paid, given: paid.http, expect: { paid: { method: POST } } }",
    ),
    "W602": _code(
        "retry that may add twice",
        "After an unknown outcome the call is repeated, and the field is added a second time.",
        "retries: { on_ambiguous: retry }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
        "retries: { on_ambiguous: hold }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
    ),
    "W603": _code(
        "file that is ignored",
        "Only files that end in .yaml are read.",
        "mappings/stripe.yml",
        "mappings/stripe.yaml",
    ),
    "W604": _code(
        "empty folder",
        "The mappings folder contains no *.yaml file, so events have no effect.",
        "BRIDGE_MAPPINGS=/srv/empty",
        "BRIDGE_MAPPINGS=/srv/mappings",
    ),
    "W605": _code(
        "two rules for one field",
        "Two rules set the same field of the same ticket for the same event, so one overwrites the other.",
        "- id: paid\n  events: [invoice.paid]\n- id: any-invoice\n  events: [invoice.*]",
        "- id: paid\n  events: [invoice.paid]\n- id: failed-invoice\n  events: [invoice.payment_failed]",
    ),
    "W606": _code(
        "undocumented field",
        "The vendor accepts custom fields, so this one is sent; it may still be a misspelling.",
        "fields: { ticket_id: T1, sub_status: PS, dispositon: billing }",
        "fields: { ticket_id: T1, sub_status: PS, disposition: billing }",
    ),
    "W607": _code(
        "path that was never recorded",
        "No recorded payload of the rule's event types has this path. Only with --strict.",
        "when: inv.amount_payd > 0",
        "when: inv.amount_paid > 0",
    ),
    "W608": _code(
        "event type that was never recorded",
        "No recorded payload of the source has this type. Only with --strict.",
        "events: [invoice.payed]",
        "events: [invoice.paid]",
    ),
    "W609": _code(
        "rule without a negative test",
        "The rule has a condition, but no test shows an event of its type that it ignores. Only with --strict.",
        "tests:\n  - { name: paid, given: paid.http, expect: { paid: { method: POST } } }",
        "tests:\n  - { name: paid, given: paid.http, expect: { paid: { method: POST } } }\n"
        "  - { name: free, given: paid.http, patch: { event.data.object.amount_paid: 0 }, expect: { paid: no_match } }",
    ),
    "W610": _code(
        "events without a time",
        "max_event_age, ordering.stale or ordering.at needs the time of the event, but this sender's events have none.",
        "source: getfly            # no time of its own\nordering: { stale: skip }",
        "source: getfly\nordering: { at: event.data.updated_at | parse_date, stale: skip }",
    ),
    "W611": _code(
        "coalescing of added values",
        "A newer value does not replace a field that adds something or is merged, so all its updates are sent. Name the"
        " field where only the newest counts all the same.",
        "ordering: { coalesce: true }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
        "ordering: { coalesce: [comment] }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
    ),
    "W612": _code(
        "source without a look-up",
        "The sender's events contain only ids of objects, so rules have nothing to decide by.",
        "source:\n  name: gocardless\n  verify: { secret: { env: GOCARDLESS_SECRET } }",
        "source:\n  name: gocardless\n  verify: { secret: { env: GOCARDLESS_SECRET } }\n"
        "  fetch:\n    target: http.request\n    connection: { base_url: https://api.gocardless.com }\n"
        "    auth: { bearer: { env: GOCARDLESS_TOKEN } }\n"
        '    fields: { method: GET, path: "/payments/{{ event.links.payment }}" }',
    ),
    "W613": _code(
        "path without braces",
        "This text looks like a path, but it is sent as written: only text in {{ … }} is an expression.",
        "fields: { ticket_id: T1, sub_status: PS, comment: event.note }",
        'fields: { ticket_id: T1, sub_status: PS, comment: "{{ event.note }}" }',
    ),
    "W614": _code(
        "value cut off by a comment",
        "In YAML, a # after a space starts a comment, so the rest is not part of the value.",
        "fields:\n  ticket_id: T1\n  sub_status: PS\n  comment: Order #5",
        "fields:\n  ticket_id: T1\n  sub_status: PS\n  comment: 'Order #5'",
    ),
    "W615": _code(
        "events without an id",
        "Without event.id each delivery of a generic sender is an event, so what it sends again after an unclear answer"
        " is acted on twice. Name the field that tells its events apart; say id: each where repetitions count, or"
        " id: hash where the same body is the same event.",
        "source:\n  name: erp\n  provider: generic\n"
        "  verify: { scheme: token, header: X-Token, secret: { env: ERP_TOKEN } }",
        "source:\n  name: erp\n  provider: generic\n"
        "  verify: { scheme: token, header: X-Token, secret: { env: ERP_TOKEN } }\n"
        "  event: { id: body.event_id }",
    ),
}
