"""How long `bridge --help` takes, beside a Python that does nothing."""

from time import perf_counter

from measure import Figure, duration, python, report


def main() -> None:
    """Measures, prints and keeps."""
    yardstick = duration(lambda: python("-c", "pass"), clock=perf_counter)
    measured = {
        "python that does nothing": yardstick,
        "bridge --help": duration(
            lambda: python("-m", "bridge", "--help"), clock=perf_counter
        ),
    }
    figures = [
        Figure(name, value, "seconds", value / yardstick)
        for name, value in measured.items()
    ]
    report("help", "a Python that does nothing", figures)


if __name__ == "__main__":
    main()
