"""The mapping files of a storm, and what people do to them: every edit leaves each ticket its order."""

from dataclasses import dataclass, replace

# Both rules of Vambe write the same tickets: the order is the ticket's, whichever rule, connection and credential.
_RULES = """version: 1
source: {{ name: stripe, verify: {{ secret: {{ env: STRIPE_WEBHOOK_SECRET }} }} }}
{connections}
defaults:
  retries: {{ max_attempts: 100, initial: 1s, max_delay: 1s }}
  ordering: {{ stale: send }}
rules:
  - id: {replaces}
    events: [invoice.paid]
    target: vambe.update_metadata
{vambe}
    fields:
      ticket_id: "{{{{ event.data.object.ticket | uuid }}}}"
      metadata: {{ event: "{{{{ event.id }}}}" }}
  - id: dated
    events: [invoice.finalized]
    target: vambe.update_metadata
{dated}
    ordering: {{ stale: skip }}
    fields:
      ticket_id: "{{{{ event.data.object.ticket | uuid }}}}"
      metadata: {{ event: "{{{{ event.id }}}}" }}
  - id: {adds}
    events: [invoice.payment_failed]
    target: kapture.update_ticket
{kapture}
    fields: {{ ticket_id: "{{{{ event.data.object.ticket }}}}", sub_status: PS, comment: "{{{{ event.id }}}}" }}
  - id: fans
    events: [invoice.sent]
    for_each: {{ in: "{{{{ event.data.object.tickets }}}}", as: ticket, key: "{{{{ ticket }}}}", max: 1000 }}
    target: kapture.update_ticket
{kapture}
    fields: {{ ticket_id: "{{{{ ticket }}}}", sub_status: PS, comment: "{{{{ event.data.object.text }}}}" }}
"""
_EXTRA = """  - id: extra
    events: [invoice.voided]
    target: kapture.update_ticket
{kapture}
    fields: {{ ticket_id: "{{{{ event.data.object.ticket }}}}", sub_status: PS, comment: "{{{{ event.id }}}}" }}
"""
# A sender of batches, whose events no rule wants.
SHOP = """version: 1
source:
  name: shop
  provider: generic
  verify: { scheme: hmac, header: X-Signature, signed: [raw], secret: { env: SHOP_SECRET } }
  event: { items: body, id: item.id, type: item.kind }
"""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What people change of the mapping file."""

    rate: int = 0  # calls a second of Vambe's connection; 0: no limit
    name: int = 0  # of Vambe's connection; 0: it stands inline
    token: bool = False  # the dated rule has a token of its own
    split: bool = False  # the dated rule has a connection of its own
    renamed: int = 0  # how often the other rules were
    extra: bool = True  # one rule more

    def text(self):
        """The mapping file."""
        number = f"-{self.renamed}" if self.renamed else ""
        kapture = _inline("subdomain: acme", "basic_token", "KAPTURE_TOKEN")
        text = _RULES + _EXTRA * self.extra
        return text.format(
            connections=self._connections(),
            replaces=f"replaces{number}",
            adds=f"adds{number}",
            vambe=self._vambe(),
            dated=self._dated(),
            kapture=kapture,
        )

    def _connections(self):
        if not self.name:
            return ""
        auth = "auth: { api_key: { env: VAMBE_API_KEY } }"
        return f"connections:\n  vambe-{self.name}: {{ vendor: vambe, {auth}, {self._limits()} }}"

    def _limits(self):
        return f"concurrency: 16{f', rate: {self.rate}' if self.rate else ''}"

    def _vambe(self):
        if self.name:
            return f"    connection: vambe-{self.name}"
        return _inline(self._limits(), "api_key", "VAMBE_API_KEY")

    def _dated(self):
        token = "VAMBE_OTHER_KEY" if self.token else "VAMBE_API_KEY"
        if self.split:
            return _inline("concurrency: 8", "api_key", token)
        own = f"\n    auth: {{ api_key: {{ env: {token} }} }}"
        return self._vambe() + own * (self.token and bool(self.name))


def _inline(options, kind, secret):
    return (
        f"    connection: {{ {options} }}\n"
        f"    auth: {{ {kind}: {{ env: {secret} }} }}"
    )


EDITS = {
    "rate": lambda rules: replace(rules, rate=0 if rules.rate else 50),
    "connection renamed": lambda rules: replace(rules, name=rules.name + 1),
    "connection inline": lambda rules: replace(rules, name=0),
    "own token": lambda rules: replace(rules, token=not rules.token),
    "own connection": lambda rules: replace(rules, split=not rules.split),
    "rules renamed": lambda rules: replace(rules, renamed=rules.renamed + 1),
    "a rule more or less": lambda rules: replace(rules, extra=not rules.extra),
}
