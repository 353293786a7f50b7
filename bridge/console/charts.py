"""Numbers as drawings: the shapes of bars and lines, which parts/charts.html writes as SVG. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 96


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One rectangle of a bar; `kind` is its colour: ok, wait, warn, bad or mute."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar: its label, its numbers in the order of the legend, and a link to what it counts ("" for none)."""

    label: str
    values: Sequence[int]
    href: str = ""
    x: float = 0
    width: float = 0
    pieces: Sequence[Piece] = ()


def bars(
    rows: Sequence[tuple[str, Sequence[int], str]],
    kinds: Sequence[str],
    *,
    width: int = 720,
    height: int = HEIGHT,
) -> Sequence[Bar]:
    """Stacked bars of `(label, values, href)`, one value per kind, scaled to the highest bar."""
    highest = max((sum(values) for _, values, _ in rows), default=0) or 1
    step = width / max(len(rows), 1)
    return [
        Bar(
            label=label,
            values=values,
            href=href,
            x=round(at * step, 2),
            width=round(step, 2),
            pieces=_stack(values, kinds, at * step, step, height, highest),
        )
        for at, (label, values, href) in enumerate(rows)
    ]


def _stack(
    values: Sequence[int],
    kinds: Sequence[str],
    x: float,
    step: float,
    height: int,
    highest: int,
) -> Sequence[Piece]:
    pieces, top = [], float(height)
    for kind, value in zip(kinds, values, strict=True):
        # What happened at all can be seen.
        tall = max(value / highest * height, 2.0) if value else 0.0
        top -= tall
        if tall:
            pieces.append(
                Piece(
                    kind=kind,
                    x=round(x + step * 0.12, 2),
                    y=round(max(top, 0), 2),
                    width=round(step * 0.76, 2),
                    height=round(tall, 2),
                )
            )
    return pieces


def spark(values: Sequence[int], *, width: int = 80, height: int = 20) -> str:
    """The points of a line through some numbers, for `<polyline points>`."""
    highest = max(values, default=0) or 1
    step = width / max(len(values) - 1, 1)
    return " ".join(
        f"{round(at * step, 2)},{round(height - 1 - value / highest * (height - 2), 2)}"
        for at, value in enumerate(values)
    )
