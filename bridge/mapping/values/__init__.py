"""What expressions handle: values, their kinds, numbers and moments, and how much of them one event may use up.

Knows no language and no mapping file: nothing here is written by a person. Pure.

    value.py, kinds.py ─▶ numbers, moments, paths, compare ─▶ complaints.py (what does not fit)  scope.py (of one event)
"""
