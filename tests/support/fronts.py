"""The front door within a test's own process: its parts, its mapping files, and requests to it."""

import json

from running import MAPPING, SECRET, sign, stripe_event

from bridge.services.parts import Parts
from bridge.services.rulesets import Rules

BODY = json.dumps(stripe_event("invoice.paid__clp.http", id="evt_front")).encode()


def set_secrets(monkeypatch):
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("VAMBE_API_KEY", "v")
    monkeypatch.setenv("KAPTURE_TOKEN", "k")


def parts(database, folder, settings, mapping=MAPPING):
    (folder / "rules.yaml").write_text(mapping)
    return Parts(settings=settings, database=database, rules=Rules(database, folder))


def send(app, body=BODY, **options):
    headers = {"Stripe-Signature": sign(body), **options.pop("headers", {})}
    return app.test_client().post(
        "/hooks/stripe",
        data=body,
        headers=headers,
        content_type="application/json",
        **options,
    )


# A source needs a rule; this one takes no event.
RULES = """
rules:
  - id: some-rule
    events: [never]
    target: vambe.update_amount
    auth: { api_key: { env: VAMBE_API_KEY } }
    fields: { ticket_id: "{{ event.ticket | uuid }}", amount: 1, currency: CLP }
"""
GATE = f"""
version: 1
source:
  name: gate
  provider: generic
  verify: {{ scheme: token, path: token, secret: {{ env: STRIPE_WEBHOOK_SECRET }} }}
  event: {{ id: body.id }}
{RULES}"""
