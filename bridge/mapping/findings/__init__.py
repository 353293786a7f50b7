"""What is wrong with mapping files, and how it is said. Reads and writes no file, and decides nothing about a rule.

collecting.py (all findings of one reading)  places.py, fixes.py (where, and what mends it)
codes.py (what each means)  diagnostics.py (as text and JSON)  reports.py (for GitHub and code scanning)
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
