"""Log lines that may come in floods: the first of a kind is written, and a second later how many more there were."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from bridge.greenlets import later

SECOND = 1.0


class Sampled:
    """Says lines by `say(event, **values)`. Lines are of one kind when event and values are equal, so those are few."""

    def __init__(self, say: Callable[..., Any]) -> None:
        self._say = say
        self._more: Counter[tuple[Any, ...]] = Counter()

    def __call__(self, event: str, **values: Any) -> None:
        """One line, or one more of those that were said already."""
        kind = (event, *values.items())
        if kind in self._more:
            self._more[kind] += 1
            return
        self._say(event, **values)
        waits = bool(self._more)
        self._more[kind] = 0
        if not waits:
            later(SECOND, self._tell)

    def _tell(self) -> None:
        said, self._more = self._more, Counter()
        for (event, *values), more in said.items():
            if more:
                self._say(event, **dict(values), more_in_the_last_second=more)
