"""From the texts of a folder to a ruleset: names looked up, expressions compiled, contradictions found.

The only room that reads mapping files. It runs no rule: that is done in `rules`.

    load.py ─▶ sources.py, rules.py (formulas, fields, connections …), cases.py
            ─▶ what only all rules together show: overlaps.py, appending.py, lacking.py
"""
