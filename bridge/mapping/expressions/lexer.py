"""Jinja's lexer with offsets for line numbers, exact number literals and strict text literals.

Jinja's tokens, and the nodes its parser makes of them, carry a line number and nothing more. Here that number is the
offset of the token's first character. Numbers are made from their own digits and are never floats.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, cast

from jinja2 import Environment, TemplateSyntaxError
from jinja2.lexer import (
    TOKEN_EOF,
    TOKEN_FLOAT,
    TOKEN_INTEGER,
    TOKEN_NAME,
    TOKEN_OPERATOR,
    TOKEN_STRING,
    TOKEN_VARIABLE_BEGIN,
    TOKEN_VARIABLE_END,
    TOKEN_WHITESPACE,
    Lexer,
    Token,
    operators,
)

from bridge.mapping.helpers import numbers
from bridge.mapping.helpers.values import ExpressionError, Number

MAX_TOKENS: Final = 2_000

# Jinja's own may begin with a digit, so it has to be tried after numbers.
_NAME = re.compile(r"[^\W\d]\w*")
_DIGITS = re.compile(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
# Most tokens are one of these, and nothing else fits where they do: they are tried first.
_OFTEN = {TOKEN_NAME, TOKEN_WHITESPACE}
_AS_THEY_ARE = {TOKEN_EOF, TOKEN_VARIABLE_BEGIN, TOKEN_VARIABLE_END}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


class OffsetLexer(Lexer):
    """The lexer. It keeps nothing between two sources."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for rules in self.rules.values():
            for at, rule in enumerate(rules):
                if rule.tokens == TOKEN_NAME:
                    rules[at] = rule._replace(pattern=_NAME)
            rules.sort(key=lambda rule: rule.tokens not in _OFTEN)

    def tokeniter(
        self,
        source: str,
        name: str | None,
        filename: str | None = None,
        state: str | None = None,
    ) -> Iterator[tuple[int, str, str]]:
        position = 0
        try:
            for _, kind, text in super().tokeniter(source, name, filename, state):
                # `{{-` drops the white space before it: only then is the token further on.
                start = source.index(text, position)
                position = start + len(text)
                yield start, kind, text
        except TemplateSyntaxError as error:
            blank = len(source[position:]) - len(source[position:].lstrip())
            message = re.sub(r" at \d+$", "", error.message or "")
            raise TemplateSyntaxError(message, position + blank) from None
        yield len(source), TOKEN_EOF, ""

    def wrap(
        self,
        stream: Iterable[tuple[int, str, str]],
        name: str | None = None,
        filename: str | None = None,
    ) -> Iterator[Token]:
        for count, (offset, kind, text) in enumerate(stream):
            if count > MAX_TOKENS:
                raise ExpressionError("E206", "the expression is too long")
            if kind in (TOKEN_INTEGER, TOKEN_FLOAT):
                # Jinja's annotation says str, its parser takes any value of a literal.
                yield Token(offset, kind, cast(str, _number(text, offset)))
            elif kind == TOKEN_STRING:
                yield Token(offset, kind, _unescape(text[1:-1], offset))
            elif kind == TOKEN_OPERATOR:
                yield Token(offset, operators[text], text)
            elif kind == TOKEN_NAME and text.isidentifier() or kind in _AS_THEY_ARE:
                yield Token(offset, kind, text)
            elif kind != TOKEN_WHITESPACE:
                yield from super().wrap([(offset, kind, text)], name, filename)


def _number(text: str, offset: int) -> Number:
    if not _DIGITS.fullmatch(text):
        raise TemplateSyntaxError(
            "a number is written with digits and one point", offset
        )
    try:
        return numbers.bounded(int(text) if text.isdecimal() else Decimal(text))
    except (ExpressionError, ValueError, ArithmeticError):
        span = (offset, offset + len(text))
        raise ExpressionError("E206", "the number has more than 100 digits").at(
            span
        ) from None


def _unescape(text: str, offset: int) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        if code not in _ESCAPES:
            raise TemplateSyntaxError(
                "unknown escape in a text", offset + 1 + found.start()
            )
        return _ESCAPES[code]

    return _ESCAPE.sub(replace, text) if "\\" in text else text
