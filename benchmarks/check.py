"""How long `bridge check` takes over 100 files of 10 rules each.

Every rule has six expressions, 6,000 in all. What was compiled is shared, so what counts is how many are different:

shared         60: ten rules that every file repeats with names of its own, as one file per customer has them.
partly shared  2,040: the ticket stands at a path of each rule's own, which two of its expressions name; the four that
               are about the amount and the currency are those of the other files.
all different  6,000: no two are the same, which is as bad as it can get.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

import yaml
from measure import Figure, duration, python, report

from bridge.mapping import load
from bridge.mapping.reading import formulas

FILES, RULES = 100, 10
# What the names end in that tickets are found by, and all other names within expressions.
KINDS = {
    "shared": ("{rule}", "{rule}"),
    "partly shared": ("{file}_{rule}", "{rule}"),
    "all different": ("{file}_{rule}", "{file}_{rule}"),
}
HEAD = """
version: 1
source: {{ name: source-{file}, provider: stripe, verify: {{ secret: {{ env: SECRET_{file} }} }} }}
connections:
  vambe-{file}: {{ vendor: vambe, auth: {{ api_key: {{ env: KEY_{file} }} }}, country: CL }}
rules:
"""
RULE = """
  - id: rule-{file}-{rule}
    events: [invoice.paid, invoice.part_{rule}]
    let: {{ inv: "{{{{ event.data.object_{common} }}}}" }}
    skip_if_missing: [inv.metadata.ticket_{own}]
    when: inv.amount_paid_{common} > 0 and inv.status == "paid"
    target: vambe.update_amount
    connection: vambe-{file}
    fields:
      ticket_id: "{{{{ inv.metadata.ticket_{own} | uuid }}}}"
      amount: "{{{{ inv.amount_paid_{common} | from_minor(inv.currency) }}}}"
      currency: "{{{{ inv.currency_{common} | upper }}}}"
"""


def main() -> None:
    """Measures, prints and keeps."""
    with TemporaryDirectory() as name:
        folders = {title: Path(name) / title for title in KINDS}
        texts = [_write(folders[title], *ends) for title, ends in KINDS.items()][0]
        yardstick = duration(lambda: [_compose(text) for text in texts], rounds=5)
        measured = {"libyaml alone": yardstick}
        for title, folder in folders.items():
            for part, seconds in _load(folder).items():
                measured[f"{title}: {part}"] = seconds
        for title, folder in folders.items():
            measured[f"the command, {title}"] = duration(
                partial(_check, folder), rounds=3, clock=perf_counter
            )
    figures = [
        Figure(name, value, "seconds", value / yardstick)
        for name, value in measured.items()
    ]
    report("check", "libyaml composing the same files", figures)


def _write(folder: Path, own: str, common: str) -> list[str]:
    """The files' texts."""
    folder.mkdir()
    texts = [_text(file, own, common) for file in range(FILES)]
    for file, text in enumerate(texts):
        (folder / f"{file:03}.yaml").write_text(text, "utf-8")
    return texts


def _text(file: int, own: str, common: str) -> str:
    rules = (
        RULE.format(
            file=file,
            rule=rule,
            own=own.format(file=file, rule=rule),
            common=common.format(file=file, rule=rule),
        )
        for rule in range(RULES)
    )
    return HEAD.format(file=file) + "".join(rules)


def _compose(text: str) -> object:
    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _load(folder: Path) -> dict[str, float]:
    """Seconds of a first load, and of its parts."""
    spent = {"compose": 0.0, "expressions": 0.0}
    formulas._expression.cache_clear()
    formulas._template.cache_clear()

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **rest: Any) -> Any:
            start = process_time()
            try:
                return function(*args, **rest)
            finally:
                spent[part] += process_time() - start

        return call

    module = sys.modules["bridge.mapping.reading.load"]
    parts = {
        (module, "compose"): "compose",
        (formulas, "_expression"): "expressions",
        (formulas, "_template"): "expressions",
    }
    with ExitStack() as patched:
        for (owner, name), part in parts.items():
            changed = timed(part, getattr(owner, name))
            patched.enter_context(patch.object(owner, name, changed))
        start = process_time()
        loaded = load(folder, {})
        whole = process_time() - start
    assert len(loaded.usable().rules) == FILES * RULES
    return {**spent, "rest": whole - sum(spent.values()), "all of it": whole}


def _check(folder: Path) -> None:
    python("-m", "bridge", "check", str(folder))


if __name__ == "__main__":
    main()
