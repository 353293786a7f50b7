"""The same bounds hold in a gevent-patched process, where all calls share one thread."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
from gevent import monkey
monkey.patch_all()

import time
from ipaddress import ip_address
from gevent import joinall, spawn
from bridge.model import Call
from bridge.outbound import Outbound, Target, dial
from outbound_server import LONG, LOOPBACK, OK, TLS, RawServer, drip

def without_end(server, head):
    def answer(conn):
        conn.sendall(head)
        drip(server, conn, b"\\0")
    return answer

def together(conn):
    while len(waiting.requests) < 20:
        time.sleep(0.01)
    conn.sendall(OK)
    return True

dial.lookup = lambda exchange, host: [ip_address("127.0.0.1")]
outbound = Outbound(allowed_networks=LOOPBACK, ca_bundle=str(TLS / "ca.pem"))
call = Call(method="POST", path="/", body=b"{}")
servers = [RawServer(OK) for _ in range(2)] + [RawServer(together), RawServer(OK, "vendor.pem")]
body, handshake, waiting, secure = servers
body.answer = without_end(body, b"HTTP/1.1 200 OK\\r\\nContent-Length: 99999\\r\\n\\r\\n")
handshake._one = without_end(handshake, b"\\x16\\x03\\x03\\x40\\x00\\x02\\x00\\x3f\\xfc")

def spend(target, sent):
    for _ in range(5):  # a machine that stalls may keep a call from leaving, but not each time
        answer = outbound.send(call, target, timeout=1)
        if answer.sent == sent:
            break
    return answer

ended = {spawn(spend, body.target(), True): True, spawn(spend, handshake.target("v.test", "https"), False): False}
answered = [spawn(outbound.send, call, waiting.target(), timeout=60) for _ in range(20)]
joinall([*ended, *answered])
for job, sent in ended.items():
    assert (job.value.kind, job.value.sent) == ("timeout", sent), job.value
    assert job.value.elapsed < LONG, job.value
for job in answered:
    assert job.value.status == 200, job.value
assert outbound.send(call, secure.target("vendor.test", "https")).status == 200
outbound.close()
for server in servers:
    server.stop()
print("held")
"""


def test_bounds_hold_under_gevent():
    """Dribbling bodies and handshakes end in time beside twenty calls that are answered once all of them are there.

    Fails when nothing but gevent bounds a handshake: it times each read of it, not the whole.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "held\n", done.stderr
