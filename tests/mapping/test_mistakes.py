"""Mistakes people make in a copy of the README's example: `bridge check --strict` or `bridge test` says where and what.

Each is data: what is replaced, by what, the code and line that must be told, and words of the help. Nobody needs to
read anything else to correct it.
"""

import re
from pathlib import Path

import pytest

from bridge.mapping import (
    check_recorded,
    load,
    missing_secrets,
    read_recordings,
    run_cases,
)

ROOT = Path(__file__).parents[2]
README = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
AMOUNT = '"{{ inv.amount_paid | from_minor(inv.currency) }}"'
CURRENCY = '"{{ inv.currency | upper }}"'
WHEN = "    when: inv.amount_paid > 0\n"
SECRET = "{ env: VAMBE_API_KEY }"
LINES = '"{{ inv.lines.data }}"'
EACH = f"    for_each: {{ in: {LINES} }}\n"
TICKET = '      ticket_id: "{{ inv.metadata.vambe_ticket_id | uuid }}"\n'
REST = README[README.index(WHEN) : README.index(AMOUNT) + len(AMOUNT)]
RULE = "  - id: paid-invoice-sets-amount\n"
SECOND = (
    f"{RULE}    target: vambe.update_amount\n    connection: vambe-cl\n"
    "    fields: { ai_contact_id: a1b2c3d4-e5f6-7890-abcd-ef1234567890, amount: 1 }\n"
)


def at(fmt, zone):
    return f"\"{{{{ inv.created | datetime('{fmt}', '{zone}') }}}}\""


