"""The form of mapping files: every key, what it takes and what it means. `check` turns what does not fit into findings.

Looks at one file's shape alone: no name is looked up, no expression is compiled.
"""
