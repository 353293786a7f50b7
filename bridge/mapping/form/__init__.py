"""The form of mapping files: every key, what it takes and what it means. What does not fit becomes a finding.

Looks at one file's shape alone: no name is looked up, no expression is compiled.

    keys.py (the kinds of keys) ─▶ shape.py (a mapping of keys, `check`) ─▶ schema.py, source_shape.py, rule_shape.py
"""
