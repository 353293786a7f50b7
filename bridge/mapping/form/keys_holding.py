"""The kinds of key that hold others: lists, mappings of any names, and what may be one of two."""

from collections.abc import Mapping
from typing import Any

from bridge.mapping.form.keys import Flag, Key, Pattern, list_help
from bridge.mapping.form.problems import Problem, needs
from bridge.model import Advice


class List(Key):
    """A list of one kind that is not empty."""

    def __init__(self, description: str, item: Key, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.item = item

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        if not isinstance(value, list):
            return needs("a list", value, self._listed(value))
        if not value:
            return Problem("is empty", "drop the key")
        return _problems(self.item, dict(enumerate(value)))

    def _listed(self, value: object) -> str:
        """The same as a list."""
        if isinstance(value, dict):
            return Advice("begin each entry with '- '", "[…]")
        return list_help(self.item.listed(value)) if isinstance(value, str) else ""


class FlagOrList(Key):
    """true or false, or a list of one kind."""

    def __init__(self, description: str, item: Key, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.flag, self.list = Flag(description), List(description, item)

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        kind = self.list if isinstance(value, list) else self.flag
        return kind.problem(value)


class Names(Key):
    """A mapping of any keys to values of one kind; `key` is the form of its keys."""

    def __init__(
        self,
        description: str,
        item: Key,
        key: Pattern | None = None,
        *,
        may_be_empty: bool = False,
        **rest: Any,
    ):
        super().__init__(description, **rest)
        self.item, self.key, self.may_be_empty = item, key, may_be_empty

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        if not isinstance(value, dict):
            return needs("a mapping", value, "write { name: … }")
        if not value:
            return None if self.may_be_empty else Problem("is empty", "drop the key")
        wrong = _problems(self.item, value) or {}
        for key in value:
            problem = self.key.problem(key) if self.key else None
            if problem:
                wrong[key] = [problem]
        return wrong or None


class Either(Key):
    """Text of one kind, or a mapping of another."""

    def __init__(self, description: str, text: Key, mapping: Key, **rest: Any) -> None:
        super().__init__(description, **rest)
        self.text, self.mapping = text, mapping

    def problem(self, value: object) -> Problem | dict[Any, Any] | None:
        kind = self.text if isinstance(value, str) else self.mapping
        return kind.problem(value)


def _problems(kind: Key, values: Mapping[Any, object]) -> dict[Any, Any] | None:
    wrong: dict[Any, Any] = {}
    for key, value in values.items():
        wrong |= kind.problems(key, value)
    return wrong or None
