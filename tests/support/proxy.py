"""A round-robin TCP proxy before several receivers, as a load balancer stands there: a connection that one refuses goes
to the next, and nothing is sent twice."""

import itertools
import socket
import threading


class Proxy:
    """`with Proxy(ports) as proxy:` listens on proxy.port of loopback."""

    def __init__(self, ports):
        self._ports, self._turn = ports, itertools.count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            server = self._backend()
            if server is None:
                return
            with server:
                back = threading.Thread(target=_copy, args=(server, client))
                back.start()
                _copy(client, server)
                back.join()

    def _backend(self):
        """A connection to whoever is next and answers."""
        start = next(self._turn)
        for step in range(len(self._ports)):
            port = self._ports[(start + step) % len(self._ports)]
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=60)
            except OSError:
                continue
        return None


def _copy(source, target):
    """Copies until the source ends, and passes the end on."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()
