"""What is wrong with mapping files, and how it is said: places, findings, fixes, codes, and the forms of showing them.

Decides nothing about a rule: it is told what was found, and where. Reads and writes no file.
"""

from bridge.mapping.findings.collecting import Findings, order, split_fix, suggest
from bridge.mapping.findings.diagnostics import concise, full, to_dict
from bridge.mapping.findings.reports import github, sarif

__all__ = [
    "Findings",
    "concise",
    "full",
    "github",
    "order",
    "sarif",
    "split_fix",
    "suggest",
    "to_dict",
]
