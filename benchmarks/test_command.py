"""How long `bridge test` takes over 1,000 tests: 100 files of a rule and ten tests each, which share 20 recordings.

Every file has a source of its own, and names ten of the recordings, each in a test that patches the amount and
expects the whole body of the call. The recordings are copies of one invoice of 6 kB. The whole command is measured
too, with the start of Python and the reading of the mapping files.
"""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from measure import Figure, duration, python, report

from bridge.mapping import Ruleset, load, run_cases

FILES, TESTS, RECORDINGS = 100, 10, 20
PAYLOAD = Path(__file__).parents[1] / "tests/payloads/stripe/invoice.paid__clp.http"
TICKET = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
FILE = """\
version: 1
source: {{ name: stripe-{file}, provider: stripe, verify: {{ secret: {{ env: SECRET }} }} }}
rules:
  - id: paid-{file}
    events: [invoice.paid]
    let: {{ inv: "{{{{ event.data.object }}}}" }}
    when: inv.amount_paid > 0
    target: vambe.update_amount
    auth: {{ api_key: {{ env: KEY }} }}
    fields:
      ticket_id: "{{{{ inv.metadata.vambe_ticket_id | uuid }}}}"
      amount: "{{{{ inv.amount_paid | from_minor(inv.currency) }}}}"
      currency: "{{{{ inv.currency | upper }}}}"
tests:
"""
TEST = """\
  - name: test {file}.{test}
    given: recordings/{recording}.http
    patch: {{ event.data.object.amount_paid: {amount} }}
    expect: {{ paid-{file}: {{ body: {{ ticket_id: {ticket}, amount: {amount}, currency: CLP }} }} }}
"""


def main() -> None:
    """Measures, prints and keeps."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder)
        ruleset = load(folder, {}).usable()
        bodies = [_body(folder, at % RECORDINGS) for at in range(FILES * TESTS)]
        yardstick = duration(lambda: [json.loads(body) for body in bodies], rounds=5)
        measured = {
            "the standard library reads as many bodies": yardstick,
            "the tests alone": duration(lambda: _run(ruleset, folder), rounds=5),
            "the command, processor time": duration(
                lambda: _command(folder), rounds=3, clock=_children
            ),
            "the command, on the clock": duration(
                lambda: _command(folder), rounds=3, clock=perf_counter
            ),
        }
    figures = [
        Figure(name, value, "seconds", value / yardstick)
        for name, value in measured.items()
    ]
    report("test_command", "json.loads of each test's recorded body", figures)


def _write(folder: Path) -> None:
    (folder / "recordings").mkdir()
    for recording in range(RECORDINGS):
        path = folder / "recordings" / f"{recording}.http"
        path.write_bytes(PAYLOAD.read_bytes())
    for file in range(FILES):
        tests = (
            TEST.format(
                file=file,
                test=test,
                recording=(file // 10 * 10 + test) % RECORDINGS,
                amount=1_000 + test,
                ticket=TICKET,
            )
            for test in range(TESTS)
        )
        text = FILE.format(file=file) + "".join(tests)
        (folder / f"{file:03}.yaml").write_text(text, "utf-8")


def _body(folder: Path, recording: int) -> bytes:
    raw = (folder / "recordings" / f"{recording}.http").read_bytes()
    return raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def _run(ruleset: Ruleset, folder: Path) -> None:
    results = tuple(run_cases(ruleset, folder))
    assert len(results) == FILES * TESTS
    assert all(result.passed for result in results)


def _children() -> float:
    """Processor seconds of the processes that were started here and have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def _command(folder: Path) -> None:
    python("-m", "bridge", "test", str(folder))


if __name__ == "__main__":
    main()
