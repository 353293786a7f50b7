"""Node-RED doing the same work: webhook, function, HTTP request.

By itself it checks and keeps nothing. `keeping` verifies Stripe's signature and inserts the event into SQLite before it
answers, by node-red-node-sqlite: the nearest that a flow comes to what the bridge does.
"""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rig import SECRET, Server, answering, free_port

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
# Over the raw body; a signature that is wrong or older than five minutes is answered 401.
_VERIFY = """
const head = Object.fromEntries(msg.req.headers["stripe-signature"].split(",").map((part) => part.split("=")));
const mine = crypto.createHmac("sha256", "SECRET").update(head.t + ".").update(msg.payload).digest();
const theirs = Buffer.from(head.v1, "hex");
const old = Math.abs(Date.now() / 1000 - Number(head.t)) > 300;
if (old || theirs.length !== mine.length || !crypto.timingSafeEqual(mine, theirs)) {
    msg.statusCode = 401;
    return [null, msg];
}
msg.event = JSON.parse(msg.payload);
msg.params = { $id: msg.event.id, $body: msg.payload };
return [msg, null];
"""
_RESTORE = "msg.payload = msg.event; msg.statusCode = 202; return msg;"
_PATH = "/hooks/stripe"
_TABLE = "CREATE TABLE events (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID"
_INSERT = "INSERT OR IGNORE INTO events VALUES ($id, $body)"


def version(folder: Path) -> str | None:
    """The version that npm put into the folder, with the node it needs; None where there is no npm, or it cannot."""
    if not shutil.which("npm"):
        return None
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund"]
    command += ["node@22", "node-red@5", "node-red-node-sqlite"]
    if subprocess.run(command, cwd=folder, timeout=900).returncode:
        return None
    package = folder / "node_modules/node-red/package.json"
    return str(json.loads(package.read_text())["version"])


@contextmanager
def node_red(folder: Path, vendor: str, *, keeping: bool = False) -> Iterator[Server]:
    """A Node-RED that serves POST /hooks/stripe and calls the vendor."""
    port, store = free_port(), folder / "events.db"
    _make(store)
    flows = _keeping(vendor, store) if keeping else _passing(vendor)
    (folder / "flows.json").write_text(json.dumps(flows))
    (folder / "settings.js").write_text(
        f"module.exports = {{ uiPort: {port}, uiHost: '127.0.0.1', flowFile: 'flows.json', disableEditor: true,"
        " httpAdminRoot: false, logging: { console: { level: 'warn' } } };"
    )
    program = folder / "node_modules/node-red/red.js"
    command = [str(folder / "node_modules/.bin/node"), str(program)]
    command += ["--userDir", str(folder), "--settings", str(folder / "settings.js")]
    with answering(command, port, {}, folder) as server:
        yield server


def _make(store: Path) -> None:
    """An empty store with a write-ahead log; SQLite itself syncs every commit of it unless it is told otherwise."""
    for old in store.parent.glob(f"{store.name}*"):
        old.unlink()
    with closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(_TABLE)


def _node(id: str, type: str, *wires: str, **more: object) -> dict[str, object]:
    return {"id": id, "type": type, "z": "flow", "wires": [list(wires)], **more}


def _sending(vendor: str) -> list[dict[str, object]]:
    """What both end with."""
    code = _FUNCTION.replace("VENDOR", vendor)
    return [
        {"id": "flow", "type": "tab", "label": "benchmark"},
        _node("change", "function", "send", func=code, outputs=1),
        _node("send", "http request", method="use", ret="obj", persist=True),
    ]


def _passing(vendor: str) -> list[dict[str, object]]:
    return [
        *_sending(vendor),
        _node("in", "http in", "change", "answer", url=_PATH, method="post"),
        _node("answer", "http response", statusCode="202"),
    ]


def _keeping(vendor: str, store: Path) -> list[dict[str, object]]:
    raw = {"url": _PATH, "method": "post", "skipBodyParsing": True}
    code = _VERIFY.replace("SECRET", SECRET)
    libs = [{"var": "crypto", "module": "crypto"}]
    # The first output is for what is proven, the second for what is not.
    parted = [["store"], ["answer"]]
    return [
        *_sending(vendor),
        _node("in", "http in", "verify", **raw),
        _node("verify", "function", func=code, outputs=2, libs=libs, wires=parted),
        {"id": "db", "type": "sqlitedb", "db": str(store), "mode": "RWC"},
        _node("store", "sqlite", "kept", mydb="db", sqlquery="prepared", sql=_INSERT),
        _node("kept", "function", "change", "answer", func=_RESTORE, outputs=1),
        _node("answer", "http response"),
    ]
