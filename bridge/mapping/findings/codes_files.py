"""Codes of what a file says: its YAML (M0xx), its keys and names (M1xx), its secrets (A4xx). Data only."""

from collections.abc import Mapping
from typing import Final

from bridge.mapping.expressions import Explanation


def _code(title: str, cause: str, wrong: str, right: str) -> Explanation:
    return Explanation(title=title, cause=cause, wrong=wrong, right=right)


YAML: Final[Mapping[str, Explanation]] = {
    "M001": _code(
        "not YAML",
        "The file is not YAML. Often, a value that starts with {{ has no quotes, or a line has the wrong indentation.",
        "description: {{ inv.number }} was paid",
        'description: "{{ inv.number }} was paid"',
    ),
    "M002": _code(
        "duplicate key",
        "A mapping has the same key twice; one of the two would be lost.",
        "fields: { amount: 1, amount: 2 }",
        "fields: { amount: 2 }",
    ),
    "M003": _code(
        "several documents",
        "A file must contain exactly one YAML document (documents are separated by --- lines).",
        "version: 1\n---\nversion: 1",
        "version: 1",
    ),
    "M004": _code(
        "too much",
        "A file has too many values or is nested too deeply, counted after its anchors are expanded.",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
        "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
        "e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]",
        "levels: { csv: tables/levels.csv, key: id, value: level }",
    ),
    "M005": _code(
        "tag",
        "YAML tags (!something) are not used here.",
        "secret: !vault stripe",
        "secret: { env: STRIPE_WEBHOOK_SECRET }",
    ),
    "M006": _code(
        "invalid key",
        "A key is a list or a mapping, or << merges something that is not a mapping.",
        "? [a, b]\n: 1",
        "a-b: 1",
    ),
    "M007": _code(
        "expression without quotes",
        "YAML reads {{ … }} without quotes as a mapping.",
        "amount: {{ inv.amount_paid }}",
        'amount: "{{ inv.amount_paid }}"',
    ),
    "M008": _code(
        "unreadable file",
        "A file of the folder cannot be opened, is not UTF-8, is larger than 4 MiB, or is a link that leads elsewhere.",
        "stripe.yaml -> /etc/other/stripe.yaml",
        "cp /etc/other/stripe.yaml mappings/stripe.yaml",
    ),
}

SHAPE: Final[Mapping[str, Explanation]] = {
    "M101": _code(
        "unknown key",
        "This key is not known here. No key is ever ignored.",
        "evnts: [invoice.paid]",
        "events: [invoice.paid]",
    ),
    "M102": _code(
        "wrong value",
        "The value of a key has the wrong type or form, or is out of bounds. Time spans need a unit.",
        "retries: { max_age: 30 }",
        "retries: { max_age: 30m }",
    ),
    "M103": _code(
        "missing key",
        "A required key is missing.",
        "- events: [invoice.paid]",
        "- id: paid-invoice\n  events: [invoice.paid]",
    ),
    "M104": _code(
        "name used twice",
        "The names of rules, sources, connections, tables and tests must be unique across all files.",
        "- id: paid\n- id: paid",
        "- id: paid\n- id: failed",
    ),
    "M105": _code(
        "unknown name",
        "A provider, operation, source, connection, table or rule with this name does not exist.",
        "target: vambe.update_amont",
        "target: vambe.update_amount",
    ),
    "M106": _code(
        "wrong fields",
        "The operation does not have a field, needs another one, or accepts only one of several.",
        "target: vambe.update_amount\nfields: { ammount: 5 }",
        'target: vambe.update_amount\nfields: { ticket_id: "{{ event.ticket }}", amount: 5 }',
    ),
    "M107": _code(
        "no source",
        "The file has rules or tests, but no source for their events.",
        "version: 1\nrules:\n"
        "  - { id: ping, target: http.request, connection: { base_url: https://example.com }, "
        "fields: { method: POST, path: /ping } }",
        "version: 1\nsource: stripe\nrules:\n"
        "  - { id: ping, target: http.request, connection: { base_url: https://example.com }, "
        "fields: { method: POST, path: /ping } }",
    ),
    "M108": _code(
        "connection of another vendor",
        "The rule's target and its connection belong to different vendors.",
        "target: kapture.update_ticket\nconnection: vambe-cl",
        "target: kapture.update_ticket\nconnection: kapture-in",
    ),
    "M109": _code(
        "unusable CSV table",
        "The CSV file is not in the folder, lacks a column, repeats a key, or has a row without key or value.",
        "deals: { csv: tables/deals.csv, key: Deal, value: ticket }",
        "deals: { csv: tables/deals.csv, key: deal, value: ticket }",
    ),
    "M110": _code(
        "delimiters",
        "when, hold_if, skip_if_missing and ordering.at take a bare expression; all other keys take a text"
        " with {{ … }}.",
        'when: "{{ inv.amount_paid > 0 }}"',
        "when: inv.amount_paid > 0",
    ),
    "M111": _code(
        "not a condition",
        "A condition must give true or false; this one gives something else for every event.",
        "when: inv.currency | upper",
        "when: inv.currency | upper == 'CLP'",
    ),
    "M112": _code(
        "reserved name",
        "A name of let or for_each already means something else in expressions.",
        'let: { event: "{{ event.data }}" }',
        'let: { data: "{{ event.data }}" }',
    ),
    "M113": _code(
        "unknown part of an answer",
        "Names of an answer's headers are in lower case, in `response.headers` as in `fetched_headers`. A response "
        "sees `response` alone: its status, its headers and its body. Tables are not there: an answer may come days "
        "after the event, when the files say something else.",
        "when: response.code == 404",
        "when: response.status == 404",
    ),
}

SECRETS: Final[Mapping[str, Explanation]] = {
    "A401": _code(
        "literal secret",
        "The file contains a secret. Files are committed, stored and shown, so they may only refer to secrets.",
        "auth: { api_key: the-key-itself }",
        "auth: { api_key: { env: VAMBE_API_KEY } }",
    ),
    "A402": _code(
        "secret is not set",
        "A reference points at a variable that is unset or empty, or at a file that cannot be read. Or its value does"
        " not have the form of this sender's secrets, so no signature could be checked with it.",
        "export VAMBE_API_KEY=",
        "export VAMBE_API_KEY=…",
    ),
    "A403": _code(
        "wrong auth",
        "The vendor does not accept this scheme, a part of it is missing, or no scheme is given.",
        "target: vambe.update_amount\nauth: { bearer: { env: VAMBE_API_KEY } }",
        "target: vambe.update_amount\nauth: { api_key: { env: VAMBE_API_KEY } }",
    ),
    "A404": _code(
        "not a reference",
        "A reference is a mapping with exactly one key, env or file.",
        "secret: { env: STRIPE WEBHOOK SECRET }",
        "secret: { env: STRIPE_WEBHOOK_SECRET }",
    ),
    "A405": _code(
        "source without a secret",
        "A source needs the secret that its sender signs with; without one, anybody could post.",
        "source: { name: stripe }",
        "source: { name: stripe, verify: { secret: { env: STRIPE_WEBHOOK_SECRET } } }",
    ),
    "A406": _code(
        "wrong connection option",
        "The variable or file of a connection option contains a value that the vendor cannot use.",
        "export GETFLY_HOST=https://acme.getflycrm.com/",
        "export GETFLY_HOST=acme.getflycrm.com",
    ),
}
