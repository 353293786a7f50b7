"""Draws which room imports which into docs/architecture.md: `python tests/docs/room_pages.py`.

The picture is taken from the imports in bridge/, so it cannot say what is not so. An arrow that follows from two
others is left out.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
BRIDGE = ROOT / "bridge"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN = (
    "<!-- drawn from the imports in bridge/ by `python tests/docs/room_pages.py` -->\n"
)
END = "<!-- end of what is drawn from the imports -->\n"

Graph = dict[str, set[str]]


def drawn() -> str:
    """What stands between the two marks."""
    lines = ("```mermaid", "flowchart LR", *_arrows(_reduced(imports())), "```")
    return "".join(f"{line}\n" for line in lines)


def imports() -> Graph:
    """Each folder of bridge/, and the folders that it imports."""
    rooms = {path.name for path in BRIDGE.iterdir() if (path / "__init__.py").exists()}
    graph: Graph = {room: set() for room in sorted(rooms)}
    for room in rooms:
        for file in (BRIDGE / room).rglob("*.py"):
            graph[room] |= set(_imported(file)) & rooms - {room}
    return graph


def _imported(file: Path) -> Iterator[str]:
    """The first name below `bridge` of everything that a file imports."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "bridge":
            names = [f"bridge.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("bridge."))


def _reduced(graph: Graph) -> Graph:
    return {
        room: {
            other
            for other in others
            if not any(
                other in _reached(graph, between) for between in others - {other}
            )
        }
        for room, others in graph.items()
    }


def _reached(graph: Graph, room: str) -> set[str]:
    return graph[room].union(*(_reached(graph, other) for other in graph[room]))


def _arrows(graph: Graph) -> Iterator[str]:
    for room, others in graph.items():
        yield from (f"    {room} --> {other}" for other in sorted(others))


def parted() -> tuple[str, str, str]:
    """The page: above the picture, the picture, and below it."""
    above, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    picture, _, below = rest.partition(END)
    return above, picture, below


def write() -> None:
    """Puts the picture there."""
    above, _, below = parted()
    PAGE.write_text(f"{above}{BEGIN}{drawn()}{END}{below}", "utf-8")


if __name__ == "__main__":
    write()
