"""What expressions handle: values, their kinds, numbers and moments, and how much of them one event may use up.

Knows no language and no mapping file: nothing here is written by a person. Pure.
"""
