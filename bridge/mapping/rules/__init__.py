"""The rules as frozen values, and what they make of an event: decisions, calls, and what a vendor's answer means.

Pure: no clock, no environment, no file. Made in `reading`; knows neither how rules are written nor who tests them.

    ruleset.py (the values) ─▶ evaluate.py, render.py ─▶ route.py ─▶ look_ups.py  answers.py  second_looks.py
"""
