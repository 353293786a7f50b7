"""How the example of each code becomes a mappings folder, or an expression about an event. Data and text only."""

import re
from pathlib import Path

from bridge.strict import json

PAYLOADS = Path(__file__).parents[1] / "payloads/stripe"
HEAD = """version: 1
source: { name: stripe, verify: { secret: { env: STRIPE_SECRET } } }
connections:
  vambe-cl: { vendor: vambe, auth: { api_key: { env: VAMBE_API_KEY } } }
  kapture-in: { vendor: kapture, subdomain: acme, auth: { basic_token: { env: K } } }
  getfly-vn: { vendor: getfly, host: { env: GETFLY_HOST }, auth: { api_key: { env: G } } }
"""
LINKED = PAYLOADS / "expected.yaml"
ENVIRON = {
    "STRIPE_WEBHOOK_SECRET": "w",
    "STRIPE_SECRET": "s",
    "VAMBE_API_KEY": "v",
    "K": "k",
    "G": "g",
    "GETFLY_HOST": "acme.getflycrm.com",
}
VAMBE = {
    "id": "paid",
    "let": '{ inv: "{{ event.data.object }}" }',
    "target": "vambe.update_amount",
    "connection": "vambe-cl",
    "fields": '{ ticket_id: "{{ inv.metadata.vambe_ticket_id | uuid }}", amount: '
    '"{{ inv.amount_paid | from_minor(inv.currency) }}" }',
}
KAPTURE = {
    "id": "paid",
    "target": "kapture.update_ticket",
    "connection": "kapture-in",
    "fields": "{ ticket_id: T1, sub_status: PS }",
}
TEST = {
    "name": "t",
    "given": "../tests/payloads/stripe/invoice.paid__clp.http",
    "patch": "{ event.data.object.currency: usd, event.data.object.amount_paid: 1999 }",
    "expect": "{ paid: { method: POST } }",
}
NEGATIVE = (
    "name: n\npatch: { event.data.object.amount_paid: 0 }\nexpect: { paid: no_match }"
)
TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


def indented(text, by):
    return "".join(f"{by}{line}\n" for line in text.splitlines())


def mapped(fragment, defaults):
    """An entry of a list: the example's own keys, and the defaults that it does not give."""
    own = set(re.findall(r"^([a-z_]+):", fragment, re.MULTILINE))
    rest = [f"{key}: {value}" for key, value in defaults.items() if key not in own]
    return "  - " + indented("\n".join([fragment, *rest]), "    ").lstrip()


def rule(fragment, defaults=VAMBE):
    return f"{HEAD}rules:\n{mapped(fragment, defaults)}"


def rules(fragment):
    """Whole rules: their ids are the example's own."""
    entries = (
        re.sub(r"^  ", "", part, flags=re.MULTILINE)
        for part in re.split(r"^- ", fragment, flags=re.MULTILINE)[1:]
    )
    defaults = {key: value for key, value in VAMBE.items() if key != "id"}
    return f"{HEAD}rules:\n{''.join(mapped(entry, defaults) for entry in entries)}"


def field(fragment):
    more = '  ticket_id: "{{ event.ticket | uuid }}"'
    return rule(f"fields:\n{indented(fragment, '  ')}{more}")


def kapture(fragment):
    return rule(fragment, KAPTURE)


def below(key):
    return lambda fragment: f"{HEAD}{key}:\n{indented(fragment, '  ')}"


def beside(fragment):
    """A top-level key after a rule."""
    return f"{rule('when: inv.amount_paid > 0')}{fragment}\n"


def case(fragment, more="mode: live"):
    return f"{rule(more)}tests:\n{mapped(fragment, TEST)}"


def told(fragment):
    """A rule that two tests show, one of them doing nothing."""
    return f"{rule(fragment)}tests:\n{mapped('name: t', TEST)}{mapped(NEGATIVE, TEST)}"


def outcome(fragment):
    return case(f"expect:\n  paid:\n{indented(fragment, '    ')}")


def response(fragment):
    return f"responses:\n  - {fragment}\n    do: retry"


def received(make, payload):
    """The example's file, and a test that gives this payload to its rule."""

    def files(fragment):
        given = {"given": "a.json", "expect": TEST["expect"]}
        body = {"id": "evt_1", "type": "invoice.paid", "created": 1772366340, **payload}
        return {
            "a.yaml": f"{make(fragment)}tests:\n{mapped('name: t', given)}",
            "a.json": json.dumps(body).decode(),
        }

    return files


