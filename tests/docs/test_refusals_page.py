"""docs/refusals.md: every reason that a request can be refused for stands there, with what to do."""

import ast
import re
from pathlib import Path

from bridge import errors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "refusals.md").read_text("utf-8")
ROOMS = ("receive", "providers", "strict")
ROW = re.compile(r"^\| (`[a-z_`, ]+`) \|.*\|$", re.MULTILINE)


def reasons():
    """Every reason that the rooms which refuse requests name."""
    files = (file for room in ROOMS for file in (ROOT / "bridge" / room).rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            yield from of_call(node) if isinstance(node, ast.Call) else ()
            if (
                isinstance(node, ast.Assign)
                and ast.unparse(node.targets[0]) == "reason"
            ):
                yield from texts(node.value)
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, errors.Refused):
            yield one.reason


def of_call(node):
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    given = [one.value for one in node.keywords if one.arg == "reason"]
    if name in ("Unreadable", "count") and len(node.args) > 1:
        given.append(node.args[1])
    for one in given:
        yield from texts(one)


def texts(node):
    return (
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )


def test_every_reason_is_explained():
    """A reason that `bridge refused` can show has a row that says what happened and what to do."""
    listed = {
        name.strip(" `") for cell in ROW.findall(PAGE) for name in cell.split(",")
    }
    known = set(reasons()) - {"error", "recipe"}  # those refuse no request
    assert {"trailing_slash", "wrong_path", "method", "wrong_signature"} <= known
    assert known <= listed, known - listed
    assert listed - known <= {"missing_part", "json_duplicate_key"}
