"""What people do with a bridge, whichever face they use: look, explain, try, retry, release, resume.

rulesets.py  which ruleset is in force: the folder's, the last good one, a pinned one
follow.py    taking over what changes while a process serves
trial.py     what the rules make of one payload
steer.py     retry, release, cancel, resume
health.py    what /readyz and /metrics say
doctor.py    whether everything is in place
"""
