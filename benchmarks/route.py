"""How many events a second one core routes: a source with five rules, of which one matches, and a recorded invoice."""

import json
from datetime import UTC, datetime
from pathlib import Path

from measure import Figure, rate, report

from bridge import providers
from bridge.mapping import build, route
from bridge.model import Said
from bridge.strict import http
from bridge.strict import json as strict

RECORDING = "tests/payloads/stripe/invoice.paid__clp.http"
RULES = """
version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_WEBHOOK_SECRET } } }
connections:
  vambe: { vendor: vambe, auth: { api_key: { env: VAMBE_API_KEY } }, country: CL }
  kapture: { vendor: kapture, auth: { basic_token: { env: KAPTURE_TOKEN } }, subdomain: acme }
defaults:
  let: { inv: "{{ event.data.object }}" }
rules:
  - id: paid-invoice-sets-amount
    events: [invoice.paid]
    skip_if_missing: [inv.metadata.vambe_ticket_id]
    when: inv.amount_paid > 0
    target: vambe.update_amount
    connection: vambe
    fields:
      ticket_id: "{{ inv.metadata.vambe_ticket_id | uuid }}"
      amount: "{{ inv.amount_paid | from_minor(inv.currency) }}"
      currency: "{{ inv.currency | upper }}"
  - id: large-invoice-sets-metadata
    events: [invoice.*]
    skip_if_missing: [inv.metadata.vambe_ticket_id]
    when: inv.amount_paid > 100000000
    target: vambe.update_metadata
    connection: vambe
    fields: { ticket_id: "{{ inv.metadata.vambe_ticket_id | uuid }}", metadata: { size: large } }
  - id: dollar-invoice-sets-metadata
    events: [invoice.paid]
    when: inv.currency == "usd"
    target: vambe.update_metadata
    connection: vambe
    fields: { ticket_id: "{{ inv.metadata.vambe_ticket_id | uuid }}", metadata: { currency: dollars } }
  - id: failed-payment-sets-substatus
    events: [invoice.payment_failed]
    target: kapture.update_ticket
    connection: kapture
    fields: { ticket_id: "{{ inv.metadata.kapture_ticket }}", sub_status: PS }
  - id: new-customer-makes-ticket
    events: [customer.created]
    target: kapture.add_ticket
    connection: kapture
    fields: { title: "New customer {{ inv.id }}" }
"""


def main() -> None:
    """Measures, prints and keeps."""
    now = datetime(2026, 4, 1, tzinfo=UTC)
    raw = (Path(__file__).parents[1] / RECORDING).read_bytes()
    request = providers.trust(http.parse(raw, now))
    body = request.request.body
    ruleset = build({"stripe.yaml": RULES}, {}).usable()
    provider = ruleset.sources["stripe"].provider
    (event,) = providers.read(provider, "stripe", request)
    said = [decision.said for decision in route(event, ruleset)]
    assert said == [Said.MATCHED, *[Said.NO_MATCH] * 4], said

    def whole() -> None:
        for one in providers.read(provider, "stripe", request):
            route(one, ruleset)

    yardstick = rate(lambda: json.loads(body))
    measured = {
        f"json.loads of the event ({len(body):,} bytes)": yardstick,
        "strict JSON of the event": rate(lambda: strict.loads(body)),
        "reading the event: JSON, id, type, digest": rate(
            lambda: providers.read(provider, "stripe", request)
        ),
        "routing it: five rules, one matches": rate(lambda: route(event, ruleset)),
        "both": rate(whole),
    }
    figures = [
        Figure(name, value, "events/s", value / yardstick)
        for name, value in measured.items()
    ]
    report("route", "json.loads of the event", figures)


if __name__ == "__main__":
    main()
