"""What is wrong with mapping files, and how it is said: places, findings, fixes, codes, and the forms of showing them.

Decides nothing about a rule: it is told what was found, and where. Reads and writes no file.
"""

from bridge.mapping.findings.collecting import Findings, order, split_fix, suggest

__all__ = ["Findings", "order", "split_fix", "suggest"]
