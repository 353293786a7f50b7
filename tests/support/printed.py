"""What the pages print: the command lines of their console blocks, and typing them one after another into one shell."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^\$ (.*)$", re.MULTILINE)
_RUNS_ON = re.compile(r"bridge serve\b")  # until somebody stops it
# Until it is up, then the signal that a terminal's Ctrl-C gives; the exit code is its own.
_STAYS = """{line} & pid=$!
until bridge doctor --running >/dev/null 2>&1; do kill -0 $pid || break; sleep 0.2; done
kill -INT $pid; wait $pid"""
_MARK = "@@"


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A line that was typed, how it ended, what it printed, and the seconds that it took."""

    line: str
    code: int
    said: str
    seconds: float


def printed(page: str, section: str | None = None) -> list[str]:
    """The command lines of a page's console blocks, in order; of one section with its subsections, or of all."""
    text = (ROOT / page).read_text("utf-8")
    if section is not None:
        found = re.search(rf"^(#+) {re.escape(section)}\n", text, re.MULTILINE)
        assert found, f"{page} has no section {section}"
        text = text[found.end() :]
        text = re.split(rf"^#{{1,{len(found[1])}}} ", text, flags=re.MULTILINE)[0]
    return [line for block in _BLOCK.findall(text) for line in _LINE.findall(block)]


def script(lines: list[str]) -> str:
    """For one shell: each line between marks, its exit code and time with them."""
    return "".join(
        f"echo {_MARK} $EPOCHREALTIME {shlex.quote(line)}\n"
        f"{_done(line)}\n"
        f'printf "\\n{_MARK}= %s %s\\n" $? $EPOCHREALTIME\n'
        for line in lines
    )


def _done(line: str) -> str:
    if not _RUNS_ON.match(line):
        return line
    return _STAYS.format(line=line.partition(" # ")[0])


def read(output: str, lines: list[str]) -> list[Typed]:
    """What became of each line of a script, by what the script printed."""
    start = re.compile(rf"^{_MARK} ([\d.]+) (.*)\n", re.MULTILINE)
    parts = start.split(output)[1:]
    found = []
    for begun, line, said in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        ends = re.findall(rf"^{_MARK}= (\d+) ([\d.]+)$", said, re.MULTILINE)
        assert len(ends) == 1, f"{line} did not come to its end:\n{said}"
        [(code, ended)] = ends
        seconds = float(ended) - float(begun)
        found.append(Typed(line=line, code=int(code), said=said, seconds=seconds))
    assert len(found) == len(lines), output
    return found
