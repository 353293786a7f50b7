"""The JSON Schema refuses mistakes where they stand, and is never stricter than `bridge check`."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from bridge.mapping import build
from bridge.mapping.jsonschema import mapping_schema
from bridge.strict.yaml import compose, plain

ROOT = Path(__file__).parents[2]
CHECK = jsonschema.Draft7Validator(mapping_schema())
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = """
version: 1
x-anchors: { any: thing }
source: { name: stripe, verify: { secret: { env: STRIPE_SECRET } } }
connections:
  kapture-in: { vendor: kapture, auth: { basic_token: { env: TOKEN } }, subdomain: { env: SUB }, rate: 5 }
rules:
  - id: one
    events: [invoice.paid]
    let: { inv: "{{ event.data.object }}" }
    when: inv.amount_paid > 0
    target: vambe.update_amount
    connection: { country: CL, timeout: 10 }
    auth: { api_key: { env: KEY } }
    fields: { ticket_id: "{{ inv.ticket | uuid }}", amount: 5, currency: CLP }
    retries: { max_age: 2h }
  - id: two
    target: tolky.update_ticket
    auth: { bearer: { file: /run/secrets/tolky } }
    fields: { ticketId: "{{ event.ticket | uuid }}", status: { label: Open }, reason: Paid }
tables:
  levels: { 1: PS, _: ES }
tests:
  - name: a test
    given: a.json
    expect: { one: { body_contains: { amount: 19.99 } }, two: no_match }
