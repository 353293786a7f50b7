"""A store with something of everything that the console shows: events, deliveries, refusals, a pause."""

from datetime import UTC, datetime

from running import MAPPING
from working import Bench, failed, paid

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.services import pausing
from bridge.store import Database, migrate, rejections
from bridge.store.audit import By
from bridge.store.pauses import Scope

ANA = By(person="ana", reason="the vendor has a maintenance window")


class World:
    """Events that were delivered, matched nothing, failed and wait; requests that were refused; a pause."""

    def __init__(self, folder, vendors, patch):
        patch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_x")
        patch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
        patch.setenv("KAPTURE_TOKEN", DEFAULT_CREDENTIALS["kapture"])
        self.folder = folder
        mappings = folder / "mappings"
        mappings.mkdir()
        (mappings / "stripe.yaml").write_text(MAPPING)
        self.database = Database(f"sqlite:///{folder}/bridge.db")
        migrate(self.database)
        self.vendors = vendors
        self.bench = Bench(self.database, vendors)
        self._fill()

    def _fill(self):
        for number in range(6):
            self.bench.receive(paid(f"evt_paid_{number}", amount=1000 * number + 990))
        self.bench.receive(failed("evt_failed", tickets="713516551148,713516551149"))
        self.bench.receive({**paid("evt_customer"), "type": "customer.created"})
        self.bench.work()
        self.vendors.fault(
            "vambe", status=404, count=2, body='{"message":"no such ticket"}'
        )
        for number in range(2):
            self.bench.receive(
                paid(
                    f"evt_lost_{number}",
                    ticket=f"a1b2c3d4-e5f6-7890-abcd-00000000000{number}",
                )
            )
        self.bench.receive(paid("evt_wrong", ticket="not a ticket"))
        self.bench.work()
        self.vendors.mend()
        self.refuse("wrong_signature", 401, count=3)
        self.refuse("too_large", 413)
        pausing.pause(self.database, Scope(rule="failed-adds-comment"), ANA)
        self.bench.receive(failed("evt_waits"))
        self.bench.work()

    def refuse(self, reason, status, *, source="stripe", count=1):
        """A request that was not taken."""
        one = rejections.Rejection(
            source=source, reason=reason, status=status, remote="203.0.113.9", size=512
        )
        self.database.write(
            lambda tx: rejections.add(tx, counts={one: count}, now=datetime.now(UTC))
        )

    def receive(self, event):
        """One more event, and whatever is due."""
        id = self.bench.receive(event)
        self.bench.work()
        return id

    def close(self):
        self.bench.worker.join()
        self.database.close()
