"""The bytes of one answer, read by llhttp within our bounds. Knows no socket and judges no status.

llhttp keeps to the grammar. Where real servers do not, an answer is still read as long as it cannot be taken for
another: it came over a connection that carries nothing else at the time.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from bridge.outbound.exchange import Failed

MAX_BODY = 1024 * 1024
MAX_HEAD = 64 * 1024
MAX_WIRE = 2 * 1024 * 1024  # head, body and the framing of chunks together
MAX_HEADERS = 100
_UPGRADED = 101
_LENIENT = {
    "lenient_headers": True,  # control characters in a value
    "lenient_chunked_length": True,  # a length beside chunks, which does not count
    "lenient_keep_alive": False,
    "lenient_transfer_encoding": False,
    "lenient_version": False,
    "lenient_data_after_close": True,  # it is not looked at
    "lenient_optional_lf_after_cr": False,
    "lenient_optional_cr_before_lf": True,  # lines that end with a line feed alone
    "lenient_optional_crlf_after_chunk": False,
    "lenient_spaces_after_chunk_size": True,
}


class Answer:
    """What came so far. `complete` once it is all there, or more than we keep (`truncated`).

    The methods that begin with `on_` are llhttp's to call. Interim answers (100, 102, 103) pass without a trace.
    """

    def __init__(self, host: str, method: str) -> None:
        self.status = 0
        # By lower-case name; repeated ones are joined.
        self.headers: dict[str, str] = {}
        self.complete = False
        self.truncated = False
        self.reusable = False  # whether its connection may carry another exchange
        self._host, self._bodiless = host, method == "HEAD"
        self._pieces: list[bytes] = []
        self._size = self._count = self._lines = 0
        self._in_head = True
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**_LENIENT)

    @property
    def body(self) -> bytes:
        return b"".join(self._pieces)[:MAX_BODY]

    @property
    def is_long(self) -> bool:
        """Whether so much came that others should have a turn before more is read."""
        return self._count > MAX_HEAD

    def feed(self, data: bytes) -> None:
        """Takes what came off the socket; b"" for its end. Raises Failed where no whole answer will come of it."""
        if not data:
            self._end()
            return
        self._count += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self.complete, self.reusable = True, False
        except HttpParserError:
            self.reusable = False
            if not self.complete:
                raise Failed(
                    "dropped",
                    f"{self._host} sent something that is not a complete HTTP answer",
                ) from None
        limit = MAX_HEAD if self._in_head else MAX_WIRE
        if self._count > limit and not self.complete:
            raise Failed("dropped", f"{self._host} sent an endless answer")

    def on_message_begin(self) -> None:
        if self.complete:  # something follows that nobody asked for
            self.reusable = False
        else:
            self.headers = {}
            self._lines = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        if self._lines > MAX_HEADERS:
            raise ValueError
        if self._in_head:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            known = self.headers.get(key)
            self.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        self.status = self._parser.get_status_code()
        self._in_head = self._is_interim()
        self.complete = not self._in_head and self._bodiless

    def on_body(self, data: bytes) -> None:
        if self.complete:
            return
        self._pieces.append(data)
        self._size += len(data)
        if self._size > MAX_BODY:
            self.complete = self.truncated = True

    def on_message_complete(self) -> None:
        if not self.complete and not self._in_head:
            plain = not {"content-length", "transfer-encoding"} <= self.headers.keys()
            self.complete = True
            self.reusable = plain and self._parser.should_keep_alive()

    def _is_interim(self) -> bool:
        return 100 <= self.status < 200 and self.status != _UPGRADED

    def _end(self) -> None:
        """The connection ended: a body without a length is whole by that, all else is cut off."""
        codings = self.headers.get("transfer-encoding", "").lower()
        if self._in_head:
            raise Failed(
                "dropped", f"{self._host} closed the connection before it answered"
            )
        if "content-length" in self.headers or "chunked" in codings:
            raise Failed(
                "dropped",
                f"{self._host} closed the connection before its answer was complete",
            )
        self.complete = True
