"""Finds: each mistake a person makes in a mapping file is found once, at its place, with what to write instead."""

import pytest

from bridge.mapping import CODES, build, explain
from bridge.mapping.findings.diagnostics import concise

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
AMOUNT = '"{{ inv.amount_paid | from_minor(inv.currency) }}"'
TARGET = "    target: vambe.update_amount\n"
AUTH = "{ api_key: { env: VAMBE_KEY } }"
TEST = "tests:\n  - { name: t, given: a.http, "

# what is replaced, by what; where and what is found; what stands over the caret; the help
FINDS = {
    "yaml": (
        RULES,
        "rules: [\n",
        "5:8: error[M001] not YAML: the [ that opens here is not closed",
        "[",
        "close it with ]",
    ),
    "target of another form": (
        TARGET,
        "    target: vambe/update_amount\n",
        "9:13: error[M102] 'target' is not a target such as vambe.update_amount",
        "vambe/update_amount",
        "did you mean 'vambe.update_amount'?",
    ),
    "unquoted": (
        AMOUNT,
        "{{ inv.paid }}",
        "13:16: error[M007] an expression needs quotes",
        "{ inv.paid }",
        'write it in quotes: amount: "{{ inv.paid }}"',
    ),
    "unquoted with text": (
        AMOUNT,
        "{{ inv.paid }} CLP",
        "13:30: error[M001] not YAML: did not find expected key",
        "C",
        'write it in quotes: amount: "{{ inv.paid }} CLP"',
    ),
    "duplicate key": (
        TARGET,
        TARGET + TARGET,
        "10:5: error[M002] duplicate key 'target', first on line 9",
        "target",
        "keep one of the two",
    ),
    "documents": (
        GOOD,
        GOOD + "---\nversion: 1\n",
        "14:1: error[M003] the file has 2 YAML documents, but must have one",
        "---",
        "drop the line ---, or put what follows into a file of its own",
    ),
    "tag": (
        "id: paid",
        "id: !x paid",
        "6:9: error[M005] YAML tags (a value that starts with !) are not used here",
        "!x paid",
        "drop it; write text in quotes, and a secret as { env: NAME }",
    ),
    "unknown key": (
        "events:",
        "evnts:",
        "7:5: error[M101] unknown key 'evnts'",
        "evnts",
        "did you mean 'events'?",
    ),
    "foreign key": (
        "connection: vambe",
        "webhook: []\n    connection: vambe",
        "10:5: error[M101] unknown key 'webhook'",
        "webhook",
        "known: auth, connection, description, events, fields, for_each, hold_if, id, idempotency_key, let, "
        "max_event_age, mode, ordering, responses, retries, skip_if_missing, target, when",
    ),
    "version": (
        "version: 1",
        "version: 2",
        "1:10: error[M102] 'version' must be 1",
        "2",
        "write 1",
    ),
    "no unit": (
        TARGET,
        "    retries: { max_age: 30 }\n" + TARGET,
        "9:25: error[M102] 'retries.max_age' needs a unit",
        "30",
        "write 30s for seconds; the other units are m, h and d",
    ),
    "bad duration": (
        TARGET,
        "    max_event_age: soon\n" + TARGET,
        "9:20: error[M102] 'max_event_age' is not a time span",
        "soon",
        "write it like 15s, 30m, 2h or 4d",
    ),
    "null field": (
        "      amount:",
        "      currency:\n      amount:",
        "13:16: error[M102] 'fields.currency' is null: a field is never sent as null",
        "",
        "write a value, or drop the key",
    ),
    "no target": (
        TARGET,
        "",
        "6:5: error[M103] missing key 'target'",
        "id",
        "write target: vendor.operation",
    ),
    "unknown operation": (
        "update_amount",
        "update_amont",
        "9:13: error[M105] unknown operation 'vambe.update_amont'",
        "vambe.update_amont",
        "did you mean 'vambe.update_amount'?",
    ),
    "a look-up as target": (
        "vambe.update_amount",
        "kapture.get_ticket",
        "9:13: error[M105] 'kapture.get_ticket' only reads",
        "kapture.get_ticket",
        "write it under fetch of a source",
    ),
    "an update as look-up": (
        "env: STRIPE_SECRET } }",
        "env: STRIPE_SECRET } }, fetch: { target: vambe.update_amount, fields: { amount: 1 } }",
        "2:86: error[M105] 'vambe.update_amount' changes something",
        "vambe.update_amount",
        "for a look-up, use one of getfly.get_ticket, http.request, kapture.get_ticket, tolky.get_tickets",
    ),
    "ids only": (
        "name: stripe",
        "name: mercadopago",
        "2:17: warning[W612] source 'mercadopago' has no look-up, but events of mercadopago contain only ids",
        "mercadopago",
        "write fetch: in the source, or event: { thin: false } if the ids are enough",
    ),
    "unknown connection": (
        "connection: vambe",
        "connection: vambee",
        "10:17: error[M105] unknown connection 'vambee'",
        "vambee",
        "did you mean 'vambe'?",
    ),
    "unknown vendor": (
        "vendor: vambe",
        "vendor: vamb",
        "4:20: error[M105] unknown vendor 'vamb'",
        "vamb",
        "did you mean 'vambe'?",
    ),
    "unknown provider": (
        "name: stripe",
        "name: shop, provider: strype",
        "2:33: error[M105] unknown provider 'strype'",
        "strype",
        "did you mean 'stripe'?",
    ),
    "unknown source": (
        "source: { name: stripe, verify: { secret: { env: STRIPE_SECRET } } }",
        "source: stripe",
        "2:9: error[M105] unknown source 'stripe'",
        "stripe",
        "declare the source first",
    ),
    "unknown table": (
        "| uuid",
        "| lookup('ticketz')",
        "12:52: error[M105] unknown table 'ticketz'",
        "ticketz",
        "write it under tables:",
    ),
    "unknown rule": (
        GOOD,
        GOOD + TEST + "expect: { payd: no_match } }\n",
        "15:41: error[M105] unknown rule 'payd'",
        "payd",
        "did you mean 'paid'?",
    ),
    "missing field": (
        '      ticket_id: "{{ inv.metadata.ticket | uuid }}"\n',
        "",
        "11:5: error[M106] field 'ticket_id' of vambe.update_amount is missing",
        "fields",
        "give exactly one of ticket_id, ai_contact_id, contact_number",
    ),
    "two of one": (
        "      amount:",
        '      contact_number: "+56912345678"\n      amount:',
        "13:7: error[M106] field 'contact_number' of vambe.update_amount cannot be combined with ticket_id",
        "contact_number",
        "drop one of the two",
    ),
    "unknown field": (
        "      amount:",
        "      currencyy: CLP\n      amount:",
        "13:7: error[M106] field 'currencyy' of vambe.update_amount is unknown",
        "currencyy",
        "did you mean 'currency'?",
    ),
    "literal type": (
        AMOUNT,
        '"5"',
        "13:15: error[M106] field 'amount' needs a number, this is text",
        '"5"',
        "write 5",
    ),
    "other vendor": (
        "{ vendor: vambe, auth: { api_key: { env: VAMBE_KEY } } }",
        "{ vendor: tolky, auth: { bearer: { env: T } } }",
        "10:17: error[M108] connection 'vambe' belongs to tolky, but the target belongs to vambe",
        "vambe",
        "name a connection whose vendor is vambe",
    ),
    "delimiters": (
        TARGET,
        '    when: "{{ inv.paid > 0 }}"\n' + TARGET,
        "9:11: error[M110] 'when' is already an expression",
        '"{{ inv.paid > 0 }}"',
        "drop the delimiters: when: inv.paid > 0",
    ),
    "delimiters without quotes": (
        TARGET,
        "    when: {{ inv.paid > 0 }}\n" + TARGET,
        "9:12: error[M007] an expression needs quotes",
        "{ inv.paid > 0 }",
        "drop the braces: when: inv.paid > 0",
    ),
    "text for a number": (
        AMOUNT,
        '"{{ inv.paid }} CLP"',
        "13:15: error[M106] field 'amount' needs a number, but this gives text",
        '"{{ inv.paid }} CLP"',
        "write nothing around {{ … }}: other text turns the value into text",
    ),
    "no delimiters": (
        TARGET,
        "    for_each: { in: inv.lines }\n" + TARGET,
        "9:21: error[M110] 'for_each.in' needs an expression that gives a list",
        "inv.lines",
        'write in: "{{ inv.lines }}"',
    ),
    "non-boolean": (
        TARGET,
        "    when: inv.paid | string\n" + TARGET,
        "9:11: error[M111] 'when' must give true or false, but gives text",
        "inv.paid | string",
        "compare it, or check: inv.paid | string is present",
    ),
    "reserved name": (
        "let: {",
        'let: { meta: "{{ event.a }}",',
        "8:12: error[M112] 'meta' is reserved: it already means something else in expressions",
        "meta",
        "choose another name",
    ),
    "literal secret": (
        "{ env: VAMBE_KEY }",
        "sk_live_123",
        "4:44: error[A401] 'api_key' is written into the file: refer to the secret instead",
        "<secret>",
        "write api_key: { env: NAME } and set NAME in the environment",
    ),
    "literal webhook secret": (
        "{ env: STRIPE_SECRET }",
        '[{ env: S }, "whsec_123"]',
        "2:56: error[A401] 'secret' is written into the file: refer to the secret instead",
        "<secret>",
        "write secret: { env: NAME } and set NAME in the environment",
    ),
    "literal secret header": (
        "auth: { api_key",
        "headers: { x-api-key: abc }, auth: { api_key",
        "4:49: error[A401] 'headers.x-api-key' is written into the file: refer to the secret instead",
        "<secret>",
        "write headers.x-api-key: { env: NAME } and set NAME in the environment",
    ),
    "wrong scheme": (
        "api_key: {",
        "bearer: {",
        "4:35: error[A403] 'bearer' is not an auth scheme of vambe",
        "bearer",
        "use api_key",
    ),
    "no auth": (
        "    connection: vambe\n",
        "",
        "9:13: error[A403] vambe needs credentials: auth is missing",
        "vambe.update_amount",
        "write auth: { api_key: { env: NAME } }",
    ),
    "no reference": (
        "{ env: VAMBE_KEY }",
        '{ env: "A KEY" }',
        "4:44: error[A404] this is not a reference to a secret",
        "{ env: <secret> }",
        "write { env: NAME } or { file: /path/to/file }",
    ),
    "no secret": (
        "{ name: stripe, verify: { secret: { env: STRIPE_SECRET } } }",
        "{ name: stripe }",
        "2:11: error[A405] a source needs a secret: nothing else proves who sends",
        "name",
        "write verify: { secret: { env: NAME } }",
    ),
    "unknown helper": (
        "from_minor",
        "from_mintor",
        "13:37: error[E202] unknown helper 'from_mintor'",
        "from_mintor",
        "did you mean 'from_minor'?",
    ),
    "unknown helper in a block": (
        AMOUNT,
        ">-\n        {{ inv.paid\n        | from_mintor('usd') }}",
        "15:11: error[E202] unknown helper 'from_mintor'",
        "from_mintor",
        "did you mean 'from_minor'?",
    ),
    "unknown name": (
        "inv.amount_paid |",
        "invv.amount_paid |",
        "13:19: error[E203] unknown name 'invv'",
        "invv",
        "did you mean 'inv'? The names here are event, headers, inv, meta, omit",
    ),
    "later name": (
        "let: {",
        'let: { a: "{{ inv.a }}",',
        "8:19: error[E203] unknown name 'inv'",
        "inv",
        "the names here are event, headers, meta, omit",
    ),
    "wrong outcome": (
        GOOD,
        GOOD + TEST + "expect: { paid: matched } }\n",
        "15:47: error[T502] this is not an outcome",
        "matched",
        "write no_match, skipped, { error: E301 }, a mapping of again, body, body_contains, final, headers, method, "
        "path, replies, or a list of such mappings",
    ),
    "wrong patch": (
        GOOD,
        GOOD + TEST + "patch: { data.id: 1 }, expect: { paid: { method: POST } } }\n",
        "15:40: error[T502] 'data.id' is not a path to patch",
        "data.id",
        "write event.data.id",
    ),
}


def found(text):
    """Everything but the warning that no test covers a rule."""
    findings = build({"a.yaml": text}, {}).findings
    return [one for one in findings if one.code != "W601"]


@pytest.mark.parametrize("case", FINDS.values(), ids=FINDS)
def test_a_mistake_is_found_once_at_its_place_with_its_fix(case):
    """One mistake gives one finding: code, message, place, what is pointed at, and help."""
    old, new, line, pointed, help = case
    assert old in GOOD
    [finding] = found(GOOD.replace(old, new, 1))
    start = finding.place.column - 1
    assert concise(finding) == f"a.yaml:{line}"
    assert finding.excerpt[start : start + finding.place.length] == pointed
    assert finding.help == help


def test_every_code_that_is_used_is_explained():
    """`bridge explain` knows what the goldens above show, with cause, wrong and right."""
    used = {case[2].split("[")[1].split("]")[0] for case in FINDS.values()}
    assert used <= set(CODES)
    entry = explain("e202")
    assert entry.cause and entry.wrong != entry.right
