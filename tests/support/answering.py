"""An API on real loopback HTTP, which a test writes as one WSGI method."""

from threading import Thread

from werkzeug.serving import WSGIRequestHandler, make_server


class Answering:
    """Serves itself, a WSGI application, while it is entered; `url` is where."""

    def __init__(self):
        self._server = make_server("127.0.0.1", 0, self, request_handler=_Quiet)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        """Says nothing."""
