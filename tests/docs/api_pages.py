"""Writes the operations of the API into docs/api.md: `python tests/docs/api_pages.py`. A test compares them."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from apis import address, answer, given, operations  # noqa: E402

from bridge.api import create  # noqa: E402
from bridge.services.parts import Parts  # noqa: E402
from bridge.settings import Settings  # noqa: E402

PAGE = ROOT / "docs" / "api.md"
BEGIN = (
    "<!-- written from the OpenAPI document by `python tests/docs/api_pages.py` -->\n"
)
END = "<!-- end of what is written from the OpenAPI document -->\n"
BASE = "http://127.0.0.1:8081/api/v1"


def document() -> dict[str, Any]:
    """The OpenAPI document; it needs no store."""
    parts = Parts(settings=Settings(), database=None, rules=None)  # type: ignore[arg-type]
    found: dict[str, Any] = create(parts).test_client().get("/openapi.json").json
    return found


def written() -> str:
    """The operations, by tag."""
    found = document()
    lines: list[str] = []
    for tag in found["tags"]:
        lines += ["", f"### {tag['name'].capitalize()}", "", tag["description"]]
        for method, path, operation in operations(found):
            if tag["name"] in operation["tags"]:
                lines += _operation(method, path, operation)
    return "\n".join((*lines, "", ""))


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    status, media, example = answer(operation)
    yield from ("", f"#### {operation['summary'].removesuffix('.')}", "")
    yield f"`{method} {path}`, scope `{operation['x-scope']}`"
    yield from _parameters(operation)
    yield from ("", "```sh", *_curl(method, path, operation), "```", "")
    if media == "application/json":
        yield f"{status}:"
        text = json.dumps(example, indent=2, ensure_ascii=False)
        yield from ("", "```json", text, "```")
    else:
        yield f"{status}, {media}:"
        yield from ("", "```text", example.removesuffix("\n"), "```")


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    named = [one for one in query if one["name"] not in ("cursor", "limit")]
    if query:
        yield ""
    yield from (f"- `{one['name']}`: {one.get('description', '')}" for one in named)
    if len(named) < len(query):
        yield "- `cursor`, `limit`: [the page](#lists)"


def _curl(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    verb = "" if method == "GET" else f"-X {method} "
    url = shlex.quote(f"{BASE}{address(path, operation)}")
    body = given(operation)
    more = "" if body is None else " \\"
    yield f'curl {verb}-H "Authorization: Bearer $TOKEN" {url}{more}'
    if body is not None:
        text = json.dumps(body, ensure_ascii=False)
        yield f"  -H 'Content-Type: application/json' -d {shlex.quote(text)}"


def parted() -> tuple[str, str, str]:
    """The page: above the operations, the operations, and below them."""
    above, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    found, _, below = rest.partition(END)
    return above, found, below


def write() -> None:
    """Puts the operations there."""
    above, _, below = parted()
    PAGE.write_text(f"{above}{BEGIN}{written()}{END}{below}", "utf-8")


if __name__ == "__main__":
    write()
