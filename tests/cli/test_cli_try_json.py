"""`bridge try --json`: the shape that docs/terminal.md promises to other programs."""

import json
from pathlib import Path

import pytest

from bridge import mapping

ROOT = Path(__file__).parents[2]
PAYLOADS = "tests/payloads"
CANARY = "canary-5b1e"
TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


def tried(terminal, *arguments):
    result = terminal("try", *arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def formula(key, expression, value, kind, place):
    return {
        "key": key,
        "index": None,
        "expression": expression,
        "place": f"mappings/shop.yaml:{place}",
        "value": value,
        "type": kind,
    }


def tenant():
    """As the house's mapping file gives it."""
    [rule] = mapping.load(Path("mappings"), {}).usable().rules
    return rule.connection.tenant


def test_the_shape(terminal, house, monkeypatch):
    """Every key, its value and its place for a rule that matches; a credential reads <secret>."""
    monkeypatch.setenv("SHOP_KEY", CANARY)
    [found] = tried(terminal, "mappings/paid.json", "--source", "shop")
    ticket = {"expression": "event.ticket", "value": TICKET, "type": "text"}
    amount = {"expression": "event.amount", "value": 5, "type": "number"}
    assert found == {
        "event": {
            "id": None,
            "source": "shop",
            "event_id": "evt_1",
            "type": "paid",
            "occurred_at": "2026-03-01T11:59:00.000+00:00",
            "received_at": "2026-03-01T11:59:00.000+00:00",
            "live": True,
            "passed_over": None,
            "fetched": None,
            "fetched_headers": {},
        },
        "look_up": None,
        "rules": [
            {
                "rule": "paid-sets-amount",
                "outcome": "matched",
                "reason": "event.amount > 0 is true",
                "place": "mappings/shop.yaml:6",
                "diagnostic": None,
                "failed": None,
                "conditions": [
                    formula("skip_if_missing", "event.ticket", TICKET, "text", "7:23")
                    | {"compared": [ticket]},
                    formula("when", "event.amount > 0", True, "boolean", "6:11")
                    | {"compared": [amount]},
                ],
                "fields": [
                    formula(
                        "fields.ticket_id",
                        "{{ event.ticket | uuid }}",
                        TICKET,
                        "text",
                        "11:18",
                    ),
                    formula(
                        "fields.amount", "{{ event.amount }}", 5, "number", "12:15"
                    ),
                    formula(
                        "fields.currency",
                        "{{ event.currency | default('CLP') }}",
                        "CLP",
                        "text",
                        "13:17",
                    ),
                ],
                "values": [],
                "calls": [
                    {
                        "item": "",
                        "operation": "vambe.update_amount",
                        "connection": found["rules"][0]["calls"][0]["connection"],
                        "ticket": TICKET,
                        "lane": f"{tenant()}/{TICKET}",
                        "at": "2026-03-01T11:59:00.000+00:00",
                        "stale": "skip",
                        "coalesce": False,
                        "hold": "",
                        "shadow": False,
                        "idempotency_key": ":shop:evt_1:paid-sets-amount:",
                        "fields": {"ticket_id": TICKET, "amount": 5, "currency": "CLP"},
                        "request": {
                            "method": "POST",
                            "url": "https://api.vambe.me/api/public/ticket/amount",
                            "headers": [
                                ["content-type", "application/json"],
                                ["accept", "application/json"],
                                ["x-api-key", "<secret>"],
                            ],
                            "body": '{"ticket_id":"'
                            + TICKET
                            + '","amount":5,"currency":"CLP"}',
                        },
                    }
                ],
            }
        ],
    }


def test_every_promised_key_is_there_and_no_other(terminal, house):
    """docs/terminal.md names each key of the shape."""
    page = (ROOT / "docs" / "terminal.md").read_text()
    table = page.split("### What `try --json` writes")[1].split("## Running")[0]
    [found] = tried(terminal, "mappings/paid.json", "--source", "shop")
    [rule] = found["rules"]
    for part in (
        found,
        found["event"],
        rule,
        rule["calls"][0],
        rule["calls"][0]["request"],
        rule["conditions"][0],
    ):
        for key in part:
            assert f"`{key}`" in table, key


def test_an_error_has_its_finding_and_what_was_read(terminal, house, rewrite):
    """The diagnostic is that of check; `failed` holds the expression without a value, and there is no call."""
    rewrite("{{ event.ticket | uuid }}", "{{ event.tickt | uuid }}")
    [found] = tried(terminal, "mappings/paid.json", "--source", "shop")
    [rule] = found["rules"]
    assert (rule["outcome"], rule["calls"]) == ("error", [])
    assert rule["diagnostic"]["code"] == "E301"
    assert rule["diagnostic"]["file"] == "mappings/shop.yaml"
    assert (rule["diagnostic"]["line"], rule["diagnostic"]["column"]) == (11, 22)
    assert rule["failed"] == {
        "key": "fields.ticket_id",
        "index": None,
        "expression": "{{ event.tickt | uuid }}",
        "place": "mappings/shop.yaml:11:18",
        "compared": [{"expression": "event.tickt", "value": None, "type": "missing"}],
    }


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("19.90", "19.9"),
        ("150000.0", "150000"),
        ("0.1", "0.1"),
        ("9007199254740993", '"9007199254740993"'),
        ("0.12345678901234567891", '"0.12345678901234567891"'),
    ],
)
def test_a_number_that_a_double_would_change_is_text(
    terminal, house, rewrite, amount, shown
):
    """No program reads another number than the rule has seen; the type says number all the same."""
    rewrite("{{ event.amount }}", "{{ 5 }}")
    path = house / "mappings" / "paid.json"
    path.write_text(path.read_text().replace('"amount": 5', f'"amount": {amount}'))
    result = terminal("try", "mappings/paid.json", "--source", "shop", "--json")
    expected = f'{{"expression":"event.amount","value":{shown},"type":"number"}}'
    assert expected in result.stdout


