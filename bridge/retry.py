"""When a delivery is tried again, and how often: the schedule, and what a rule's own `retries` make of it. Pure.

What follows an attempt is for conclude.py to say.
"""

from bridge.model import NoReply, Outcome, Retries, Verdict

# DELAYS[n] seconds lie between attempt n and attempt n + 1: the first attempt is made at once, the tenth is the last.
DELAYS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
MAX_AGE = 4 * 86_400.0
MAX_DELAY = 86_400.0
JITTER = 0.2  # a delay is up to this part longer than planned, never shorter

_DOUBLINGS = 32  # 2 ** 32 s is 136 years: more would only overflow


def judge_silence(no_reply: NoReply) -> Outcome:
    """What a call without an answer means: the counterpart of a vendor's judge."""
    if no_reply.kind == "policy":
        verdict = Verdict.FAILED
    elif no_reply.kind == "credentials":
        verdict = Verdict.PARK
    elif no_reply.sent:
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.RETRY
    return Outcome(verdict=verdict, reason=no_reply.message, code=no_reply.kind)


def planned(attempts: int, retries: Retries, chance: float) -> float:
    """Seconds before the attempt that follows `attempts` of them.

    As DELAYS says or, where the rule sets `initial`, that long and then twice as long each time; up to a fifth longer,
    so that deliveries which failed together come back apart; `max_delay` at most. `chance` is 0.0 up to 1.0.
    """
    if retries.initial is not None:
        wait = retries.initial * 2.0 ** min(attempts - 1, _DOUBLINGS)
    else:
        wait = float(DELAYS[min(attempts, len(DELAYS) - 1)])
    most = MAX_DELAY if retries.max_delay is None else retries.max_delay
    return min(wait * (1 + JITTER * chance), most)