# fmt: off
MISTAKES = {
    # YAML
    "indented too little": (WHEN, WHEN[1:], "M001", 15, "indent it with 4 spaces"),
    "indented too much": (WHEN, f"  {WHEN}", "M001", 15, "indent it with 4 spaces"),
    "a tab": (WHEN, f"\t{WHEN.lstrip()}", "M001", 15, "indent it with spaces"),
    "no colon": ("target: vam", "target vam", "M001", 16, "write a colon: target:"),
    "no space after the colon": ("target: v", "target:v", "M001", 16, "write a space"),
    "quotes not closed": (AMOUNT, AMOUNT[:-1], "M001", 20, 'add "'),
    "quotes not opened": (AMOUNT, AMOUNT[1:], "M001", 20, f"quotes: amount: {AMOUNT}"),
    "braces without quotes": (AMOUNT, AMOUNT[1:-1], "M007", 20, f"amount: {AMOUNT}"),
    "bracket not closed": ("[invoice.paid]", "[invoice.paid", "M001", 12, "with ]"),
    "brace not closed": ("_SECRET } }", "_SECRET }", "M001", 5, "close it with }"),
    "brace too many": ("_SECRET } }", "_SECRET } } }", "M001", 5, "drop it"),
    "key twice": (WHEN, WHEN + WHEN, "M002", 16, "keep one"),
    "shell variable": (SECRET, "${VAMBE_API_KEY}", "M001", 8, SECRET),
    "a space that is none": (WHEN, f"\u00a0\u00a0\u00a0\u00a0{WHEN.lstrip()}", "M001", 15, "space bar"),
    "two documents": ("tests:", "---\ntests:", "M003", 23, "drop the line ---"),
    "a tag": (CURRENCY, "!!str 604", "M005", 21, "in quotes"),
    "a tag of another language": (CURRENCY, "!!python/name:os.system", "M005", 21, "drop it"),
    "a # in a condition": ("inv.amount_paid > 0", "inv.number == 'No #1'", "E201", 15, "is a comment"),
    "an end that is a comment": (
        "inv.amount_paid > 0", "inv.amount_paid > #0", "E201", 15, "put what belongs to it before"
    ),
    # keys and names
    "key misspelt": ("skip_if_missing", "skip_if_mising", "M101", 14, "skip_if_missing"),
    "key of another tool": ("    events:", "    on:", "M101", 12, "'events'"),
    "if instead of when": ("    when:", "    if:", "M101", 15, "'when'"),
    "no id": (f"{RULE}    events", "  - events", "M103", 11, "write id:"),
    "no version": ("version: 1\n", "", "M103", 2, "write version:"),
    "other version": ("version: 1", "version: 2", "M102", 1, "write 1"),
    "text for a list": ("[invoice.paid]", "invoice.paid", "M102", 12, "[invoice.paid]"),
    "id twice": ("tests:", f"{SECOND}tests:", "M104", 23, "another name"),
    "provider misspelt": ("name: stripe", "name: strype", "M105", 4, "'stripe'"),
    "vendor misspelt": ("vendor: vambe", "vendor: vamba", "M105", 8, "'vambe'"),
    "operation misspelt": ("update_amount", "update_amont", "M105", 16, "update_amount"),
    "connection misspelt": (": vambe-cl\n", ": vambe\n", "M105", 17, "'vambe-cl'"),
    "no connection": ("    connection: vambe-cl\n", "", "A403", 16, "write auth:"),
    "unknown table": (CURRENCY, "\"{{ 'a' | lookup('b') }}\"", "M105", 21, "tables:"),
    "rule misspelt in a test": ("amount: skip", "amoun: skip", "M105", 32, "-amount'"),
    "unknown mode": (WHEN, f"    mode: shaddow\n{WHEN}", "M102", 15, "'shadow'"),
    "time span in words": (WHEN, f"    max_event_age: 3 days\n{WHEN}", "M102", 15, "write 3d"),
    "time span without unit": (WHEN, f"    retries: {{ max_age: 30 }}\n{WHEN}", "M102", 15, "write 30s"),
    "first wait above the longest": (
        WHEN, f"    retries: {{ initial: 2h, max_delay: 1h }}\n{WHEN}", "M102", 15, "initial: 1h or less"
    ),
    "an answer's wait above the age": (
        WHEN, f"    retries: {{ max_retry_after: 2h, max_age: 1h }}\n{WHEN}", "M102", 15, "max_retry_after: 1h or less"
    ),
    "an answer's wait above four days": (
        WHEN, f"    retries: {{ max_retry_after: 5d }}\n{WHEN}", "M102", 15, "max_retry_after: 4d or less"
    ),
    "an answer's wait without unit": (
        WHEN, f"    retries: {{ max_retry_after: 7200 }}\n{WHEN}", "M102", 15, "write 7200s"
    ),
    "first wait above a day": (WHEN, f"    retries: {{ initial: 2d }}\n{WHEN}", "M102", 15, "initial: 1d or less"),
    "status that is text": (
        WHEN, f"    responses: [{{ when: response.status == '404', do: ok }}]\n{WHEN}", "E205", 15, "write 404 without"
    ),
    "statuses that are text": (
        WHEN, f"    responses: [{{ when: \"response.status in ['404', '410']\", do: ok }}]\n{WHEN}",
        "E205", 15, "write 404, 410 without"
    ),
    "status that is never other than text": (
        WHEN, f"    responses: [{{ when: response.status != '404', do: fail }}]\n{WHEN}", "E205", 15, "404 without"
    ),
    "target with a slash": ("vambe.update_amount", "vambe/update_amount", "M102", 16, "'vambe.update_amount'"),
    "text for a mapping": (WHEN, f"    for_each: inv.lines\n{WHEN}", "M102", 15, 'write { in: "{{ inv.lines }}" }'),
    "mapping for a list": (WHEN, f"    responses: {{ when: 'true', do: ok }}\n{WHEN}", "M102", 15, "start each entry"),
    "an alias without its anchor": (CURRENCY, "*cur", "M001", 21, "write the anchor"),
    "condition in skip_if_missing": ("[inv.metadata.vambe_ticket_id]", "[inv.paid == 1]", "M102", 14, "in when"),
    "key that is always the same": (WHEN, f"    idempotency_key: paid\n{WHEN}", "M110", 15, 'key: "{{ … }}"'),
    "path without braces": (WHEN, f"    ordering: {{ key: inv.id }}\n{WHEN}", "W613", 15, '"{{ inv.id }}"'),
    "let without braces": ('"{{ event.data.object }}"', "event.data.object", "W613", 13, "{{ event.data.object }}"),
    # secrets and connections
    "literal secret": (SECRET, "sk_live_abcdef", "A401", 8, "{ env: NAME }"),
    "secret not set": (SECRET, "{ env: NOT_SET }", "W402", 8, "set it"),
    "source without a secret": ("  verify: { secret: { env: STRIPE_WEBHOOK_SECRET } }\n", "", "A405", 4, "verify"),
    "auth of another vendor": ("{ api_key: {", "{ bearer: {", "A403", 8, "use api_key"),
    "env in capitals": (SECRET, "{ ENV: VAMBE_API_KEY }", "A404", 8, "write { env: NAME }"),
    "number too large": ("rate: 5", "timeout: 60", "M102", 8, "another number"),
    "option misspelt": ("country: CL", "contry: CL", "M101", 8, "'country'"),
    "country in words": ("country: CL", "country: Chile", "M102", 8, "two capital"),
    "number in quotes": ("rate: 5", 'rate: "5"', "M102", 8, "without quotes"),
    "no calls at all": ("rate: 5", "rate: 0", "M102", 8, "such as 5"),
    "calls below none": ("rate: 5", "rate: -1", "M102", 8, "such as 5"),
    "calls beyond sense": ("rate: 5", "rate: 10001", "M102", 8, "such as 5"),
    "nothing at the same time": ("rate: 5", "concurrency: 0", "M102", 8, "such as 4"),
    "country that is none": ("country: CL", "country: ZZ", "M102", 8, "such as CL"),
    "auth that is text": ("{ api_key: { env: VAMBE_API_KEY } }", "VAMBE_API_KEY", "A403", 8, "auth: { api_key: {"),
    "auth that is a reference": ("{ api_key: { env: VAMBE_API_KEY } }", SECRET, "A403", 8, "auth: { api_key: {"),
    "auth of a rule that is text": (WHEN, f"    auth: VAMBE_API_KEY\n{WHEN}", "A403", 15, "auth: { api_key: {"),
    # fields
    "field misspelt": ("      amount: ", "      ammount: ", "M106", 20, "'amount'"),
    "field missing": (f"      amount: {AMOUNT}\n", "", "M106", 18, "add it, as in amount:"),
    "no identifier": (TICKET, "", "M106", 18, "exactly one of ticket_id"),
    "two identifiers": (TICKET, f'{TICKET}      contact_number: "+56912345678"\n', "M106", 20, "drop one"),
    "option of other identifiers": (TICKET, f"{TICKET}      allow_closed_ticket: true\n", "M106", 20, "drop it"),
    "text for a number": (AMOUNT, '"150000"', "M106", 20, "write 150000"),
    "brace too many in a field": (AMOUNT, AMOUNT.replace("}}", "}}}"), "M106", 20, "around"),
    "text around a number": (AMOUNT, f'{AMOUNT[:-1]} CLP"', "M106", 20, "nothing around"),
    "number for a text": (CURRENCY, "604", "M106", 21, "such as CLP"),
    "null": (AMOUNT, "", "M102", 20, "drop the key"),
    "empty": (AMOUNT, '"{{ }}"', "E207", 20, "{{ event.id }}"),
    "one brace": (CURRENCY, '"{ inv.currency }"', "M106", 21, "{{ … }}"),
    "currency not upper case": (CURRENCY, '"{{ inv.currency }}"', "E324", 21, "| upper"),
    "text where a number is due": (AMOUNT, '"{{ inv.currency }}"', "E324", 20, "| number"),
    # expressions
    "helper misspelt": ("from_minor(", "from_mintor(", "E202", 20, "'from_minor'"),
    "name misspelt": ("inv.amount_paid |", "inw.amount_paid |", "E203", 20, "'inv'"),
    "helper without its argument": ("from_minor(inv.currency)", "from_minor", "E205", 20, "from_minor(currency)"),
    "method call": ("inv.currency | upper", "inv.currency.upper()", "E204", 21, "write inv.currency | upper"),
    "function of Python": (
        "inv.amount_paid > 0", "len(inv.lines.data) > 0", "E204", 15, "write inv.lines.data | length"
    ),
    "now with brackets": ("inv.amount_paid > 0", "inv.created < now()", "E204", 15, "write meta.received_at"),
    "text plus text": (CURRENCY, "\"{{ inv.id + '-x' }}\"", "E205", 21, "inv.id ~ '-x'"),
    "or for a value": (CURRENCY, "\"{{ inv.currency or 'CLP' }}\"", "E205", 21, "inv.currency | default('CLP')"),
    "or between values": (
        "inv.amount_paid > 0", "inv.status == 'paid' or 'open'", "E205", 15, "inv.status in ['paid', 'open']"
    ),
    "format of Python": (CURRENCY, "\"{{ 'no %s' % inv.id }}\"", "E205", 21, "'no ' ~ inv.id"),
    "text plus values": (CURRENCY, "\"{{ inv.id + '-' + inv.number }}\"", "E205", 21, "inv.id ~ '-' ~ inv.number"),
    "or between three values": (
        "inv.amount_paid > 0", "inv.status == 'paid' or 'open' or 'void'", "E205", 15, "in ['paid', 'open', 'void']"
    ),
    "or for a chain of values": (
        CURRENCY, "\"{{ inv.a or inv.currency or 'CLP' }}\"", "E205", 21, "inv.a | coalesce(inv.currency, 'CLP')"
    ),
    "elsif": (CURRENCY, '"{% if inv.a == 1 %}CLP{% elsif inv.a == 2 %}USD{% endif %}"', "E201", 21, "{% elif … %}"),
    "else if": (CURRENCY, '"{% if inv.a == 1 %}CLP{% else if inv.a == 2 %}USD{% endif %}"', "E201", 21, "{% elif … %}"),
    "a block that is not closed": (CURRENCY, '"{% if inv.a == 1 %}CLP"', "E201", 21, "close it with {% endif %}"),
    "blocks that are not closed": (
        CURRENCY, '"{% for x in inv.a %}{% if x == 1 %}CLP"', "E201", 21, "close it with {% endif %}{% endfor %}"
    ),
    "a zone's letters": (CURRENCY, at("%Y", "CLT"), "E306", 21, "'America/Santiago'"),
    "a zone of a connection": ("country: CL", "timezone: BRT", "M102", 8, "'America/Sao_Paulo'"),
    "a description that # cuts off": (WHEN, f"    description: Ticket #5\n{WHEN}", "W614", 15, 'write "Ticket #5"'),
    "a list for a list's expression": (
        WHEN, f"    for_each: {{ in: [{LINES}] }}\n{WHEN}", "M102", 15, f"write {LINES}"
    ),
    "a key that is there already": (WHEN, f"{WHEN}    if: inv.paid == 1\n", "M101", 16, "known: auth"),
    "is none": ("inv.amount_paid > 0", "inv.paid is none", "E202", 15, "write inv.paid == none"),
    "is not null": ("inv.amount_paid > 0", "inv.paid is not null", "E202", 15, "write inv.paid != none"),
    "is empty": ("inv.amount_paid > 0", "inv.id is empty", "E202", 15, "write inv.id is not present"),
    "beginning in another language": (
        "inv.amount_paid > 0", "inv.number.startsWith('INV')", "E204", 15, "write inv.number is startswith('INV')"
    ),
    "pattern in another language": (
        "inv.amount_paid > 0", "inv.number | regex_match('INV')", "E202", 15, "write inv.number is match('INV')"
    ),
    "part in another language": (
        CURRENCY, '"{{ inv.currency.substring(0, 3) | upper }}"', "E204", 21, "write inv.currency[0:3]"
    ),
    "list in a test": (
        "inv.amount_paid > 0", "inv.status is in ['paid', 'open']", "E202", 15, "write inv.status in ['paid', 'open']"
    ),
    "choice of C": (CURRENCY, "\"{{ inv.paid ? 'CLP' : 'USD' }}\"", "E201", 21, "'CLP' if inv.paid else 'USD'"),
    "not equal of SQL": ("inv.amount_paid > 0", "inv.amount_paid <> 0", "E201", 15, "!="),
    "stand-in of JavaScript": (CURRENCY, "\"{{ inv.currency ?? 'CLP' }}\"", "E201", 21, "| default("),
    "comprehension": (
        WHEN, f"    for_each: {{ in: '{{{{ [x for x in inv.lines] }}}}' }}\n{WHEN}", "E201", 15, "write inv.lines"
    ),
    "braces not closed": (CURRENCY, '"{{ inv.currency"', "E201", 21, "close it with }}"),
    "dollar and brace": (CURRENCY, '"${inv.currency}"', "W613", 21, 'write "{{ inv.currency }}"'),
    "single braces": (CURRENCY, '"{inv.currency}"', "W613", 21, 'write "{{ inv.currency }}"'),
    "a value that # cuts off": (CURRENCY, "CLP #1", "W614", 21, "a space after the #"),
    "a choice in a type": ("[invoice.paid]", "['invoice.(paid|void)']", "M102", 12, "[invoice.paid, invoice.void]"),
    "a choice of types": ("[invoice.paid]", "['invoice.paid|charge.*']", "M102", 12, "[invoice.paid, charge.*]"),
    "a list for a condition": (WHEN, "    when: [inv.paid]\n", "M102", 15, "write inv.paid"),
    "unknown currency": ("(inv.currency)", "('pesos')", "E305", 20, "'usd'"),
    "unknown zone": (CURRENCY, at("%Y", "Asia/Kolkatta"), "E306", 21, "'Asia/Kolkata'"),
    "format of another language": (CURRENCY, at("YYYY-MM", "UTC"), "E306", 21, "write '%Y-%m'"),
    "unknown code of a format": (CURRENCY, at("%Q", "UTC"), "E306", 21, "%Y %y %m"),
    "one closing brace": (AMOUNT, AMOUNT.replace("}}", "}"), "E201", 20, "}}"),
    "when in braces": ("inv.amount_paid > 0", '"{{ inv.paid }}"', "M110", 15, "when: inv.paid"),
    "when in bare braces": ("inv.amount_paid > 0", "{{ inv.paid }}", "M007", 15, "when: inv.paid"),
    "or of another language": ("inv.amount_paid > 0", "inv.paid || inv.id", "E201", 15, "with or"),
    "and in capitals": ("inv.amount_paid > 0", "inv.paid AND inv.id", "E201", 15, "write and"),
    "no bar": (CURRENCY, '"{{ inv.currency upper }}"', "E201", 21, "| upper"),
    "argument after a colon": (CURRENCY, '"{{ inv.currency | default: 1 }}"', "E201", 21, "helper(value)"),
    "parenthesis not closed": (AMOUNT, AMOUNT.replace("cy)", "cy"), "E201", 20, "close it with )"),
    "parenthesis too many": (AMOUNT, AMOUNT.replace("cy)", "cy))"), "E201", 20, "drop it"),
    "point without a key": (CURRENCY, '"{{ inv..currency }}"', "E201", 21, "a key"),
    "a comma in a number": ("inv.amount_paid > 0", "inv.amount_paid > 1,000", "E201", 15, "without commas"),
    "text around a list": (WHEN, f"    for_each: {{ in: 'x {LINES[1:-1]}' }}\n{WHEN}", "M110", 15, "nothing around"),
    "when with one =": ("inv.amount_paid > 0", "inv.amount_paid = 0", "E201", 15, "=="),
    "when that is no condition": ("inv.amount_paid > 0", "inv.amount_paid", "E320", 15, "compare"),
    "when that is text": ("inv.amount_paid > 0", "inv.id | upper", "M111", 15, "compare"),
    "text that is never a number": ("inv.amount_paid > 0", "(inv.id | upper) == 5", "E205", 15, "write '5'"),
    "key with a hyphen": ("inv.amount_paid > 0", "inv.custom-field > 0", "E203", 15, "inv['custom-field']"),
    "key with a hyphen and a helper": (
        CURRENCY, '"{{ inv.custom-field | upper }}"', "E205", 21, "inv['custom-field']"
    ),
    "number against text": ("_paid > 0", '_paid > "0"', "E302", 15, "| number"),
    "for_each without as": (REST, f"{EACH}{REST.replace('inv.amount_paid |', 'line.amount |')}", "E203", 21, "item"),
    "for_each without braces": (REST, f"{EACH.replace(LINES, LINES[1:-1])}{REST}", "M007", 15, LINES),
    # what only payloads tell
    "path misspelt": ("inv.amount_paid |", "inv.amount_payd |", "W607", 20, "'amount_paid'"),
    "path misspelt in when": ("inv.amount_paid >", "inv.amount_payd >", "W607", 15, "'amount_paid'"),
    "path misspelt in let": ("event.data.object", "event.data.objct", "W607", 13, "'object'"),
    "path misspelt beside a default": (CURRENCY, "\"{{ inv.curency | default('CLP') }}\"", "W607", 21, "'currency'"),
    "path misspelt in skip_if_missing": ("ticket_id]", "ticketid]", "W607", 14, "'vambe_ticket_id'"),
    "event type misspelt": ("[invoice.paid]", "[invoice.payed]", "W608", 12, "invoice.paid"),
    # tests
    "recording misspelt": ("paid__clp", "paid_clp", "T501", 25, "invoice.paid__clp.http"),
    "outcome misspelt": ("amount: skipped", "amount: skip", "T502", 32, "'skipped'"),
    "error that is none": ("amount: skipped", "amount: { error: E999 }", "T502", 32, "E301"),
    "error misspelt": ("amount: skipped", "amount: { error: e302 }", "T502", 32, "'E302'"),
    "patch misspelt": ("object.metadata: {}", "objct.metadata.a: 1", "T501", 31, "'object'"),
    "patch without event": ("{ event.data.object.m", "{ data.object.m", "T502", 31, "event.data"),
}
# fmt: on

