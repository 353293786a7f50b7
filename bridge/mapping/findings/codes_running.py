"""Codes of events (E32x), of tests (T5xx) and of warnings (W). Data only."""

from collections.abc import Mapping
from typing import Final

from bridge.mapping.expressions import Explanation


def _code(title: str, cause: str, wrong: str, right: str) -> Explanation:
    return Explanation(title=title, cause=cause, wrong=wrong, right=right)


EVENTS: Final[Mapping[str, Explanation]] = {
    "E320": _code(
        "condition without answer",
        "A condition (when, hold_if) gave something other than true or false for this event.",
        "when: event.active            # the text 'yes'",
        "when: event.active == 'yes'",
    ),
    "E321": _code(
        "no list to go through",
        "for_each.in gave something other than a list.",
        'for_each: { in: "{{ event.tickets }}" }            # the text 1,2',
        "for_each: { in: \"{{ event.tickets | split(',') }}\" }",
    ),
    "E322": _code(
        "items that cannot be told apart",
        "Two items of for_each have the same key or the same idempotency_key, so one would be taken for the other.",
        'for_each: { in: "{{ event.lines }}", as: line, key: "{{ line.kind }}" }',
        'for_each: { in: "{{ event.lines }}", as: line, key: "{{ line.id }}" }',
    ),
    "E323": _code(
        "no time",
        "ordering.at gave something other than a time; a bare number could be seconds or milliseconds.",
        "ordering: { at: event.updated }",
        "ordering: { at: event.updated | parse_date }",
    ),
    "E324": _code(
        "field refused",
        "A field's value is not one that the operation takes. Nothing is converted silently.",
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
        "unusable expectation",
        "An outcome or a path to patch that is not one.",
        "expect: { paid: matched }",
        "expect: { paid: { body_contains: { amount: 19.99 } } }",
    ),
    "T503": _code(
        "another outcome",
        "A rule did not do what the test expects. Rules that a test does not name are expected to give no_match.",
        "expect: { paid: skipped }            # but the rule matched",
        "expect: { paid: { body_contains: { amount: 19.99 } } }",
    ),
    "T504": _code(
        "another number of calls",
        "A rule made more or fewer calls than the test lists; several calls are a list.",
        "expect: { paid: { method: POST } }            # for_each makes two calls",
        "expect: { paid: [ { method: POST }, { method: POST } ] }",
    ),
    "T505": _code(
        "another value",
        'A value of the call differs. Comparison is typed: "1" is not 1, 1 is 1.0.',
        "body_contains: { amount: '19.99' }",
        "body_contains: { amount: 19.99 }",
    ),
    "T506": _code(
        "another end",
        "After its replies a call is in another state than final, or it ends before all of them are used. One reply is "
        "one attempt; without replies, final is the state before the first.",
        "replies: [{ status: 404 }]\nfinal: delivered            # but nothing takes 404 for a success",
        "replies: [{ status: 404 }]\nfinal: dead",
    ),
    "T507": _code(
        "response that cannot be tried",
        "The `when` of a response is an error for this answer. While delivering, it would be logged and passed over.",
        "when: response.body.code == 7            # but the answer is an HTML page",
        "when: response.body.code | default(0) == 7",
    ),
    "T508": _code(
        "event that cannot be looked up",
        "The source declares fetch, and this event is looked up before any rule is asked: the test says what that "
        "answers. It is also this code where the call of the look-up cannot be made of the event.",
        "given: payloads/mercadopago/payment.updated.http            # and no fetched",
        "given: payloads/mercadopago/payment.updated.http\nfetched: { status: approved, transaction_amount: 1500 }",
    ),
}

