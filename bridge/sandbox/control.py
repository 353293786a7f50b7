"""The sandbox's own pages: what it remembers as JSON and as a page for a person, and orders for the next calls.

`GET /_sandbox/calls` and `/_sandbox/tickets`, `POST /_sandbox/faults`, `/_sandbox/known` and `/_sandbox/tickets`,
`DELETE /_sandbox/` forgets everything. The page shows payloads, always escaped.
"""

import json
from base64 import b64encode
from dataclasses import fields
from typing import Any

from flask import Blueprint, current_app, render_template_string, request
from flask.typing import ResponseReturnValue

from bridge.sandbox.state import Fault, Recorded, Ticket, current

BLUEPRINT = Blueprint("control", __name__)

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Bridge sandbox</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem; max-width: 70rem }
  table { border-collapse: collapse; width: 100% }
  th, td { border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top }
  pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
</style>
<h1>Bridge sandbox</h1>
<p>Pretend vendors: nothing here leaves this machine.</p>
{% for vendor, tickets in vendors.items() if tickets %}
<h2>{{ vendor }}</h2>
<table>
  <tr><th scope="col">Ticket<th scope="col">Values
  {% for ticket, values in tickets.items() %}
  <tr><td>{{ ticket }}<td><pre>{{ values }}</pre>
  {% endfor %}
</table>
{% endfor %}
<h2>Calls</h2>
<table>
  <tr><th scope="col">Time<th scope="col">Vendor<th scope="col">Call<th scope="col">Answer<th scope="col">Body
  {% for call in calls %}
  <tr><td>{{ call.when.strftime("%H:%M:%S") }}<td>{{ call.vendor }}<td>{{ call.method }} {{ call.path }}
      <td>{{ call.status or "dropped" }}{{ ", applied" if call.applied }}
      <td><pre>{{ call.body.decode("utf-8", "replace") }}</pre>
  {% else %}
  <tr><td colspan="5">No call yet.
  {% endfor %}
</table>
"""


@BLUEPRINT.get("/")
def index() -> ResponseReturnValue:
    vendors = {name: _readable(current().tickets(name)) for name in _vendors()}
    calls = current().calls()[:-201:-1]
    return render_template_string(_PAGE, vendors=vendors, calls=calls)


@BLUEPRINT.get("/_sandbox/calls")
def calls() -> ResponseReturnValue:
    made = current().calls(request.args.get("vendor"))
    return {"calls": [_shown(call) for call in made]}


@BLUEPRINT.get("/_sandbox/tickets")
def tickets() -> ResponseReturnValue:
    return {name: current().tickets(name) for name in _vendors()}


@BLUEPRINT.post("/_sandbox/tickets")
def put_ticket() -> ResponseReturnValue:
    """{"vendor": …, "ticket": …, "values": {…}}: a ticket as it shall be."""
    order = _order("vendor", "ticket", "values")
    current().put(order["vendor"], str(order["ticket"]), dict(order.get("values", {})))
    return {"status": "ok"}


@BLUEPRINT.post("/_sandbox/known")
def know() -> ResponseReturnValue:
    """{"vendor": …, "tickets": […]}: the only tickets that exist from now on."""
    order = _order("vendor", "tickets")
    current().know(order["vendor"], [str(ticket) for ticket in order["tickets"]])
    return {"status": "ok"}


@BLUEPRINT.post("/_sandbox/faults")
def add_fault() -> ResponseReturnValue:
    """The fields of Fault: {"vendor": "vambe", "status": 503, "count": 2}."""
    current().fault(Fault(**_order(*(item.name for item in fields(Fault)))))
    return {"status": "ok"}


@BLUEPRINT.delete("/_sandbox/")
def reset() -> ResponseReturnValue:
    current().reset()
    return {"status": "ok"}


@BLUEPRINT.errorhandler(ValueError)
def wrong_order(error: ValueError) -> ResponseReturnValue:
    return {"error": str(error)}, 400


def _order(*known: str) -> dict[str, Any]:
    order = request.get_json(force=True)
    if not isinstance(order, dict) or set(order) - set(known):
        raise ValueError(f"send a JSON object of {', '.join(known)}")
    missing = {"vendor", "ticket", "tickets"} & set(known) - set(order)
    if missing and "count" not in known:
        raise ValueError(f"{', '.join(sorted(missing))} is missing")
    if order.get("vendor", "") not in ("", *_vendors()):
        raise ValueError(f"vendor is one of {', '.join(_vendors())}")
    return order


def _vendors() -> list[str]:
    return sorted(name for name in current_app.blueprints if name != "control")


def _readable(tickets: dict[str, Ticket]) -> dict[str, str]:
    """Each ticket's values as JSON with its accents; the page escapes it."""
    return {
        ticket: json.dumps(values, indent=1, ensure_ascii=False)
        for ticket, values in tickets.items()
    }


def _shown(call: Recorded) -> dict[str, Any]:
    """A call as JSON; the body as text where it is UTF-8, and always exactly as base64."""
    return {
        "vendor": call.vendor,
        "method": call.method,
        "path": call.path,
        "headers": [list(pair) for pair in call.headers],
        "body": call.body.decode("utf-8", errors="replace"),
        "body_base64": b64encode(call.body).decode(),
        "status": call.status,
        "applied": call.applied,
        "when": call.when.isoformat(),
    }
