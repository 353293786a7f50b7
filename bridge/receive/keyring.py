"""Public keys that senders publish, fetched and kept: who asks, and how often, is bounded whatever requests say.

One address is asked for one key set at a time, and not again within PAUSE, however many unknown keys are named. What
was fetched is good for FRESH, and while its address does not answer for up to STALE. Addresses that requests name are
fetched NEW times in PAUSE and kept up to MOST; those that proved somebody stay longest.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple, TypeAlias

from bridge import log
from bridge.errors import KeysUnavailable, Malformed
from bridge.greenlets import computed
from bridge.model import NoReply, Reply, Request
from bridge.outbound.fetching import unusable
from bridge.providers import Provider, keysource, most_bytes
from bridge.providers.keysource import Asked, Key
from bridge.secret import Secret

FRESH, STALE = 3_600.0, 24 * 3_600.0  # seconds
PAUSE = 60.0  # seconds between two fetches of one address
AGAIN = 5.0  # seconds until an address that gave nothing is asked again
NEW = 30  # addresses that requests name, in PAUSE
MOST = 64  # addresses that are kept

Fetch: TypeAlias = Callable[[str], Reply | NoReply]

_log = log.get("receive")


@dataclass(kw_only=True)
class _Kept:
    """What one address gave. Moments are those of the clock."""

    lock: Lock = field(default_factory=Lock)
    keys: tuple[Key, ...] = ()
    fetched: float = float("-inf")
    tried: float = float("-inf")
    problem: str = ""  # why the last try gave nothing
    absent: bool = False  # there is nothing at this address
    proven: bool = False


def keys_in(reply: Reply | NoReply) -> tuple[tuple[Key, ...], str]:
    """The keys that an answer publishes, and why there are none."""
    problem = unusable(reply)
    if isinstance(reply, Reply) and not problem:
        try:
            return keysource.published(reply.body), ""
        except Malformed as error:
            problem = f"the answer {error}"
    return (), problem


class Found(NamedTuple):
    """What there is for one request."""

    keys: Mapping[int, Sequence[Secret]]  # by the position of their recipe
    problem: KeysUnavailable | None  # why some cannot be had
    urls: tuple[str, ...]  # that were asked for


class Keyring:
    """Those of one process. `fetch` asks one address; `clock` counts seconds."""

    def __init__(
        self, fetch: Fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch, self._clock = fetch, clock
        self._kept: dict[str, _Kept] = {}
        self._new: deque[float] = deque(maxlen=NEW)

    def keys_for(self, provider: Provider, request: Request) -> Found:
        """The keys that may have signed a request, and why some cannot be had."""
        size = most_bytes(request)
        wanted = computed(size, lambda: keysource.asked(provider, request))
        usable: dict[int, Sequence[Secret]] = {}
        problem = None
        for position, one in wanted.items():
            try:
                keys = self._keys(one)
            except KeysUnavailable as error:
                problem = error
            else:
                recipe = provider.recipes[position]
                usable[position] = keysource.usable(recipe, one.key, keys)
        return Found(usable, problem, tuple(one.url for one in wanted.values()))

    def proven(self, keys: Found) -> None:
        """The keys of these addresses proved somebody."""
        for url in keys.urls:
            if url in self._kept:
                self._kept[url].proven = True

    def _keys(self, wanted: Asked) -> tuple[Key, ...]:
        """Raises KeysUnavailable."""
        kept = self._kept.get(wanted.url) or self._room(wanted)
        if self._wanting(kept, wanted):
            with kept.lock:  # who waited for it finds what another fetched
                if self._wanting(kept, wanted):
                    self._ask(kept, wanted.url)
        if kept.keys or kept.absent and wanted.named:
            return kept.keys
        raise KeysUnavailable(f"cannot fetch the sender's keys: {kept.problem}")

    def _wanting(self, kept: _Kept, wanted: Asked) -> bool:
        now = self._clock()
        if now - kept.tried < (PAUSE if kept.keys or kept.absent else AGAIN):
            return False
        ids = {key.id for key in kept.keys}
        known = not wanted.key or wanted.key in ids or ids == {""}
        return not known or now - kept.fetched >= FRESH

    def _ask(self, kept: _Kept, url: str) -> None:
        now = self._clock()
        kept.tried, kept.problem = now, ""
        reply = self._fetch(url)
        keys, kept.problem = keys_in(reply)
        if not kept.problem:
            kept.keys, kept.fetched = keys, now
        kept.absent = isinstance(reply, Reply) and 400 <= reply.status <= 499
        if kept.problem:
            _log.warning("keys not fetched", error=kept.problem)
            if now - kept.fetched >= STALE:
                kept.keys = ()

    def _room(self, wanted: Asked) -> _Kept:
        """A place for an address that was not asked yet. Raises KeysUnavailable where too many are."""
        now = self._clock()
        if wanted.named:
            if len(self._new) == NEW and now - self._new[0] < PAUSE:
                raise KeysUnavailable("requests name too many key addresses")
            self._new.append(now)
        if len(self._kept) >= MOST:
            useless = (url for url, kept in self._kept.items() if not kept.proven)
            self._kept.pop(next(useless, next(iter(self._kept))))
        return self._kept.setdefault(wanted.url, _Kept())
