"""How long `bridge --help` takes, beside a Python that does nothing."""

import subprocess
import sys
from time import perf_counter

from measure import Figure, duration, report


def main() -> None:
    """Measures, prints and keeps."""
    yardstick = duration(lambda: _run("-c", "pass"), clock=perf_counter)
    measured = {
        "python that does nothing": yardstick,
        "bridge --help": duration(
            lambda: _run("-m", "bridge", "--help"), clock=perf_counter
        ),
    }
    figures = [
        Figure(name, value, "seconds", value / yardstick)
        for name, value in measured.items()
    ]
    report("help", "a Python that does nothing", figures)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
