"""What the benchmarks share: how a rate is measured, and how figures are shown and kept.

Machines differ and are never idle: work in this process is counted in processor time, and every figure stands beside
a yardstick that was measured in the same run.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import NamedTuple

RESULTS = Path(__file__).parent / "results"


class Figure(NamedTuple):
    """One line of a table. `ratio` is the figure in units of the yardstick of the same run."""

    name: str
    value: float
    unit: str
    ratio: float


def rate(work: Callable[[], object], *, rounds: int = 7, seconds: float = 0.4) -> float:
    """How often it runs in a second of one core: the median of several rounds."""
    return median(_round(work, seconds) for _ in range(rounds))


def duration(
    work: Callable[[], object],
    *,
    rounds: int = 10,
    clock: Callable[[], float] = process_time,
) -> float:
    """How many seconds it takes: the median of several rounds. Another process is seen by `perf_counter` alone."""
    return median(_seconds(work, clock) for _ in range(rounds))


def python(*arguments: str) -> None:
    """Runs this Python with these arguments, and waits for it to end well.

    It may keep its bytecode, as an installed program does. Where PYTHONDONTWRITEBYTECODE is set, every start would
    compile all modules anew, and that is what would be measured.
    """
    environ = {**os.environ}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, capture_output=True, env=environ)


def report(name: str, yardstick: str, figures: list[Figure]) -> None:
    """Prints a table, and writes results/<name>.json with what is needed to compare two of them."""
    print(f"\n{name} (ratio: to {yardstick})")
    for figure in figures:
        value = f"{figure.value:,.3f}" if figure.value < 100 else f"{figure.value:,.0f}"
        print(f"  {figure.name:<44}{value:>12} {figure.unit:<10}{figure.ratio:>10.4f}")
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "yardstick": yardstick,
        "figures": [figure._asdict() for figure in figures],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


def _round(work: Callable[[], object], seconds: float) -> float:
    count, start = 0, process_time()
    while (passed := process_time() - start) < seconds:
        work()
        count += 1
    return count / passed


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start
