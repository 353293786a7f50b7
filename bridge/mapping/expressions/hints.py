"""What to write instead of text that cannot be read, by what stands where reading ended. Reads nothing but that text.

A hint that knows the very text is an Advice, which is proven by compiling it before anybody sees it.
"""

import re
from collections.abc import Callable

from bridge.model import Advice

_OPERAND = r"""(?:'[^']*'|"[^"]*"|[\w.]+(?:\[[^\]]*\][\w.]*)*(?:\([^()]*\))?)"""
_STAND_IN = re.compile(rf"\s*\?\?\s*({_OPERAND})")
_STAND_INS = re.compile(rf"(?:\s*\?\?\s*{_OPERAND})+")
_ARGUMENTS = re.compile(rf"\s*:\s*({_OPERAND}(?:\s*,\s*{_OPERAND})*)")
_CONTAINS = re.compile(rf"({_OPERAND})\s+contains\s+({_OPERAND})")
_EACH = re.compile(rf"\[\s*(\w+)((?:\.\w+)*)\s+for\s+\1\s+in\s+({_OPERAND})\s*\]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)")
_CURLY = re.compile(r"[‘’“”]([^‘’“”'\\]*)[‘’“”]")
_ELSE_IF = re.compile(r"else\s+if\b")
_TAG = re.compile(r"\{%[-+]?\s*(\w+).*?%\}", re.DOTALL)
_TOKEN = re.compile(
    r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()\[\]{}?:]|\?\?", re.DOTALL
)
_SIGNS = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[(,]\s*\w+\s*=(?!=)|\|\||&&?|<>|===?|!==?|[<>]=|=|!""",
    re.DOTALL,
)
_MEANT = {
    **dict.fromkeys(("||",), ("join conditions with or", "or")),
    **dict.fromkeys(("&", "&&"), ("join conditions with and", "and")),
    **dict.fromkeys(("=", "==="), ("compare with ==", "==")),
    **dict.fromkeys(("<>", "!=="), ("compare with !=", "!=")),
    "!": ("negate with not", "not"),
}
_DEPTH = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}
_OPEN = re.compile(r"needs to be closed is '(if|for)'", re.DOTALL)
_EXPECTED = re.compile(r", expected '([)\]}])'")

_LONGEST = 2_000  # characters: what is longer was not written by hand, and looking for signs takes time
_HINTS = {
    "|": "a bar must be followed by a helper's name",
    "'": "close the quotes",
    '"': "close the quotes",
    "#": "the only blocks are {% if … %} and {% for … %}",
}
_ENDS = "close it with {% endif %} or {% endfor %}"


def hint(source: str, offset: int, word: str, message: str) -> str:
    """What to write instead; "" where nothing is likely. `message` is Jinja's, `word` stands at the offset."""
    if len(source) > _LONGEST:
        return _HINTS.get(source[offset : offset + 1], "")
    found = (known(source, offset, word, message) for known in _KNOWN)
    return next(filter(None, found), "")


def _put(said: str, text: str, start: int, end: int) -> Advice:
    """The hint that `text` stands for source[start:end]; in short `said`, should that not do."""
    return Advice(said, text, span=(start, end), plain=said)


def _blocks(source: str, offset: int, word: str, message: str) -> str:
    """What blocks lack, or have too much."""
    if "unknown tag" in message:
        return _tag(source, offset, word)
    if _OPEN.search(message) and (opened := _opened(source)):
        closing = "".join(f"{{% end{kind} %}}" for kind in reversed(opened))
        return _put(f"close it with {closing}", closing, len(source), len(source))
    lead = source[:offset].rstrip()
    if word == "if" and lead.endswith("else"):
        start = len(lead) - len("else")
        return _put("write {% elif … %}", "elif", start, offset + len(word))
    return ""


def _opened(source: str) -> list[str]:
    """The blocks that are open at the end."""
    opened: list[str] = []
    for found in _TAG.finditer(source):
        if found[1] in ("if", "for"):
            opened.append(found[1])
        elif found[1] in ("endif", "endfor") and opened:
            opened.pop()
    return opened


def _tag(source: str, offset: int, word: str) -> str:
    if word in ("elif", "elsif", "elseif"):
        return _put("write {% elif … %}", "elif", offset, offset + len(word))
    if word in ("endif", "endfor"):
        said = f"drop it, or write its {{% {word[3:]} … %}} before"
        tags = (tag for tag in _TAG.finditer(source) if tag.start(1) == offset)
        return next((_put(said, "", *tag.span()) for tag in tags), said)
    return _ENDS if word == "end" else _HINTS["#"]


def _closing(source: str, offset: int, word: str, message: str) -> str:
    """Braces and brackets."""
    if message.endswith("expected }}"):
        return _put("close it with }}", " }}", len(source.rstrip()), len(source))
    if found := _EXPECTED.search(message):
        end = len(source[:offset].rstrip())
        return _put(f"close it with {found[1]}", found[1], end, end)
    if source[offset : offset + 1] == "}":
        return _put("close it with }}", "}}", offset, offset + 1)
    if source[offset : offset + 1] == ")":
        return _put("drop it, or add the ( before", "", offset, offset + 1)
    return ""


def _signs(source: str, offset: int, word: str, message: str) -> str:
    """Signs of other languages, wherever they stand in the expression."""
    for sign in _SIGNS.finditer(source):
        if sign[0] in _MEANT and sign.start() - 1 <= offset <= sign.end():
            return _everywhere(source, offset, sign[0])
    if source.startswith("$", offset):
        return _put("drop the sign before the name", "", offset, offset + 1)
    return ""


def _everywhere(source: str, offset: int, wrong: str) -> Advice:
    said, right = _MEANT[wrong]
    start, end = _expression(source, offset)

    def written(sign: re.Match[str]) -> str:
        if sign[0] != wrong:
            return sign[0]
        if not right[0].isalpha():
            return right
        lead = "" if source[: start + sign.start()][-1:].isspace() else " "
        after = source[start + sign.end() :][:1]
        return f"{lead}{right}{'' if after.isspace() else ' '}".removeprefix(
            " " if right == "not" else ""
        )

    text = _SIGNS.sub(written, source[start:end])
    return _put(said, text, start, end)


def _choices(source: str, offset: int, word: str, message: str) -> str:
    """`a ? b : c` and `a ?? b`."""
    if found := _STAND_INS.search(source, len(source[:offset].rstrip(" ?"))):
        if "??" in source[max(offset - 1, 0) : offset + 2]:
            text = _STAND_IN.sub(r" | default(\1)", found[0])
            said = f"write a value for a missing one:{text}"
            return _put(said, text, *found.span())
    if not source.startswith("?", offset):
        return ""
    said = "choose with: x if condition else y"
    start, end = _expression(source, offset)
    inner = source[start:end]
    if (right := _chosen(inner.strip())) is None:
        return said
    lead, tail = len(inner) - len(inner.lstrip()), len(inner) - len(inner.rstrip())
    help = f"choose with: {right}"
    return Advice(help, right, span=(start + lead, end - tail), plain=said)


def _expression(source: str, offset: int) -> tuple[int, int]:
    """Where the expression of a template that an offset is in stands, or all of a bare one."""
    start = source.rfind("{{", 0, offset)
    if start < 0:
        return 0, len(source)
    end = source.find("}}", offset)
    return start + 2, end if end >= 0 else len(source)


def _chosen(text: str) -> str | None:
    """`a ? b : c` in our words, however often it is nested; the text itself without a ?, None where it is neither."""
    depth = asked = 0
    question = -1
    for found in _TOKEN.finditer(text):
        sign = found[0]
        depth += _DEPTH.get(sign, 0)
        if depth or sign not in ("?", ":"):
            continue
        if sign == "?":
            asked += 1
            question = found.start() if question < 0 else question
        elif question >= 0 and (asked := asked - 1) == 0:
            yes = _chosen(text[question + 1 : found.start()].strip())
            no = _chosen(text[found.end() :].strip())
            condition = text[:question].strip()
            return (
                f"{yes} if {condition} else {no}" if yes and no and condition else None
            )
    return None if question >= 0 else text


def _words(source: str, offset: int, word: str, message: str) -> str:
    """Words of other languages, and helpers as others call them."""
    end = offset + len(word)
    if word == "for" and message.startswith("expected"):
        said = "make a list of another with | map(path), | select(path) or | where(path, value)"
        lists = (it for it in _EACH.finditer(source) if it.start() < offset < it.end())
        return next((_mapped(it, said) for it in lists), said)
    if "name or number" in message:
        said = "a dot must be followed by a key"
        twice = source[offset - 1 : offset + 1] == ".."
        return _put(said, "", offset, offset + 1) if twice else said
    lead = source[:offset].rstrip()
    if lead.endswith(("NOT", "Not")):
        return _put("write not", "not", len(lead) - 3, len(lead))
    if word in ("AND", "OR", "NOT", "And", "Or", "Not"):
        return _put(f"write {word.lower()}", word.lower(), offset, end)
    if word == "contains":
        said = "write it the other way round: 'x' in value"
        sides = (
            one
            for one in _CONTAINS.finditer(source)
            if one.end(1) < offset < one.start(2)
        )
        return next(
            (
                _put(
                    f"write {one[2]} in {one[1]}", f"{one[2]} in {one[1]}", *one.span()
                )
                for one in sides
            ),
            said,
        )
    if word.isidentifier() and "expected" in message:
        return _put(f"write a bar before a helper: | {word}", f"| {word}", offset, end)
    return ""


def _mapped(found: re.Match[str], said: str) -> Advice:
    """`[x.a for x in y]` in our words."""
    mapped = f" | map('{found[2][1:]}')" if found[2] else ""
    right = f"{found[3]}{mapped}"
    return Advice(f"write {right}", right, span=found.span(), plain=said)


def _values(source: str, offset: int, word: str, message: str) -> str:
    """Arguments, numbers and quotes."""
    sign = source[offset : offset + 1]
    if sign == ":":
        said = "put arguments in parentheses: helper(value)"
        found = _ARGUMENTS.match(source, len(source[:offset].rstrip()))
        return _put(said, f"({found[1]})", *found.span()) if found else said
    if sign == ",":
        said = "write a list in [ ], and a number without commas"
        numbers = (
            one
            for one in _THOUSANDS.finditer(source)
            if one.start() < offset < one.end()
        )
        return next(
            (_put(said, one[0].replace(",", ""), *one.span()) for one in numbers), said
        )
    if sign and sign in "‘’“”":
        said = "use straight quotes: ' or \""
        curly = _CURLY.match(source, offset)
        return _put(said, f"'{curly[1]}'", *curly.span()) if curly else said
    return _HINTS.get(sign, "")


_KNOWN: tuple[Callable[[str, int, str, str], str], ...] = (
    _blocks,
    _signs,
    _choices,
    _closing,
    _words,
    _values,
)