# One mistake that much follows from: what is told of it, and nothing else.
CAUSES = {
    "rules misspelt": ("rules:", "ruls:", {("M101", 10)}),
    "connections misspelt": ("connections:", "conections:", {("M101", 7)}),
    "source misspelt": ("source:  ", "sourc:  ", {("M101", 3)}),
    "source's name misspelt": (
        "  name: stripe",
        "  nme: stripe",
        {("M101", 4), ("M103", 4)},
    ),
    "source's name with a space": ("name: stripe", "name: my stripe", {("M102", 4)}),
    "no source": (
        README[README.index("source:") : README.index("connections:")],
        "",
        {("M107", 7)},
    ),
    "auth of a connection": (
        "{ api_key: { env: VAMBE_API_KEY } }",
        "VAMBE_API_KEY",
        {("A403", 8)},
    ),
}


def told(folder, text):
    """What `check --strict` and `test` say, each with code, line, column and help; of a test's, what caused it."""
    (folder / "shop.yaml").write_text(text)
    loaded = load(folder, {})
    found = [*loaded.findings]
    if loaded.ruleset:
        environ = {"STRIPE_WEBHOOK_SECRET": "s", "VAMBE_API_KEY": "v"}
        recordings = read_recordings(loaded.ruleset, folder)
        found += missing_secrets(loaded.ruleset, environ, code="W402")
        found += check_recorded(loaded.ruleset, recordings)
        yield from map(cause, failures(loaded.ruleset, folder))
    for one in found:
        yield one.code, one.place.line, one.place.column, one.help


