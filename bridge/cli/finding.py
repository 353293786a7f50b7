"""A finding on the terminal: as mapping.findings writes it, in colours by what it means."""

from bridge.cli.screen import painted, strong, width
from bridge.mapping import findings
from bridge.model import Diagnostic


def coloured(found: Diagnostic, root: str = "") -> str:
    """Several lines: what and where, the excerpt with its caret, the help."""
    first, *more = findings.full(found, root, width()).split("\n")
    lines = [_tagged(found, first)]
    for line in more:
        sign = line.strip().removeprefix("|").strip()
        if sign and not sign.strip("^"):
            line = line.replace(sign, painted(sign, found.severity))
        lines.append(line.replace("= help:", f"= {strong('help:')}", 1))
    return "\n".join(lines)


def concise(found: Diagnostic, root: str = "") -> str:
    """One line: what and where."""
    return _tagged(found, findings.concise(found, root))


def _tagged(found: Diagnostic, line: str) -> str:
    tag = f"{found.severity}[{found.code}]"
    return line.replace(tag, painted(tag, found.severity), 1)
