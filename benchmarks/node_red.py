"""Node-RED doing the same work without keeping anything: webhook, function, HTTP request."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig import Server, answering, free_port

# What the bridge's rule sends: the amount and currency of the invoice, to the ticket that its metadata names.
_FUNCTION = """
const invoice = msg.payload.data.object;
msg.url = "VENDOR/vambe/api/public/ticket/amount";
msg.method = "PUT";
msg.headers = { "x-api-key": "benchmark" };
msg.payload = { ticket_id: invoice.metadata.vambe_ticket_id, amount: invoice.amount_paid,
                currency: invoice.currency.toUpperCase() };
return msg;
"""


def version(folder: Path) -> str | None:
    """The version that npm put into the folder, with the node it needs; None where there is no npm, or it cannot."""
    if not shutil.which("npm"):
        return None
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
    command += ["node@22", "node-red@5"]
    if subprocess.run(command, cwd=folder, timeout=600).returncode:
        return None
    package = folder / "node_modules/node-red/package.json"
    return str(json.loads(package.read_text())["version"])


@contextmanager
def node_red(folder: Path, vendor: str) -> Iterator[Server]:
    """A Node-RED that serves POST /hooks/stripe and calls the vendor."""
    port = free_port()
    (folder / "flows.json").write_text(json.dumps(_flows(vendor)))
    (folder / "settings.js").write_text(
        f"module.exports = {{ uiPort: {port}, uiHost: '127.0.0.1', flowFile: 'flows.json', disableEditor: true,"
        " httpAdminRoot: false, logging: { console: { level: 'warn' } } };"
    )
    program = folder / "node_modules/node-red/red.js"
    command = [str(folder / "node_modules/.bin/node"), str(program)]
    command += ["--userDir", str(folder), "--settings", str(folder / "settings.js")]
    with answering(command, port, {}, folder) as server:
        yield server


def _flows(vendor: str) -> list[dict[str, object]]:
    def node(id: str, type: str, *wires: str, **more: object) -> dict[str, object]:
        return {"id": id, "type": type, "z": "flow", "wires": [list(wires)], **more}

    path, code = "/hooks/stripe", _FUNCTION.replace("VENDOR", vendor)
    return [
        {"id": "flow", "type": "tab", "label": "benchmark"},
        node("in", "http in", "change", "answer", url=path, method="post"),
        node("answer", "http response", statusCode="202"),
        node("change", "function", "send", func=code, outputs=1),
        node("send", "http request", method="use", ret="obj", persist=True),
    ]
