"""A ticket system that takes everything at once and remembers when: as little work as possible between the others.

`GET /calls` answers with the ticket and the moment (seconds of the monotonic clock) of every call since the last look.
"""

import asyncio
import json
import re
import sys
from time import monotonic

_TICKET = re.compile(rb"a1b2c3d4-e5f6-7890-abcd-(\d{12})")
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Vendor(asyncio.Protocol):
    """One connection."""

    calls: list[tuple[int, float]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller came."""
        self.transport, self.read = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answers every request that is whole."""
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self.read, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self.read) < whole:
                return
            request, self.read = self.read[:whole], self.read[whole:]
            self._answer(b"{}" if self._noted(request) else self._told())

    def _noted(self, request: bytes) -> bool:
        if request.startswith(b"GET /calls"):
            return False
        ticket = _TICKET.search(request)
        if ticket:
            self.calls.append((int(ticket[1]), monotonic()))
        return True

    def _told(self) -> bytes:
        told = json.dumps(self.calls).encode()
        self.calls.clear()
        return told

    def _answer(self, body: bytes) -> None:
        self.transport.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )


async def main() -> None:
    """Serves until it is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Vendor, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
