"""A client's bytes without a socket: they come in pieces as a test cut them, and what is answered is kept."""

from bridge.errors import Refused
from bridge.receive.body import Input, read_body
from bridge.receive.connection import Connection
from bridge.receive.head import BadHead, read_head
from bridge.receive.large import Room, Share

LIMIT = 2**20


class Pieces:
    """A socket that gives one piece after another, and then says that nothing follows."""

    def __init__(self, pieces):
        # An empty one would be the end.
        self.pieces, self.writes = [piece for piece in pieces if piece], []

    def recv(self, size):
        return self.pieces.pop(0) if self.pieces else b""

    def sendall(self, data):
        self.writes.append(data)

    def settimeout(self, seconds):
        pass

    def fileno(self):
        raise OSError("no such thing")


def read(*pieces):
    """The requests that we read from these bytes until one is refused, one ends the connection, or none follows.

    As (method, target, fields by WSGI's keys, body).
    """
    found, client = [], Connection(None, Pieces(pieces), 60.0)
    try:
        while raw := client.next_head():
            head = read_head(raw)
            environ = {**head.environ, "wsgi.input": Input(client, head.length)}
            share = Share(Room(), lambda: "a sender")
            body = read_body(environ, limit=LIMIT, free=LIMIT, share=share, seconds=60)
            found.append((*described(environ), body))
            if not head.keeps:
                break
            client.prove()
    except (BadHead, Refused):
        pass
    return found


def described(environ):
    """Method, target and fields of a WSGI environment."""
    fields = {
        key: value
        for key, value in environ.items()
        if key.startswith(("HTTP_", "CONTENT_"))
    }
    return environ["REQUEST_METHOD"], environ["RAW_URI"], fields
