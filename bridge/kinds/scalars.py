"""The kinds that hold no others: text, one of a few words, whole numbers, true or false."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bridge.did_you_mean import did_you_mean
from bridge.kinds.holding import Forms
from bridge.kinds.kind import Form, Kind, Problem, Problems, whole, write
from bridge.model import Advice
from bridge.strict.yaml_writing import written

_WHOLE = re.compile("-?[0-9]{1,18}")
_SAID = {
    "true": ("true", "yes", "on", "1", "y"),
    "false": ("false", "no", "off", "0", "n"),
}


class Text(Kind):
    """Text that is not empty; with `pattern`, text that matches it whole. `shape` and `fix` go into the message.

    `check` says what else may be wrong with it.
    """

    json_type = "string"
    needs = "text"

    def __init__(
        self,
        title: str = "",
        *,
        pattern: str = "",
        shape: str = "",
        fix: str = "",
        check: Callable[[str], str] = lambda text: "",
        may_be_empty: bool = False,
        **rest: Any,
    ) -> None:
        super().__init__(title, **rest)
        self.pattern, self.shape, self.fix = pattern, shape, fix
        self.check, self.may_be_empty = check, may_be_empty

    def problem(self, value: object) -> Problems:
        if not isinstance(value, str):
            return self.wrong_type(value)
        if not value and not self.may_be_empty:
            return Problem("is empty", "drop the key")
        return self.problem_of_text(value)

    def problem_of_text(self, text: str) -> Problems:
        """What is wrong with text that is not empty."""
        if not self.pattern or re.fullmatch(self.pattern, text):
            return self.check(text)
        return Problem(f"needs {self.shape}, but this text is not one", self.fix)

    def advice(self, value: object) -> str:
        if isinstance(value, list):
            alone = len(value) == 1 and isinstance(value[0], str)
            return write(written(value[0])) if alone else "write one text"
        if isinstance(value, dict):
            return "write one text"
        return Advice("write it in quotes", '"…"')

    def json_form(self, forms: Forms) -> Form:
        if self.pattern:
            return whole(self.pattern, f"needs {self.shape}: {self.fix}")
        return {"type": "string"} | ({} if self.may_be_empty else {"minLength": 1})


class Choice(Text):
    """One of a few words."""

    def __init__(self, title: str = "", *, choices: Sequence[str], **rest: Any) -> None:
        super().__init__(title, **rest)
        self.choices = choices

    def problem(self, value: object) -> Problems:
        if value in self.choices:
            return ""
        near = did_you_mean(str(value), self.choices)
        help = near or write(self.choices[0])
        return Problem(f"must be one of {', '.join(self.choices)}", help)

    def json_form(self, forms: Forms) -> Form:
        return {"enum": list(self.choices)}


class Integer(Kind):
    """A whole number within bounds that include their ends."""

    json_type = "integer"
    needs = "a whole number"

    def __init__(self, title: str = "", *, low: int, high: int, **rest: Any) -> None:
        super().__init__(title, **rest)
        self.low, self.high = low, high
        self.only = str(low) if low == high else ""

    def problem(self, value: object) -> Problems:
        if isinstance(value, bool) or not isinstance(value, int):
            return self.wrong_type(value)
        if self.low <= value <= self.high:
            return ""
        nearest = str(self.low if value < self.low else self.high)
        within = f"between {self.low:,} and {self.high:,}"
        return Problem(f"must be {self.only or within}", write(nearest))

    def advice(self, value: object) -> str:
        """The number that stands in quotes, or any."""
        text = str(value)
        if isinstance(value, str) and _WHOLE.fullmatch(text):
            if self.low <= int(text) <= self.high:
                return write(text, " without quotes")
        return f"write a number such as {self.low}"

    def json_form(self, forms: Forms) -> Form:
        if self.only:
            return {"const": self.low}
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Flag(Kind):
    """true or false."""

    json_type = "boolean"
    needs = "true or false"

    def problem(self, value: object) -> Problems:
        return "" if isinstance(value, bool) else self.wrong_type(value)

    def advice(self, value: object) -> str:
        words = (word for word, meant in _SAID.items() if str(value).lower() in meant)
        return next((write(word) for word in words), "")
