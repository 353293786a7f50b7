"""The sandbox as a real HTTP server: in a thread of this process, or in the foreground for the command line.

Works in a process patched by gevent too, where its threads are greenlets. Listens on loopback unless told otherwise.
"""

from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from bridge.sandbox import create_sandbox
from bridge.sandbox.state import Fault, Recorded, State, Ticket

_POLL = 0.02  # seconds until a shutdown is noticed


class SandboxServer:
    """`with SandboxServer() as sandbox:` listens on a free port of 127.0.0.1; `sandbox.url` is its address."""

    def __init__(
        self,
        port: int = 0,
        credentials: Mapping[str, str] | None = None,
        known: Mapping[str, Iterable[str]] | None = None,
        told: Callable[[Recorded], None] | None = None,
    ) -> None:
        app = create_sandbox(credentials, known, told)
        self._state: State = app.extensions["sandbox"]
        self._server = make_server(
            "127.0.0.1", port, app, threaded=True, request_handler=_Quiet
        )
        self._thread = Thread(
            target=self._server.serve_forever, args=(_POLL,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT; a vendor's base URL is this and its name: …/vambe."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def calls(self, vendor: str | None = None) -> list[Recorded]:
        """The calls so far, in the order they were finished."""
        return self._state.calls(vendor)

    def tickets(self, vendor: str) -> dict[str, Ticket]:
        """What the vendor's tickets hold now, by identifier."""
        return self._state.tickets(vendor)

    def put(self, vendor: str, ticket: str, **values: Any) -> None:
        """Set values of a ticket as if a person had, such as vambe's closed=True."""
        self._state.put(vendor, ticket, values)

    def know(self, vendor: str, *tickets: str) -> None:
        """From now on the vendor has only these tickets."""
        self._state.know(vendor, tickets)

    def fault(self, vendor: str = "", **fault: Any) -> None:
        """Order a fault for the next calls; the keys are those of Fault."""
        self._state.fault(Fault(vendor=vendor, **fault))

    def mend(self) -> None:
        """Drop the faults that were not used up."""
        self._state.mend()

    def reset(self) -> None:
        """Forget calls, tickets and faults."""
        self._state.reset()


class _Quiet(WSGIRequestHandler):
    """Without a line on stderr per request: calls are recorded anyway."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def run(
    host: str = "127.0.0.1",
    port: int = 8080,
    credentials: Mapping[str, str] | None = None,
    told: Callable[[Recorded], None] | None = None,
) -> None:
    """Serve until the process is interrupted; `told` is called with each call."""
    app = create_sandbox(credentials, told=told)
    server = make_server(host, port, app, threaded=True, request_handler=_Quiet)
    try:
        server.serve_forever(_POLL)
    finally:
        server.server_close()
