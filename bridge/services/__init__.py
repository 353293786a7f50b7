"""What people do with a bridge, whichever face they use: look, explain, try, steer, watch.

rulesets.py  which ruleset is in force: the folder's, the last good one, a pinned one
follow.py    taking over what changes while a process serves
trial.py     what the rules make of an event, as text; trial_json.py: as JSON; curl.py: each request as a command;
             trial_events.py: the events of a recording
stored.py    which event of the store a person means; recording.py: it as a recording with a test
filters.py   the one language of filters
outlook.py   why a delivery will or will not be tried again; requests.py: its request as text
choosing.py  which deliveries an act is about
steer.py     retry, release, cancel, resume; replay.py: once more,
             replay_runs.py: all that a filter finds, and how it goes on; pausing.py: stopping and letting go on
rerouting.py  events once more by the current rules
importing.py  events that a sender exported, on a person's word
posting.py   recordings signed and posted as their senders would; altering.py: made into other events
starting.py  a first mapping file that passes its own test; first_rule.py: what it says
forgetting.py  what was kept long enough, beside a worker
health.py    what /readyz says; gauges.py: the store's part of /metrics
doctor.py    whether everything is in place; checks.py: each thing it looks at; reaching.py: whom it calls and asks
"""
