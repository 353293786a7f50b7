"""A store that commands look into: events received as by the front door, and a real worker beside them."""

import json

import working
from working import TICKET, failed, paid

from bridge.services import rulesets

__all__ = ["TICKET", "Bench", "objects"]


class Bench(working.Bench):
    """Stores events and works through them when told; its rules are in force."""

    def __init__(self, database, sandbox):
        super().__init__(database, sandbox)
        rulesets.activate(database, self.ruleset)

    def work(self):
        """Works until nothing is due, as a worker that was just started."""
        self.worker = self.new_worker()
        super().work()

    def paid(self, id="evt_1", ticket=TICKET):
        """One invoice.paid, worked through."""
        return self._done(paid(id, ticket=ticket))

    def held(self):
        """A comment whose answer was lost."""
        self.sandbox.fault("kapture", drop="after", count=1)
        return self._done(failed("evt_h"))

    def _done(self, event):
        number = self.receive(event)
        self.work()
        return number


def objects(result):
    """The JSON lines of a command."""
    return [json.loads(line) for line in result.stdout.splitlines()]
