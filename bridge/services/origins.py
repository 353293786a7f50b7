"""From an expression of a rule to the paths of the payload that its value came from. Pure."""

import re
from collections.abc import Iterator

from bridge.mapping import Formula, Rule

Path = tuple[str, ...]

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
# A name of `let` may use others; a ruleset with a circle among them does not load.
_DEEPEST = 20


def origins(rule: Rule, formula: Formula, index: object = None) -> tuple[str, ...]:
    """The paths that a formula reads, in its order, as `event.items[0].id`; `index` is that of its item in for_each."""
    found = _of(rule, formula, index, _DEEPEST)
    return tuple(dict.fromkeys(_written(path) for path in found))


def _written(path: Path) -> str:
    """As an expression writes it, and as pages name the leaves of a payload."""
    first, *rest = path
    return first + "".join(map(_step, rest))


def _step(key: str) -> str:
    if key.isascii() and key.isdecimal():
        return f"[{key}]"
    if _NAME.fullmatch(key):
        return f".{key}"
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{quoted}"]'


def _of(rule: Rule, formula: Formula, index: object, depth: int) -> Iterator[Path]:
    for path in formula.expression.paths:
        yield from _followed(rule, path, index, depth)


def _followed(rule: Rule, path: Path, index: object, depth: int) -> Iterator[Path]:
    """The path, with a name of the rule replaced by what that stands for."""
    name, *rest = path
    each = rule.for_each
    if depth and each and name == each.name:
        item = [] if index is None else [str(index)]
        yield from _behind(rule, each.items, (*item, *rest), index, depth)
    elif depth and isinstance(named := rule.let.get(name), Formula):
        yield from _behind(rule, named, (*rest,), index, depth)
    elif name not in rule.let:
        yield path


def _behind(
    rule: Rule, formula: Formula, rest: Path, index: object, depth: int
) -> Iterator[Path]:
    """What a named formula reads; where it is only a path, what follows the name belongs to that path."""
    bare = formula.expression.source.strip().removeprefix("{{").removesuffix("}}")
    for path in _of(rule, formula, index, depth - 1):
        plain = len(formula.expression.paths) == 1 and _is_path(bare)
        yield (*path, *rest) if plain else path


def _is_path(source: str) -> bool:
    return all(char.isalnum() or char in "_.[]'\" -" for char in source)
