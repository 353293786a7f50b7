"""The tests of mapping files: recorded events through the rules, compared with what each test expects of them.

Reads recordings and nothing else, sends nothing and writes no file. Reading `tests:` is done in `reading`.

    running.py ─▶ events.py (patched recordings), judging.py ─▶ compare.py, replies.py ─▶ results.py ─▶ updates.py
    recorded.py: what recordings say about rules, tested or not
"""
