"""What people do with a bridge, whichever face they use: look, explain, retry, release, resume.

rulesets.py  which ruleset is active: the folder's, or the last good one
views.py     lists and single events and deliveries, as plain values
steer.py     retry, release, cancel, resume
health.py    what /readyz says
"""