"""
HTTP = """version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_SECRET } } }
rules:
  - id: one
    target: http.request
    connection: { base_url: https://api.example.com }
    fields: { method: POST, path: /tickets, success: ["200-202", 204] }
"""
# What is written instead of what, and where the schema says so.
# fmt: off
WRONG = {
    "a misspelt key of the file": ("tables:", "table:", ""),
    "a misspelt key of a rule": ("events:", "event:", "rules.0"),
    "a misspelt key of retries": ("max_age", "max_aeg", "rules.0.retries"),
    "a misspelt field": ("currency:", "currncy:", "rules.0.fields"),
    "a misspelt field of a mapping": ("label", "lable", "rules.1.fields.status"),
    "a misspelt option": ("country:", "contry:", "rules.0.connection"),
    "a misspelt option of a named one": ("rate:", "rat:", "connections.kapture-in"),
    "another version": ("version: 1", "version: 2", "version"),
    "no version": ("version: 1", "", ""),
    "no id": ("id: one", "description: one", "rules.0"),
    "no target": ("target: vambe.update_amount", "", "rules.0"),
    "no fields": ("fields: { ticketId", "x-y: { ticketId", "rules.1"),
    "no required field": ("amount: 5,", "", "rules.0.fields"),
    "neither of the identifiers": ('ticket_id: "{{ inv.ticket | uuid }}",', "", "rules.0.fields"),
    "two identifiers": ("amount: 5", 'amount: 5, contact_number: "+56912345678"', "rules.0.fields"),
    "a clash of a field with a nested one": (
        "label: Open }", "tickets_levels_id: '{{ event.level }}' }, newLevel: Open", "rules.1.fields"
    ),
    "an unknown operation": ("vambe.update_amount", "vambe.amount", "rules.0.target"),
    "an unknown vendor": ("vendor: kapture", "vendor: kaptre", "connections.kapture-in.vendor"),
    "an unknown provider": ("name: stripe", "name: stripes", "source.name"),
    "an unknown provider by its key": ("name: stripe", "name: a, provider: stripes", "source.provider"),
    "an unknown key of verify": ("secret: {", "secert: {", "source.verify"),
    "a secret in the file": ("{ env: STRIPE_SECRET }", "hush", "source.verify.secret"),
    "a token in the file": ("{ env: KEY }", "hush", "rules.0.auth.api_key"),
    "a scheme of another vendor": ("api_key:", "bearer:", "rules.0.auth"),
    "text for a number": ("amount: 5", "amount: '5'", "rules.0.fields.amount"),
    "a number for text": ("currency: CLP", "currency: 5", "rules.0.fields.currency"),
    "text of another form": ("currency: CLP", "currency: pesos", "rules.0.fields.currency"),
    "an option out of bounds": ("timeout: 10", "timeout: 90", "rules.0.connection.timeout"),
    "no calls at all": ("rate: 5", "rate: 0", "connections.kapture-in.rate"),
    "auth that is text": ("auth: { api_key: { env: KEY } }", "auth: KEY", "rules.0.auth"),
    "a reference for a number": ("rate: 5", "rate: { env: RATE }", "connections.kapture-in.rate"),
    "null for a field": ("amount: 5", "amount: null", "rules.0.fields.amount"),
    "a time span without unit": ("2h", "7200", "rules.0.retries.max_age"),
    "a bare event": ("[invoice.paid]", "invoice.paid", "rules.0.events"),
    "a word that is no outcome": ("two: no_match", "two: matched", "tests.0.expect.two"),
    "a call without a known key": ("body_contains", "bdy", "tests.0.expect.one"),
    "a name that is none": ("kapture-in", "kapture in", "connections"),
}
# fmt: on


def values(text):
    """The file's values as JSON has them."""
    node, findings = compose(text, "a.yaml")
    assert findings == []
    return json.loads(json.dumps(plain(node), default=float))


def refused(text):
    """The paths at which the schema refuses a file."""
    found = CHECK.iter_errors(values(text))
    return {".".join(map(str, error.absolute_path)) for error in found}


def errors(text):
    """The errors of `bridge check`, for the file alone."""
    findings = build({"a.yaml": text}, {}).findings
    return [found for found in findings if found.severity == "error"]


def pages():
    """Every whole mapping file on a page that `check` finds nothing wrong with."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for number, text in enumerate(BLOCK.findall(page.read_text("utf-8")), 1):
            if re.search("^version: 1$", text, re.MULTILINE) and not errors(text):
                yield pytest.param(text, id=f"{page.name}-{number}")


@pytest.mark.parametrize("path", sorted((ROOT / "mappings").glob("*.yaml")), ids=str)
def test_the_samples_are_valid_and_name_the_schema(path):
    """An editor finds the schema by the first line, relative to the file."""
    first, _ = path.read_text("utf-8").split("\n", 1)
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == ROOT / "schemas" / "mapping.v1.json"
    assert refused(path.read_text("utf-8")) == set()


PAGES = [*pages()]


def test_the_pages_show_files():
    """The first one is that of the README."""
    assert PAGES[0].id == "README.md-1"


@pytest.mark.parametrize("text", PAGES)
def test_it_takes_what_check_takes(text):
    """No editor refuses a file that is right."""
    assert refused(text) == set()


def test_a_good_file_is_taken():
    """The file that the wrong ones are made of."""
    assert (errors(FILE), refused(FILE)) == ([], set())


@pytest.mark.parametrize(("before", "after", "path"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_refused_where_it_stands(before, after, path):
    """At one path only; and `check` refuses it too, so the schema is never the stricter one."""
    wrong = FILE.replace(before, after, 1)
    assert wrong != FILE
    assert refused(wrong) == {path}
    assert errors(wrong)


@pytest.mark.parametrize("status", ["9000", "99", "600", '"2xx"', '"500-600"', "true"])
def test_what_is_no_status_is_refused_by_both(status):
    """Of a request's own `success`, the schema and the check refuse the entry that no HTTP status can be."""
    text = HTTP.replace("204", status)
    path = "rules.0.fields.success.1"
    assert refused(HTTP) == set() and path in refused(text)
    assert not errors(HTTP)
    [error] = errors(text)
    assert error.code == "M106" and "'success.1'" in error.message
    assert text.splitlines()[error.place.line - 1][error.place.column - 1 :].startswith(
        status
    )


def test_defaults_may_say_the_rest_of_a_rule():
    """A target or a field that stands in `defaults` is not asked of a rule."""
    text = FILE.replace("amount: 5, ", "").replace(
        "rules:", "defaults: { fields: { amount: 5 } }\nrules:"
    )
    assert refused(text) == set()
