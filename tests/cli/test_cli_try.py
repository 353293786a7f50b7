"""`bridge try`: every rule's reason, every value, each request as curl, and never a secret."""

import json
import shlex
from pathlib import Path

import pytest

PAYLOADS = "tests/payloads"
CANARY = "canary-0f3a"
NAMES = (
    "STRIPE_WEBHOOK_SECRET",
    "VAMBE_API_KEY",
    "KAPTURE_TOKEN",
    "SHOP_SECRET",
    "SHOP_KEY",
)


@pytest.fixture
def secrets(monkeypatch):
    """Real values in the environment, as on the machine that runs the bridge."""
    for name in NAMES:
        monkeypatch.setenv(name, CANARY)


def lines_of(result, word):
    return [line for line in result.stdout.splitlines() if line.startswith(f"  {word}")]


def test_matched_shows_why_values_and_curl(terminal, samples, secrets):
    """Each expression with its value and type, then the request; its credential reads <secret>."""
    result = terminal("try", f"{PAYLOADS}/stripe/invoice.paid__clp.http")
    assert (result.exit_code, result.stderr) == (0, "")
    (matched,) = lines_of(result, "matched")
    assert "paid-invoice-sets-amount: inv.amount_paid > 0 is true" in matched
    assert "(mappings/stripe.yaml:21)" in matched
    (amount,) = [line for line in result.stdout.splitlines() if "fields.amount" in line]
    assert amount.endswith(
        " {{ inv.amount_paid | from_minor(inv.currency) }} → 150000 : number"
    )
    assert "-H 'x-api-key: <secret>'" in result.stdout
    assert CANARY not in result.output


def test_no_match_says_what_was_compared(terminal, samples):
    """A rule for other events says which event it saw."""
    result = terminal("try", f"{PAYLOADS}/stripe/invoice.paid__clp.http")
    (said,) = lines_of(result, "no_match")
    assert "failed-payment-sets-substatus: event type invoice.paid is not" in said
    assert "(mappings/stripe.yaml:" in said


def test_condition_that_is_false_shows_its_values(terminal, house):
    """`when` that is false names the value it saw."""
    payload = house / "zero.json"
    payload.write_text(
        json.dumps(
            {"id": "e", "type": "paid", "created": 1, "amount": 0, "ticket": "x"}
        )
    )
    result = terminal("try", payload, "--source", "shop")
    (said,) = lines_of(result, "no_match")
    assert "event.amount > 0 is false: event.amount is 0" in said


def test_skipped_names_what_is_missing(terminal, house):
    """skip_if_missing names its path and the line."""
    (house / "p.json").write_text(
        '{"id": "e", "type": "paid", "created": 1, "amount": 1}'
    )
    (said,) = lines_of(terminal("try", "p.json", "--source", "shop"), "skipped")
    assert said.endswith("event.ticket is missing  (mappings/shop.yaml:7)")


def test_error_says_what_failed(terminal, house):
    """A rule that cannot be evaluated says so, without the value, and is no failure of the command."""
    (house / "p.json").write_text(
        '{"id": "e", "type": "paid", "created": 1, "amount": 1, "ticket": "no-uuid"}'
    )
    result = terminal("try", "p.json", "--source", "shop")
    (said,) = lines_of(result, "error")
    assert said.endswith("(mappings/shop.yaml:11)") and "no-uuid" not in said
    assert result.exit_code == 0 and "curl" not in result.stdout


def test_for_each_shows_one_request_an_item(terminal, samples, secrets):
    """Every item has its own request."""
    recording = f"{PAYLOADS}/stripe/invoice.payment_failed__two_tickets.http"
    result = terminal("try", recording)
    assert result.stdout.count("curl -X POST") == 2
    assert "713516551148" in result.stdout and "713516551149" in result.stdout
    assert CANARY not in result.output


@pytest.mark.parametrize(
    ("recording", "host"),
    [
        ("razorpay/payment.failed__card", "https://<KAPTURE_SUBDOMAIN>.kapturecrm.com"),
        ("hubspot/ticket.propertyChange__note", "https://<GETFLY_HOST>"),
    ],
)
def test_option_that_is_not_set_is_named(terminal, samples, recording, host):
    """Where the address comes from the environment and is not set, its name stands there."""
    result = terminal("try", f"{PAYLOADS}/{recording}.http")
    assert result.exit_code == 0, result.stderr
    assert host in result.stdout


def test_every_recording_of_the_samples_can_be_tried(terminal, samples):
    """A recording of a source with rules is explained, whatever it holds."""
    for source in ("stripe", "hubspot", "razorpay"):
        for path in sorted(Path(PAYLOADS, source).glob("*.http")):
            result = terminal("try", path)
            assert result.exit_code == 0, (path, result.stderr)


def test_rule_shows_that_rule_alone(terminal, samples):
    """--rule leaves the others out."""
    recording = f"{PAYLOADS}/stripe/invoice.paid__clp.http"
    result = terminal("try", recording, "--rule", "failed-payment-sets-substatus")
    assert not lines_of(result, "matched") and len(lines_of(result, "no_match")) == 1


