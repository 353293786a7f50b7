"""The whole bridge at work on one machine, with pretend vendors and invented secrets; for `bridge demo`.

running.py  a real `bridge serve`, and recorded events that are signed and posted to it
week.py     the week before: invented events that the real parts routed and sent, at invented times
"""

from bridge.demo.running import PERSON, Demo, Wanted, running

__all__ = ["PERSON", "Demo", "Wanted", "running"]