def failures(ruleset, folder):
    return [one for result in run_cases(ruleset, folder) for one in result.failures]


def cause(failure):
    """Code, line, column and help of a failed test: those of the rule's error where it had one."""
    found = failure.diagnostic
    error = re.search(r"error (E\d+)$", found.message)
    if error:
        _, line, column = failure.reason.place.split(":")
        return error[1], int(line), int(column), found.help
    return found.code, found.place.line, found.place.column, found.help


def test_the_example_itself_is_right(project):
    """What the mistakes are made in has nothing to tell but what the example leaves out."""
    assert [one[0] for one in told(project, README)] == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_to_write(project, name):
    """Code, line and help are those of the mistake; other lines may have something to say as well."""
    old, new, code, line, help = MISTAKES[name]
    assert old in README
    said = list(told(project, README.replace(old, new, 1)))
    mine = [one for one in said if one[:2] == (code, line)]
    assert mine, said
    assert any(help in one[3] for one in mine), mine
    assert all(one[2] > 0 for one in mine)


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_is_told_once(project, name):
    """What follows from a mistake, rule by rule and test by test, is not told beside it."""
    old, new, expected = CAUSES[name]
    said = list(told(project, README.replace(old, new, 1)))
    assert {one[:2] for one in said} == expected and len(said) == len(expected), said


