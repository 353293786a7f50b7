"""Draws the states of deliveries and events into docs/architecture.md: `python tests/docs/state_pages.py`."""

from collections.abc import Iterator

from room_pages import PAGE

from bridge.state import EVENT_MOVES, MOVES, EventState, State

MARK = "<!-- drawn from bridge/state.py by `python tests/docs/state_pages.py` -->\n"


def drawn() -> str:
    """What stands behind the mark."""
    pictures = (*_picture("Deliveries", State, MOVES),)
    pictures += (*_picture("Events", EventState, EVENT_MOVES),)
    return "".join(f"{line}\n" for line in pictures)


def _picture(title, states, moves) -> Iterator[str]:
    yield from ("", f"### {title}", "", "```mermaid", "stateDiagram-v2")
    for origin, to in moves:
        yield f"    {origin or '[*]'} --> {to}"
    left = {origin for origin, _ in moves}
    for state in states:
        if state not in left:
            yield f"    {state} --> [*]"
    yield from ("```", "", "| state | what is in it |", "|---|---|")
    for state in states:
        yield f"| {state} | {state.meaning} |"
    yield from ("", "| from | to | who does it |", "|---|---|---|")
    for (origin, to), who in moves.items():
        yield f"| {origin or ''} | {to} | {who} |"


def write() -> None:
    """Puts it there."""
    above = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(f"{above}{MARK}{drawn()}", "utf-8")


if __name__ == "__main__":
    write()
