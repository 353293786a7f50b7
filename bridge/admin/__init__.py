"""What console and API share on the admin bind: which hosts and origins may ask, and the headers of every answer.

guard.py  refuses and marks answers, round everything on the bind
hosts.py  which names in `Host` are the bridge's own
"""