def test_unknown_rule_names_the_known_ones(terminal, samples):
    """A rule that is not there is exit code 5 with those that are."""
    recording = f"{PAYLOADS}/stripe/invoice.paid__clp.http"
    result = terminal("try", recording, "--rule", "paid")
    assert (result.exit_code, result.stdout) == (5, "")
    assert "no rule 'paid'" in result.stderr
    assert "paid-invoice-sets-amount" in result.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("gone.http", None, "cannot read gone.http: No such file or directory"),
        ("a.http", "hi", "a.http cannot be used: line 1 is not a request line"),
        (
            "b.http",
            "POST /hooks/shop HTTP/1.1\nContent-Type: image/png\n\nx",
            "b.http cannot be used",
        ),
        (
            "c.http",
            "POST /hooks/other HTTP/1.1\n\n{}",
            "no source 'other': choose one with --source: shop",
        ),
        ("d.json", "{", "--source: shop"),
    ],
)
def test_payload_that_cannot_be_read_is_a_sentence(terminal, house, name, text, said):
    """A recording that is not there, is none, or of nobody, is exit code 3 and one line."""
    if text is not None:
        (house / name).write_text(text)
    result = terminal("try", name)
    assert (result.exit_code, result.stdout) == (3, "")
    assert said in result.stderr and result.stderr.count("\n") == 1


def test_folder_is_no_payload(terminal, house):
    """A folder in place of a payload is the same sentence."""
    result = terminal("try", "mappings")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "cannot read mappings: Is a directory" in result.stderr


def test_what_a_sender_wrote_does_not_reach_the_terminal(terminal, house, rewrite):
    """Control and direction characters in values, compared or sent, are shown as escapes."""
    rewrite("when: event.amount > 0", 'when: event.odd != "x"')
    rewrite("{{ event.currency | default('CLP') }}", "{{ event.odd }}")
    odd = "\\u001b[2J\\u009b1m\\u202e"
    payload = house / "mappings" / "paid.json"
    payload.write_text(payload.read_text().replace('"id"', f'"odd": "{odd}", "id"'))
    result = terminal("try", "mappings/paid.json", "--source", "shop")
    assert "\\x1b[2J\\x9b1m\\u202e" in result.stdout
    assert result.output.replace("\n", "").isprintable()


def test_keys_that_a_sender_chose_do_not_reach_the_terminal(terminal, house, rewrite):
    """An error that names the keys it found shows them without characters that a terminal obeys."""
    rewrite("{{ event.ticket | uuid }}", "{{ event.odd.ticket }}")
    payload = house / "mappings" / "paid.json"
    odd = '"odd": {"\\u001b[2J\\u009b1m": 1}, "id"'
    payload.write_text(payload.read_text().replace('"id"', odd))
    result = terminal("try", "mappings/paid.json", "--source", "shop")
    assert lines_of(result, "error") and "1m" in result.stdout
    assert result.output.replace("\n", "").isprintable()


SCHEMES = {
    "bearer: { env: SHOP_KEY }": "authorization: Bearer <secret>",
    "basic: { username: me, password: { env: SHOP_KEY } }": "authorization: Basic <secret>",
    "header: { name: X-Own, value: { env: SHOP_KEY } }": "X-Own: <secret>",
    "oauth2: { token_url: 'https://a.example/t', client_id: me, client_secret: { env: SHOP_KEY } }": (
        "authorization: Bearer <secret>"
    ),
}


@pytest.mark.parametrize("auth", SCHEMES)
def test_no_scheme_shows_its_secret(terminal, house, secrets, auth):
    """Whatever proves who calls, and every secret header of a connection, reads <secret> in the curl."""
    (house / "mappings" / "shop.yaml").write_text(
        "version: 1\n"
        "source: { name: shop, provider: stripe, verify: { secret: { env: SHOP_SECRET } } }\n"
        "rules:\n"
        "  - id: any\n"
        "    target: http.request\n"
        '    connection: { base_url: "https://example.com", headers: { X-Token: { env: SHOP_KEY }, X-Kind: T } }\n'
        f"    auth: {{ {auth} }}\n"
        '    fields: { method: POST, path: /a, query: { q: "a b&c" }, body: { it: "{{ event.it }}" } }\n'
    )
    (house / "p.json").write_text(
        '{"id": "e", "type": "paid", "created": 1, "it": "it\'s \\u009b"}'
    )
    result = terminal("try", "p.json", "--source", "shop")
    assert result.exit_code == 0, result.stderr
    for header in ("X-Token: <secret>", "X-Kind: T", SCHEMES[auth]):
        assert f"-H '{header}'" in result.stdout
    assert CANARY not in result.output and "me:" not in result.output
    assert "'https://example.com/a?q=a%20b%26c'" in result.stdout
    assert '--data-raw $\'{"it":"it\\\'s \\xc2\\x9b"}\'' in result.stdout


def test_curl_can_be_pasted(terminal, samples):
    """A shell reads the command back as the words that were meant."""
    result = terminal("try", f"{PAYLOADS}/stripe/invoice.paid__clp.http")
    command = result.stdout.partition("curl")[2].partition("\n  no_match")[0]
    words = shlex.split("curl" + command)
    assert words[:4] == [
        "curl",
        "-X",
        "POST",
        "https://api.vambe.me/api/public/ticket/amount",
    ]
    assert json.loads(words[words.index("--data-raw") + 1])["amount"] == 150000
