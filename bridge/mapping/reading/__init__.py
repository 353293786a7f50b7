"""From the texts of a folder to a ruleset: names looked up, expressions compiled, contradictions found.

The only room that reads mapping files. Runs no rule: that is done in `rules`.
"""
