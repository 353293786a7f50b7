r"""Patterns as they are written: a part of the regular expressions that people know, read into a tree.

Taken are characters, `.`, classes such as [A-Z0-9] and \d \w \s (of ASCII), groups, | and the repetitions * + ?
{2,5}; ^ and $ at the ends alone. What needs a memory or a look around (\1, \b, (?=…)) and what stops early (*?) is
refused.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from bridge.mapping.values.value import ExpressionError
from bridge.strict.names import compose

LONGEST: Final = 200  # characters of a pattern
_MOST: Final = 200  # repetitions
_DEEPEST: Final = 20  # groups in one another
_LAST: Final = 0x10FFFF

Range: TypeAlias = tuple[int, int]  # of code points, both ends in it


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of these ranges."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after another."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """From `least` to `most` times, None for any number."""

    part: "Node"
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group in plain brackets."""

    part: "Node"


Node: TypeAlias = Chars | Sequence | Choice | Repeat | Group

_COUNT: Final = re.compile(r"\{([0-9]{1,3})(,?)([0-9]{0,3})\}")
_HEX: Final = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})")
_TIMES: Final[dict[str, tuple[int, int | None]]] = {
    "*": (0, None),
    "+": (1, None),
    "?": (0, 1),
}
_DIGIT: Final[tuple[Range, ...]] = ((48, 57),)
_WORD: Final[tuple[Range, ...]] = (*_DIGIT, (65, 90), (95, 95), (97, 122))
_SPACE: Final[tuple[Range, ...]] = ((9, 13), (32, 32), (0xA0, 0xA0))
_CLASSES: Final = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_SIGNS: Final = {"n": "\n", "r": "\r", "t": "\t"}


def bad_pattern(message: str, help: str = "") -> ExpressionError:
    """E311."""
    return ExpressionError("E311", f"this is not a pattern: {message}", help=help)


def others(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """The characters that are in none of the ranges."""
    rest, start = [], 0
    for low, high in sorted(ranges):
        if start < low:
            rest.append((start, low - 1))
        start = max(start, high + 1)
    return (*rest, (start, _LAST)) if start <= _LAST else tuple(rest)


_ANY: Final = others(((10, 10),))


class Reader:
    """Reads one pattern. `first` and `last` say that it is bound to the beginning and the end."""

    def __init__(self, source: str) -> None:
        if not source or len(source) > LONGEST:
            raise bad_pattern(f"it has 1 to {LONGEST} characters")
        text = compose(source)
        self.first = text.startswith("^")
        text = text.removeprefix("^")
        backslashes = len(text[:-1]) - len(text[:-1].rstrip("\\"))
        self.last = text.endswith("$") and backslashes % 2 == 0
        self.text = text[:-1] if self.last else text
        self.at = self.depth = 0

    def read(self) -> Node:
        """The whole pattern."""
        node = self.choice()
        if self.at < len(self.text):
            raise bad_pattern("a ) has no (", "write [)] for the character")
        if isinstance(node, Choice) and (self.first or self.last):
            raise bad_pattern("^ and $ apply to all choices", "write ^(?:a|b)$")
        return node

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def choice(self) -> Node:
        parts = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Node:
        parts = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, node: Node) -> Node:
        sign = self.peek()
        if sign in _TIMES and sign:
            self.at += 1
            least, most = _TIMES[sign]
        elif found := _COUNT.match(self.text, self.at):
            self.at = found.end()
            least = int(found[1])
            most = int(found[3]) if found[3] else None if found[2] else least
            if max(least, most or 0) > _MOST or (most is not None and most < least):
                help = f"write the smaller number first, as in {{2,3}}; {_MOST} is the most"
                raise bad_pattern(f"{found[0]} is not a valid count", help)
        else:
            return node
        if self.peek() in ("*", "+", "?", "{"):
            help = "a pattern matches as much as it can: [^;]* ends before a ;"
            raise bad_pattern(f"{sign}{self.peek()} is not supported", help)
        return Repeat(node, least, most)

    def atom(self) -> Node:
        sign = self.peek()
        self.at += 1
        match sign:
            case "(":
                return self.group()
            case "[":
                return Chars(self.characters())
            case ".":
                return Chars(_ANY)
            case "\\":
                return Chars(self.escaped())
            case "*" | "+" | "?" | "{":
                raise bad_pattern(f"{sign} has nothing to repeat", f"write [{sign}]")
            case "^" | "$":
                help = f"write [{sign}] for the character" if sign == "$" else ""
                raise bad_pattern(
                    f"{sign} is only allowed at the end of a pattern", help
                )
        return Chars(((ord(sign), ord(sign)),))

    def group(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise bad_pattern(f"more than {_DEEPEST} groups in one another")
        plain = self.peek() != "?"
        if not plain and self.peek(2) != "?:":
            raise bad_pattern(
                f"({self.peek(2)} is not supported", "groups are ( ) and (?: )"
            )
        self.at += 0 if plain else 2
        node = self.choice()
        if self.peek() != ")":
            raise bad_pattern("a ( is not closed", "write [(] for the character")
        self.at += 1
        self.depth -= 1
        return Group(node) if plain else Sequence((node,))

    def escaped(self) -> tuple[Range, ...]:
        """What a backslash and the sign behind it stand for."""
        sign = self.peek()
        if found := _HEX.match(self.text, self.at):
            self.at = found.end()
            code = int(found[1] or found[2], 16)
            return ((code, code),)
        self.at += 1
        if sign.lower() in _CLASSES:
            ranges = _CLASSES[sign.lower()]
            return others(ranges) if sign.isupper() else ranges
        if not sign or (sign.isalnum() and sign not in _SIGNS):
            raise bad_pattern(f"\\{sign} is not supported")
        code = ord(_SIGNS.get(sign, sign))
        return ((code, code),)

    def characters(self) -> tuple[Range, ...]:
        """What stands in [ ]. A ] right behind the [ is the character."""
        negated = self.peek() == "^"
        self.at += negated
        ranges: list[Range] = []
        start = self.at
        while self.peek() != "]" or self.at == start:
            if not self.peek():
                raise bad_pattern("a [ is not closed", "write [[] for the character")
            if self.peek(2) in ("[:", "[.", "[="):
                raise bad_pattern(
                    f"{self.peek(2)} is not supported", "write [A-Za-z0-9]"
                )
            ranges += self.range()
        self.at += 1
        return others(tuple(ranges)) if negated else tuple(ranges)

    def range(self) -> tuple[Range, ...]:
        low = self.member()
        if self.peek() != "-" or self.peek(2) in ("-", "-]"):
            return low
        self.at += 1
        high = self.member()
        if len(low) > 1 or len(high) > 1 or low[0][0] > high[0][1]:
            raise bad_pattern("a - must be between two characters in order")
        return ((low[0][0], high[0][1]),)

    def member(self) -> tuple[Range, ...]:
        sign = self.peek()
        self.at += 1
        return self.escaped() if sign == "\\" else ((ord(sign), ord(sign)),)