WARNINGS: Final[Mapping[str, Explanation]] = {
    "W402": _code(
        "secret is not set",
        "As A402, where nothing is sent: checks and tests need no secrets.",
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
        "retry of something that adds up",
        "After an unknown outcome the call is repeated, and the field is added a second time.",
        "retries: { on_ambiguous: retry }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
        "retries: { on_ambiguous: hold }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
    ),
    "W603": _code(
        "file that is not read",
        "Only files that end in .yaml are read.",
        "mappings/stripe.yml",
        "mappings/stripe.yaml",
    ),
    "W604": _code(
        "empty folder",
        "The mappings folder holds no *.yaml file, so no event does anything.",
        "BRIDGE_MAPPINGS=/srv/empty",
        "BRIDGE_MAPPINGS=/srv/mappings",
    ),
    "W605": _code(
        "two rules for one field",
        "Two rules set the same field of the same ticket for the same event, so one undoes what the other did.",
        "- id: paid\n  events: [invoice.paid]\n- id: any-invoice\n  events: [invoice.*]",
        "- id: paid\n  events: [invoice.paid]\n- id: failed-invoice\n  events: [invoice.payment_failed]",
    ),
    "W606": _code(
        "undocumented field",
        "The vendor takes fields of the tenant's own, so this one is sent; it may still be a misspelling.",
        "fields: { ticket_id: T1, sub_status: PS, dispositon: billing }",
        "fields: { ticket_id: T1, sub_status: PS, disposition: billing }",
    ),
    "W607": _code(
        "path that was never recorded",
        "No recorded payload of the rule's event types holds this path. With --strict only.",
        "when: inv.amount_payd > 0",
        "when: inv.amount_paid > 0",
    ),
    "W608": _code(
        "event type that was never recorded",
        "No recorded payload of the source is of this type. With --strict only.",
        "events: [invoice.payed]",
        "events: [invoice.paid]",
    ),
    "W609": _code(
        "rule without a negative test",
        "The rule has a condition, and no test shows an event of its type that it leaves alone. With --strict only.",
        "tests:\n  - { name: paid, given: paid.http, expect: { paid: { method: POST } } }",
        "tests:\n  - { name: paid, given: paid.http, expect: { paid: { method: POST } } }\n"
        "  - { name: free, given: paid.http, patch: { event.data.object.amount_paid: 0 }, expect: { paid: no_match } }",
    ),
    "W610": _code(
        "time that no event has",
        "max_event_age, ordering.stale or ordering.at goes by the time of the event, and this sender gives it none.",
        "source: getfly            # no time of its own\nordering: { stale: skip }",
        "source: getfly\nordering: { at: event.data.updated_at | parse_date, stale: skip }",
    ),
    "W611": _code(
        "coalescing of something that adds up",
        "A newer value does not replace a field that adds something or is merged, so all its updates are sent. Name the"
        " field where only the newest counts all the same.",
        "ordering: { coalesce: true }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
        "ordering: { coalesce: [comment] }\nfields: { ticket_id: T1, sub_status: PS, comment: Paid }",
    ),
    "W612": _code(
        "source that looks nothing up",
        "The sender's events name objects by id and hold nothing of them, so rules have nothing to decide by.",
        "source:\n  name: gocardless\n  verify: { secret: { env: GOCARDLESS_SECRET } }",
        "source:\n  name: gocardless\n  verify: { secret: { env: GOCARDLESS_SECRET } }\n"
        "  fetch:\n    target: http.request\n    connection: { base_url: https://api.gocardless.com }\n"
        "    auth: { bearer: { env: GOCARDLESS_TOKEN } }\n"
        '    fields: { method: GET, path: "/payments/{{ event.links.payment }}" }',
    ),
    "W613": _code(
        "path without braces",
        "A text that begins like a path is sent as it is written, for only what stands in {{ … }} is an expression.",
        "fields: { ticket_id: T1, sub_status: PS, comment: event.note }",
        'fields: { ticket_id: T1, sub_status: PS, comment: "{{ event.note }}" }',
    ),
    "W614": _code(
        "value that a comment cuts off",
        "To YAML a # after a space begins a comment, so what follows is no part of the value.",
        "fields:\n  ticket_id: T1\n  sub_status: PS\n  comment: Order #5",
        "fields:\n  ticket_id: T1\n  sub_status: PS\n  comment: 'Order #5'",
    ),
    "W615": _code(
        "source whose events have no id",
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
