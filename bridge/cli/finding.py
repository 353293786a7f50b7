"""A finding on the terminal: as mapping.findings writes it, coloured by severity."""

from bridge.cli.screen import painted, strong, width
from bridge.mapping import findings
from bridge.model import Diagnostic


def coloured(finding: Diagnostic, root: str = "") -> str:
    """Several lines: the message and its place, the excerpt with its caret, the help."""
    first, *more = findings.full(finding, root, width()).split("\n")
    lines = [_tagged(finding, first)]
    for line in more:
        sign = line.strip().removeprefix("|").strip()
        if sign and not sign.strip("^"):
            line = line.replace(sign, painted(sign, finding.severity))
        lines.append(line.replace("= help:", f"= {strong('help:')}", 1))
    return "\n".join(lines)


def concise(finding: Diagnostic, root: str = "") -> str:
    """One line: the message and its place."""
    return _tagged(finding, findings.concise(finding, root))


def _tagged(finding: Diagnostic, line: str) -> str:
    tag = f"{finding.severity}[{finding.code}]"
    return line.replace(tag, painted(tag, finding.severity), 1)