def test_items_have_their_index_and_requests_no_secret(terminal, samples, monkeypatch):
    """Fields of for_each say which item they are of; what all items share has none."""
    monkeypatch.setenv("KAPTURE_TOKEN", CANARY)
    recording = f"{PAYLOADS}/stripe/invoice.payment_failed__two_tickets.http"
    [found] = tried(terminal, recording, "--rule", "failed-payment-sets-substatus")
    [rule] = found["rules"]
    indexes = [
        field["index"] for field in rule["fields"] if field["key"] == "fields.ticket_id"
    ]
    assert indexes == [0, 1]
    assert {
        value["index"] for value in rule["values"] if value["key"] == "let.inv"
    } == {None}
    assert [call["item"] for call in rule["calls"]] == ["713516551148", "713516551149"]
    assert CANARY not in json.dumps(found)
    assert ["authorization", "Basic <secret>"] in rule["calls"][0]["request"]["headers"]


def test_one_object_for_each_event_of_a_batch(terminal, samples):
    """Each on a line of its own; every recording of the samples can be written."""
    for path in sorted(Path(PAYLOADS).glob("hubspot/*.http")):
        found = tried(terminal, path)
        assert found and all(set(one) == {"event", "look_up", "rules"} for one in found)


def test_what_a_sender_wrote_is_escaped(terminal, house, rewrite):
    """A terminal obeys nothing of it, and a program reads it unchanged."""
    rewrite("{{ event.currency | default('CLP') }}", "{{ event.odd }}")
    path = house / "mappings" / "paid.json"
    path.write_text(
        path.read_text().replace('"id"', '"odd": "\\u001b[2J\\u202e\\ud800", "id"')
    )
    result = terminal("try", "mappings/paid.json", "--source", "shop", "--json")
    assert result.stdout.replace("\n", "").isprintable()
    [rule] = json.loads(result.stdout)["rules"]
    assert rule["failed"] is None or rule["failed"]["key"] == "fields.currency"
    assert "\x1b[2J\u202e\ud800" in [field["value"] for field in rule["fields"]]