@pytest.mark.parametrize("auth", ["hush", "[hush]", "{ env: hush }"])
@pytest.mark.parametrize(
    "old, new",
    [("{ api_key: { env: VAMBE_API_KEY } }", "{}"), (WHEN, f"    auth: {{}}\n{WHEN}")],
)
def test_auth_that_may_be_the_secret_itself_is_not_shown(project, auth, old, new):
    """A credential pasted where its scheme should stand is masked in every line that is printed of it."""
    text = README.replace(old, new.replace("{}", auth), 1)
    (project / "shop.yaml").write_text(text)
    found = load(project, {}).findings
    assert found and not any("hush" in repr(one) for one in found)


@pytest.mark.parametrize(
    "verify",
    ["hush", "[hush]", "7hush", "{ env: hush }", "{ secret: { env: hush-1 } }"]
    + ["{ secret: { env: A, file: hush } }", "{ secret: { env: [hush] } }"],
)
def test_what_may_be_the_secret_of_a_source_is_not_shown(project, verify):
    """A signing secret pasted in a wrong place of `verify` is masked, and what to write is told."""
    text = README.replace("{ secret: { env: STRIPE_WEBHOOK_SECRET } }", verify, 1)
    (project / "shop.yaml").write_text(text)
    found = load(project, {}).findings
    assert {one.code for one in found} & {"A404", "A405"}
    assert not any("hush" in repr(one) for one in found)
