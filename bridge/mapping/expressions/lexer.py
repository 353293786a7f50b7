"""Text → the tokens that Jinja's parser reads, with offsets for line numbers, exact numbers and strict text literals.

Jinja's tokens, and the nodes its parser makes of them, carry a line number and nothing more. Here that number is the
offset of the token's first character. Numbers are made from their own digits and are never floats. What counts as a
token, and what is said of text that is none, is as in Jinja's own lexer. `Environment.lex` would serve, but it gives no
offsets: finding them again in the source makes an expression take 1.4 times as long to compile.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final, cast

from jinja2 import TemplateSyntaxError
from jinja2.lexer import (
    TOKEN_BLOCK_BEGIN,
    TOKEN_BLOCK_END,
    TOKEN_DATA,
    TOKEN_EOF,
    TOKEN_FLOAT,
    TOKEN_INTEGER,
    TOKEN_NAME,
    TOKEN_OPERATOR,
    TOKEN_STRING,
    TOKEN_VARIABLE_BEGIN,
    TOKEN_VARIABLE_END,
    Token,
    TokenStream,
    operators,
)

from bridge.mapping.values import numbers
from bridge.mapping.values.value import ExpressionError, Number

MAX_TOKENS: Final = 2_000

_OPERATOR = "|".join(map(re.escape, sorted(operators, key=len, reverse=True)))
_TOKEN = rf"""
    (?P<{TOKEN_NAME}> [^\W\d]\w* )
  | (?P<{TOKEN_FLOAT}> (?<!\.) \d+(_\d+)* (\.\d+(_\d+)*)? e[+-]?\d+(_\d+)* | (?<!\.) \d+(_\d+)* \.\d+(_\d+)* )
  | (?P<{TOKEN_INTEGER}> 0b(_?[01])+ | 0o(_?[0-7])+ | 0x(_?[\da-f])+ | [1-9](_?\d)* | 0(_?0)* )
  | (?P<{TOKEN_STRING}> '[^'\\]*(\\.[^'\\]*)*' | "[^"\\]*(\\.[^"\\]*)*" )
  | (?P<{TOKEN_OPERATOR}> {_OPERATOR} )
"""


def _inside(end: str) -> re.Pattern[str]:
    """One token and the white space before it; the text's end is a token without a kind."""
    flags = re.VERBOSE | re.DOTALL | re.IGNORECASE
    return re.compile(rf"\s*+(?: {end} {_TOKEN} | \Z )", flags)


_IN_BRACKETS = _inside("")  # where what closes a tag is two operators
_IN_VARIABLE = _inside(rf"(?P<{TOKEN_VARIABLE_END}> -\}}\}}\s* | \}}\}} ) |")
_IN_BLOCK = _inside(rf"(?P<{TOKEN_BLOCK_END}> -%\}}\s* | \+?%\}} ) |")
# A sign behind the delimiter is about the white space beside the tag.
_TAG = re.compile(
    rf"""
    (?P<raw> \{{%[-+]?\s*raw\s*(-%\}}\s*|%\}}) )
  | (?P<{TOKEN_VARIABLE_BEGIN}> \{{\{{[-+]? )
  | (?P<{TOKEN_BLOCK_BEGIN}> \{{%[-+]? )
  | (?P<comment> \{{\#[-+]? )
    """,
    re.VERBOSE,
)
_COMMENT_END = re.compile(r"-#\}\s*|\+?#\}")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*(-%\}\s*|\+?%\})")
_INSIDE = {TOKEN_VARIABLE_BEGIN: _IN_VARIABLE, TOKEN_BLOCK_BEGIN: _IN_BLOCK}
_ENDS = {TOKEN_VARIABLE_END, TOKEN_BLOCK_END}
_BRACKETS = frozenset("()[]{}")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DIGITS = re.compile(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
_BACKSLASH = r"write \\ for a backslash; in a pattern [0-9] is a digit, [.] a point"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


def stream(source: str, *, bare: bool) -> TokenStream:
    """The tokens of a template, or of one bare expression, each made when the parser comes to it.

    So the first of two mistakes is the one that is raised: TemplateSyntaxError, as by the parser, or ExpressionError.
    """
    return TokenStream(_Reader(source).tokens(bare=bare), None, None)


class _Reader:
    """Reads one source; `at` is how far it came."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.left = MAX_TOKENS

    def tokens(self, *, bare: bool) -> Iterator[Token]:
        if bare:
            yield from self.expression(_IN_VARIABLE)
        while tag := _TAG.search(self.source, self.at):
            yield from self.text_before(tag)
            kind = str(tag.lastgroup)
            if kind == "comment":
                self.at = self.closing(_COMMENT_END, "comment tag").end()
            elif kind == "raw":
                yield from self.text_before(self.closing(_RAW_END, "raw directive"))
            else:
                yield Token(tag.start(), kind, tag[0])
                yield from self.expression(_INSIDE[kind])
        if self.at < len(self.source):
            yield Token(self.at, TOKEN_DATA, self.source[self.at :])
        yield Token(len(self.source), TOKEN_EOF, "")

    def text_before(self, tag: re.Match[str]) -> Iterator[Token]:
        text = self.source[self.at : tag.start()]
        if tag[0][2:3] == "-":
            text = text.rstrip()
        if text:
            yield Token(self.at, TOKEN_DATA, text)
        self.at = tag.end()

    def closing(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        if found := pattern.search(self.source, self.at):
            return found
        raise self.unreadable(f"Missing end of {what}")

    def expression(self, pattern: re.Pattern[str]) -> Iterator[Token]:
        """What stands in a tag, with the tag's end; or up to the end of the source."""
        brackets: list[str] = []
        while True:
            found = (_IN_BRACKETS if brackets else pattern).match(self.source, self.at)
            if found is None:
                raise self.unreadable()
            kind = found.lastgroup
            self.at = found.end()
            if kind is None:
                return
            yield self.token(kind, found.start(kind), found[kind], brackets)
            if kind in _ENDS:
                return

    def token(self, kind: str, start: int, text: str, brackets: list[str]) -> Token:
        self.left -= 1
        if self.left < 0:
            raise ExpressionError("E206", "the expression is too long")
        if kind == TOKEN_OPERATOR:
            if text in _BRACKETS:
                _balance(brackets, text, start)
            return Token(start, operators[text], text)
        read = _VALUES.get(kind)
        # Jinja's annotation says str, its parser takes any value of a literal.
        return Token(start, kind, cast(str, read(text, start)) if read else text)

    def unreadable(self, message: str = "") -> TemplateSyntaxError:
        """The error about the next sign."""
        rest = self.source[self.at :]
        start = self.at + len(rest) - len(rest.lstrip())
        message = message or f"unexpected char {self.source[start]!r}"
        return TemplateSyntaxError(message, start)


def _balance(brackets: list[str], sign: str, start: int) -> None:
    """Notes what closes a bracket, or that it is closed."""
    if sign in _CLOSING:
        brackets.append(_CLOSING[sign])
        return
    wanted = brackets.pop() if brackets else ""
    if sign != wanted:
        more = f", expected '{wanted}'" if wanted else ""
        raise TemplateSyntaxError(f"unexpected '{sign}'{more}", start)


def _name(text: str, start: int) -> str:
    if not text.isidentifier():
        raise TemplateSyntaxError("Invalid character in identifier", start)
    return text


def _number(text: str, start: int) -> Number:
    if not _DIGITS.fullmatch(text):
        raise TemplateSyntaxError(
            "write a number with digits and one decimal point", start
        )
    try:
        return numbers.bounded(int(text) if text.isdecimal() else Decimal(text))
    except (ExpressionError, ValueError, ArithmeticError):
        error = ExpressionError("E206", "the number has more than 100 digits")
        raise error.at((start, start + len(text))) from None


def _text(quoted: str, start: int) -> str:
    def replace(found: re.Match[str]) -> str:
        code = found[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        if code not in _ESCAPES:
            at = start + 1 + found.start()
            message = "cannot read this: unknown escape in a text"
            raise ExpressionError("E201", message, help=_BACKSLASH).at((at, at + 1))
        return _ESCAPES[code]

    text = quoted[1:-1]
    return _ESCAPE.sub(replace, text) if "\\" in text else text


_VALUES: Final[dict[str, Callable[[str, int], str | Number]]] = {
    TOKEN_NAME: _name,
    TOKEN_INTEGER: _number,
    TOKEN_FLOAT: _number,
    TOKEN_STRING: _text,
}
