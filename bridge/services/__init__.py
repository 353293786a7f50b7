"""What people do with a bridge, through any face: look, explain, try, steer, watch.

rulesets.py  which ruleset is in force: the folder's, the last good one, a pinned one
follow.py    taking over what changes while a process serves
trial.py     what the rules make of an event, as text; trial_json.py: as JSON; curl.py: each request as a command;
             trial_events.py: the events of a recording
stored.py    which event of the store a person means; recording.py: it as a recording with a test
filters.py   the one language of filters
outlook.py   why a delivery will or will not be tried again; requests.py: its request as text
choosing.py  which deliveries an act is about
steer.py     retry, release, cancel, resume; replay.py: sending again,
             replay_runs.py: replaying all that a filter finds, with interruptions; pausing.py: pause and resume
rerouting.py  routing events again with the current rules
importing.py  importing events that a sender exported
posting.py   signing and posting recorded payloads as their senders would; altering.py: changing them first
starting.py  a first mapping file that passes its own test; first_rule.py: its text
forgetting.py  deleting what was kept long enough
health.py    the answer of /readyz; gauges.py: the store's part of /metrics
doctor.py    whether everything is in place; checks.py: the checks; reaching.py: whether others can be reached
"""
