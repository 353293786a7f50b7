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
        "expect: { failed: { body: { … } } }            # two tickets, two calls",
        "expect: { failed: [ { body: { … } }, { body: { … } } ] }",
    ),
    "T505": _code(
        "another value",
        'A value of the call differs. Comparison is typed: "1" is not 1, 1 is 1.0.',
        "body_contains: { amount: '19.99' }",
        "body_contains: { amount: 19.99 }",
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
        "tests: []",
        "tests:\n  - { name: paid, given: paid.http, expect: { paid: { body: { … } } } }",
    ),
    "W602": _code(
        "retry of something that adds up",
        "After an unknown outcome the call is repeated, and the field is added a second time.",
        "retries: { on_ambiguous: retry }\nfields: { comment: … }",
        "retries: { on_ambiguous: hold }\nfields: { comment: … }",
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
    "W606": _code(
        "undocumented field",
        "The vendor takes fields of the tenant's own, so this one is sent; it may still be a misspelling.",
        "fields: { ticket_id: …, sub_staus: PS }",
        "fields: { ticket_id: …, sub_status: PS }",
    ),
}
