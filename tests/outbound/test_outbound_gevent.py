"""The same bounds hold in a gevent-patched process, where all calls share one thread."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
from gevent import monkey
monkey.patch_all()

import time
from ipaddress import ip_address
import gevent
from bridge.model import Call
from bridge.outbound import Outbound, Target, dial
from outbound_server import LOOPBACK, OK, TLS, RawServer

def drip(server, head):
    def answer(conn):
        conn.sendall(head)
        while not server.stopped.wait(0.05):
            conn.sendall(b"\\0")
    return answer

def slow(conn):
    time.sleep(0.2)
    conn.sendall(OK)
    return True

dial.lookup = lambda exchange, host, port: [ip_address("127.0.0.1")]
outbound = Outbound(allowed_networks=LOOPBACK, ca_bundle=str(TLS / "ca.pem"))
call = Call(method="POST", path="/", body=b"{}")
servers = [RawServer(OK) for _ in range(2)] + [RawServer(slow), RawServer(OK, "vendor.pem")]
body, handshake, waiting, secure = servers
body.answer = drip(body, b"HTTP/1.1 200 OK\\r\\nContent-Length: 99999\\r\\n\\r\\n")
handshake._one = drip(handshake, b"\\x16\\x03\\x03\\x40\\x00\\x02\\x00\\x3f\\xfc")

def timed(target, timeout):
    started = time.monotonic()
    answer = outbound.send(call, target, timeout=timeout)
    return answer, time.monotonic() - started

jobs = [gevent.spawn(timed, body.target(), 0.4), gevent.spawn(timed, handshake.target("v.test", "https"), 0.4)]
jobs += [gevent.spawn(timed, waiting.target(), 5) for _ in range(20)]
gevent.joinall(jobs)
for job, sent in zip(jobs, (True, False)):
    answer, seconds = job.value
    assert (answer.kind, answer.sent) == ("timeout", sent), answer
    assert 0.35 < seconds < 1.0, seconds
for job in jobs[2:]:
    answer, seconds = job.value
    assert answer.status == 200 and seconds < 1.0, (answer, seconds)
assert outbound.send(call, secure.target("vendor.test", "https")).status == 200
outbound.close()
for server in servers:
    server.stop()
print("held")
"""


def test_bounds_hold_under_gevent():
    """Dribbling bodies and handshakes end in time while twenty other calls go on beside them."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == "held\n", done.stderr
