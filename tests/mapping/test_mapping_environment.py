"""What the environment gives to a ruleset: options of connections are looked at as soon as their variables are set."""

import pytest

from bridge.mapping import build, missing_secrets

TEXT = """version: 1
source: { name: stripe, verify: { secret: { env: S } } }
connections:
  a: { vendor: getfly, host: { env: HOST }, auth: { api_key: { env: K } } }
rules:
  - id: inline
    target: kapture.update_ticket
    connection: { subdomain: { env: SUB }, headers: { x-key: { env: K } } }
    auth: { basic_token: { env: K } }
    fields: { ticket_id: T1, sub_status: PS }
"""
GOOD = {"S": "s", "K": "k", "HOST": "acme.getflycrm.com", "SUB": "acme"}


def found(**environ):
    ruleset = build({"a.yaml": TEXT}, {}).usable()
    return missing_secrets(ruleset, {**GOOD, **environ}, code="W402")


def test_values_that_fit_are_not_told():
    """Neither are secrets, which may hold anything."""
    assert found(K="any thing: at all") == ()


@pytest.mark.parametrize(
    ("environ", "line", "column", "message", "help"),
    [
        (
            {"HOST": "https://acme.getflycrm.com/"},
            4,
            30,
            "connection option 'host' needs a host name such as acme.getflycrm.com, but this text is not one (HOST)",
            "write it without https:// and path",
        ),
        (
            {"SUB": "acme.kapturecrm.com"},
            8,
            30,
            "connection option 'subdomain' needs a subdomain such as acme, but this text is not one (SUB)",
            "write only the part before .kapturecrm.com",
        ),
    ],
)
def test_a_value_that_the_vendor_cannot_take_is_an_error(
    environ, line, column, message, help
):
    """At the reference, with the variable's name and without its value: before the first call, not at it."""
    [finding] = found(**environ)
    assert (finding.code, finding.severity) == ("A406", "error")
    assert (finding.place.line, finding.place.column) == (line, column)
    assert (finding.message, finding.help) == (message, help)
    assert next(iter(environ.values())) not in finding.message + finding.help


def test_a_number_cannot_be_a_reference():
    """A variable holds text, and a worker that expects calls per second would have to guess."""
    text = TEXT.replace("host: {", "rate: { env: RATE }, host: {")
    [finding] = [
        one for one in build({"a.yaml": text}, {}).findings if one.code[0] == "M"
    ]
    assert finding.message.startswith("connection option 'rate' needs a number")
    assert finding.help == "write the value itself"


SIGNED = """version: 1
source: { name: it, provider: PROVIDER, verify: { secret: { env: S } } }
rules:
  - id: inline
    target: kapture.update_ticket
    connection: { subdomain: acme }
    auth: { basic_token: { env: K } }
    fields: { ticket_id: T1, sub_status: PS }
"""


@pytest.mark.parametrize(
    ("provider", "secret", "code", "message", "help"),
    [
        ("standard", "no base64!", "A402", "is not base64", "copy it whole"),
        ("adyen", "a2tra2tr", "A402", "is not hex", "copy it whole"),
        ("discord", "a word", "A402", "is not a public key", "give the key"),
        ("standard", "6b" * 24, "W402", "looks like hex", "write it in base64"),
        ("github", "'s'", "W402", "is in quotation marks", "remove them"),
    ],
)
def test_a_secret_in_another_form_is_told_before_the_first_request(
    provider, secret, code, message, help
):
    """What proves nothing is an error wherever an unset secret is one; what hardly can be meant is a warning always."""
    text = SIGNED.replace("PROVIDER", provider)
    ruleset = build({"a.yaml": text}, {}).usable()
    environ = {"K": "k", "S": secret}
    [found] = missing_secrets(ruleset, environ)
    assert (found.code, found.place.line) == (code, 2)
    assert found.message.startswith("S: ") and message in found.message
    assert found.help.startswith(help) and secret not in found.message + found.help
    [told] = missing_secrets(ruleset, environ, code="W402")
    assert told.severity == "warning" and told.message == found.message
