"""A server on loopback that answers GET with the pages that a test puts there, and counts what it was asked for."""

import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace


@contextmanager
def serving():
    """`pages` are status and body by path and query; a body of status 302 is where it leads."""
    pages: dict[str, tuple[int, bytes]] = {}
    asked: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked[self.path] += 1
            status, body = pages.get(self.path, (404, b""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    host = f"127.0.0.1:{running.server_port}"
    yield SimpleNamespace(host=host, url=f"http://{host}", pages=pages, asked=asked)
    running.shutdown()
    running.server_close()
