"""R-16 at the promise's own size: a vendor is down until 10,000 updates wait for it, and comes back."""

from backlog import drains

WAITING = 10_000
RATE = 50  # calls a second
EVENTS = WAITING * 10 // 9 + 1  # every tenth is for another vendor


def test_ten_thousand_that_wait_drain_in_order(running, sandbox):
    """Two workers drain them in lane order and within one budget, and other connections notice nothing."""
    print("\n" + drains(running, sandbox, EVENTS, RATE))
