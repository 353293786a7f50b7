"""Raw sockets against a running bridge: requests that no client library would send, byte by byte if need be."""

import json
import socket
import time
from contextlib import closing

from running import stripe_event

from bridge.store import views

LIMIT = 64 * 1024  # what receivers of these tests take at most
HEAD = "POST /hooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class NoVendors:
    """Stands for a sandbox where nothing is delivered."""

    url = "http://127.0.0.1:9"


def head(*headers, start=HEAD):
    """The head of a request with these header lines besides the usual ones."""
    return (start + "".join(f"{line}\r\n" for line in headers) + "\r\n").encode()


def body(id):
    """A Stripe event of this id."""
    return json.dumps(stripe_event("invoice.paid__clp.http", id=id)).encode()


def rows(running):
    """What is stored of the newest 200 events."""
    with closing(running.database()) as database, database.read() as connection:
        return [dict(row) for row in views.list_events(connection, limit=200)]


def events(running):
    """Their ids."""
    return [row["event_id"] for row in rows(running)]


def connect(running, bind="hooks"):
    """A socket to the hooks' port, or the admin's."""
    port = running.port if bind == "hooks" else running.admin_port
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def talk(running, *parts, pause=0.0, half_close=False):
    """Sends raw bytes in parts; the status of the answer, or None when there is none."""
    with connect(running) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
                if b"\r\n\r\n" in answer:
                    break
        except (ConnectionError, TimeoutError):
            return None
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/") else None


def answers(running, raw, bind="hooks"):
    """Every status that a connection answers to these bytes and nothing after them, until it is closed."""
    with connect(running, bind) as connection:
        answer = b""
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                answer += chunk
        except OSError:  # it was closed before it had read all
            pass
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]