LOOKUP = (
    "fields: { ticket_id: T1, sub_status: \"{{ event.n | lookup('substatus') }}\" }"
)
ANSWERS = (
    '{ replies: [{ status: 500, body: "<p>" }, { status: 200 }], final: delivered }'
)


def undated(fragment):
    """A rule for a sender without times: of the example's first line the sender, of its second the ordering."""
    source, ordering = (line.partition("#")[0] for line in fragment.splitlines())
    named = f"source: {{ name: {source.split()[1]}, verify: {{ secret: {{ env: STRIPE_SECRET }} }} }}"
    return rule(ordering).replace(HEAD.splitlines()[1], named)


def sent_by(fragment):
    """A rule, and the example as its source."""
    return rule("mode: live").replace(HEAD.splitlines()[1], fragment)


def thin(fragment):
    """A test of a sender whose events are looked up: its second line, where it has one, is the answer."""
    source = HEAD.splitlines()[1]
    looked_up = f"{source.removesuffix('}').rstrip()}, fetch: {LOOK_UP} }}"
    answer = fragment.partition("\n")[2]
    text = case(answer) if answer else case("at: 2026-01-31T12:00:00Z")
    return text.replace(source, looked_up)


LOOK_UP = (
    "{ target: http.request, connection: { base_url: https://api.example.com },"
    ' fields: { method: GET, path: "/x/{{ meta.event_id }}" } }'
)
TWICE = 'for_each: { in: "{{ [1, 2] }}", as: n }'
LINES = [{"kind": "a", "id": "1"}, {"kind": "a", "id": "2"}]

# code → the files that its example becomes: a text, or texts by name; a Path is a link
FILES = {
    **dict.fromkeys(["M002", "M004", "M005", "M006"], below("x-notes")),
    **dict.fromkeys(["M001", "M101", "M102", "M105", "M106", "M110", "M111"], rule),
    **dict.fromkeys(["M108", "M112", "W602", "W606", "W611", "W613", "W614"], kapture),
    **dict.fromkeys(["M103", "M104", "W605"], rules),
    **dict.fromkeys(["T501", "T502", "T503"], case),
    **dict.fromkeys(["T505", "T506"], outcome),
    **dict.fromkeys(["W607", "W608"], told),
    **dict.fromkeys(["A402", "A406", "W402"], lambda fragment: HEAD),
    "M003": str,
    "M007": field,
    "M008": lambda fragment: {"stripe.yaml": LINKED if "->" in fragment else HEAD},
    "M107": lambda fragment: {"a.yaml": fragment, "b.yaml": HEAD},
    "M109": lambda fragment: {
        "a.yaml": below("tables")(fragment),
        "tables/deals.csv": "deal,ticket\n1,T1\n",
    },
    "M113": lambda fragment: rule(response(fragment)),
    "A401": rule,
    "A403": rule,
    "A404": lambda fragment: HEAD.replace(
        "{ secret: { env: STRIPE_SECRET } }", f"{{ {fragment} }}"
    ),
    "A405": lambda fragment: f"version: 1\n{fragment}\n",
    "E304": received(lambda it: f"{kapture(LOOKUP)}tables:\n  {it}\n", {"n": 3}),
    "E320": received(kapture, {"active": "yes"}),
    "E321": received(kapture, {"tickets": "1,2"}),
    "E322": received(kapture, {"lines": LINES}),
    "E323": received(kapture, {"updated": 1772366340}),
    "E324": received(field, {"amount": "19.99", "ticket": TICKET}),
    "T504": lambda fragment: case(fragment, TWICE),
    "T507": lambda fragment: case(f"expect: {{ paid: {ANSWERS} }}", response(fragment)),
    "T508": thin,
    "W601": beside,
    "W603": lambda fragment: {Path(fragment).name: HEAD},
    "W604": lambda fragment: {} if "empty" in fragment else HEAD,
    "W609": lambda fragment: beside(fragment.replace("paid.http", TEST["given"])),
    "W610": undated,
    **dict.fromkeys(["W612", "W615"], sent_by),
}

# code → the `event` that its example is an expression about
EVENTS = {
    "E201": {},
    "E202": {},
    "E203": {},
    "E204": {},
    "E205": {},
    "E206": {"paid": True},
    "E301": {"data": {}},
    "E302": {"count": "7"},
    "E303": {"log": "x" * 70_000},
    "E305": {"amount": 5},
    "E306": {},
    "E307": {"note": None},
    "E308": {},
    "E309": {},
    "E311": {"ref": "INV-7"},
}
