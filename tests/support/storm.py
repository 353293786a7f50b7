"""Rounds of a bridge's life in bad weather: things are done to it while it works, and then it ends, mostly by kill -9.

What is done is drawn by a seeded chance from the deeds of the storm_*.py beside this. Each deed is a generator: before
its `yield` it prepares a life, after it, it acts on the living bridge. Afterwards `history.py` judges it all.
"""

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import storm_clients
import storm_edits
import storm_machine
import storm_vendors
from history import Life, judge
from scenarios import LEASE
from sqlalchemy import text
from storm_rules import SHOP, Rules
from traffic import Traffic, history, read, settled

DEEDS = {
    deed.__name__.replace("_", " "): deed
    for room in (storm_clients, storm_edits, storm_machine, storm_vendors)
    for deed in room.DEEDS
}
KEY = (
    "storm/key+1=&<9>"  # Vambe's credential: every spelling writes its signs otherwise
)
# A folder's change is in force within 0.3 s, and an open breaker is tried again within two.
QUICK = (
    ("put", "bridge.services.rulesets", "QUIET", 0.1),
    ("put", "bridge.services.follow", "INTERVAL", 0.1),
    ("rest", 0.5, 2),
)
IMPATIENT = ("put", "bridge.receive.front", "WRITE_TIMEOUT", 2.0)  # as in production


class Mixed(Traffic):
    """Events of every kind that is always delivered, some dated earlier than what came before."""

    def _make(self, event, sender, number):
        if number % 3:
            super()._make(event, sender, number)
        else:
            created = int(time.time()) - (90 if number % 2 else 0)
            self._add(event, self._lane(sender, number), "dated", created=created)


@dataclass(kw_only=True)
class Round:
    """One life of the bridge; a deed changes what it is born with, and notes what the judge must know."""

    number: int
    worker_faults: list = field(default_factory=list)
    receiver_faults: list = field(default_factory=list)
    environ: dict = field(default_factory=dict)
    several: int = 1  # workers
    refuses: bool = False  # the store stands still: a 503 is right
    dies: bool = False  # the receivers end by themselves, nobody knows when
    grown: float = 0.0  # MB
    workers: list = field(default_factory=list)
    receivers: object = None
    began: float = 0.0
    ended: float = 0.0


class Storm:
    """A fleet, its sandbox, the traffic, and what was done so far."""

    def __init__(self, fleet, sandbox, chance):
        self.fleet, self.sandbox, self.chance = fleet, sandbox, chance
        self.traffic = Mixed(fleet.bridge.url, senders=2, pause=0.05, keep=False)
        self.rules, self.diary, self.lives = Rules(), [], []
        self.may_die, self.quiet, self.spellings = set(), set(), {KEY}
        fleet.bridge.environ |= {
            "VAMBE_API_KEY": KEY,
            "VAMBE_OTHER_KEY": KEY,
            "SHOP_SECRET": storm_clients.SHOP_SECRET,
        }
        (self._folder / "shop.yaml").write_text(SHOP)
        self.write(self.rules.text())

    @property
    def _folder(self):
        return Path(self.fleet.bridge.folder) / "mappings"

    def write(self, mapping):
        """The folder's mapping file is another one from now on."""
        (self._folder / "rules.yaml").write_text(mapping)

    def round(self, number, *names):
        """One life with the deeds of these names, or with one to three that chance takes."""
        self.sandbox.mend()  # where few calls are made, faults would come faster than they are used up
        life = Round(number=number)
        names = names or self.chance.sample(sorted(DEEDS), self.chance.randint(1, 3))
        self.tell(f"round {number}: {', '.join(names)}")
        deeds = [DEEDS[name](self, life) for name in names]
        for deed in deeds:
            next(deed)
        self._begin(life)
        with self.traffic:
            self.wait(0.2, 0.4)
            for deed in deeds:
                next(deed, None)
            self.wait(0.2, 0.5)
            self._end(life)

    def finish(self):
        """The last life, in good weather: everything that is open ends. The findings."""
        self.sandbox.mend()
        life = Round(number=0)
        self._begin(life)
        self.traffic.resend()
        done = settled(self.fleet.bridge, 300 + len(self.lives))
        self._close(life)
        found = replace(
            history(self.traffic, self.sandbox, self.fleet.bridge),
            lives=self.lives,
            kept=self._kept(),
            secrets=sorted(self.spellings),
        )
        findings = judge(found, may_die=self.may_die, quiet=self.quiet)
        return findings if done else ["unsettled: work was left", *findings]

    def tell(self, what):
        """Notes what is done, and when."""
        self.diary.append(f"{time.monotonic():.2f} {what}")

    def told(self):
        """What was done and what the processes said, for who looks for a cause."""
        return "\n".join([*self.diary, self.fleet.tail()])

    def wait(self, least, most):
        """Some seconds pass."""
        time.sleep(self.chance.uniform(least, most))

    @contextmanager
    def during(self, what):
        """Notes a deed and the seconds that it took."""
        began = time.monotonic()
        yield
        self.tell(f"  {what}: {time.monotonic() - began:.2f} s")

    def _begin(self, life):
        started = [self._worker(life) for _ in range(life.several)]
        life.workers = started
        patience = [IMPATIENT] * life.refuses
        life.receivers = self.fleet.receivers(
            *QUICK, *patience, *life.receiver_faults, **life.environ
        )
        life.began = time.monotonic()

    def _worker(self, life):
        return self.fleet.worker(LEASE, *QUICK, *life.worker_faults, **life.environ)

    def _end(self, life):
        self._close(life)
        if self.chance.random() < 0.2:
            self.tell("  stopped")
            for process in self.fleet.processes:
                if process.code() is None:
                    process.stop()
        self.fleet.kill()

    def _close(self, life):
        """From now on the receivers may be gone."""
        life.ended = time.monotonic()
        if not life.dies:
            self.lives.append(
                Life(
                    began=life.began,
                    ended=life.ended,
                    refuses=life.refuses,
                    grown=life.grown,
                )
            )

    def _kept(self):
        """What the bridge kept or said of its vendors' answers."""
        rows = read(self.fleet.bridge, _KEPT)
        replies = [bytes(row.reply or b"").decode("latin-1") for row in rows]
        reasons = [row.reason for row in rows]
        return [*replies, *reasons, self.fleet.bridge.log.read_text()]


_KEPT = text("SELECT reply, reason FROM attempts")
