"""The store that the examples of the API are about: one delivery of each kind, a pause, a refused request, an act."""

from collections import Counter
from datetime import UTC, datetime

from faces import account, session
from running import MAPPING
from working import Bench, failed, paid

from bridge.services import bulk, pausing, tokens
from bridge.services.bulk_looks import Looker
from bridge.services.rulesets import activate
from bridge.store import backtests, rejections
from bridge.store.audit import By
from bridge.store.pauses import Scope
from bridge.store.rejections import Rejection

HELD = "    hold_if: inv.amount_paid > 900000\n"
TICKETS = [f"a1b2c3d4-e5f6-7890-abcd-ef123456789{number}" for number in range(3)]
CANARY = "whsec_canary_4711"
RULES = MAPPING.replace("    target: vambe", f"{HELD}    target: vambe")


def make(database, sandbox):
    """Deliveries 1 and 5 are dead, 2 is held, 3 is delivered, 4 waits for a parked connection. The bench that did it.

    Needs VAMBE_API_KEY; without KAPTURE_TOKEN its connection is parked.
    """
    bench = Bench(database, sandbox, RULES)
    activate(database, bench.ruleset)
    sandbox.know("vambe", *TICKETS)
    sandbox.fault("vambe", status=422, count=1)
    bench.receive(paid("evt_1", ticket=TICKETS[0], secret=CANARY))
    bench.work()
    bench.receive(paid("evt_2", amount=1_000_000, ticket=TICKETS[1]))
    bench.receive(paid("evt_3", ticket=TICKETS[2]))
    bench.receive(failed("evt_4"))
    bench.work()
    sandbox.fault("vambe", status=422, count=1)
    bench.receive(paid("evt_5", ticket=TICKETS[0]))
    bench.work()
    _people(database)
    scope, by = Scope(rule="failed-adds-comment"), By(person="ana", reason="a test")
    pausing.pause(database, scope, by, bench.ruleset)
    refused = Rejection(
        source="stripe",
        reason="wrong_signature",
        status=401,
        remote="192.0.2.7",
        size=812,
        path="/hooks/stripe",
    )
    now = datetime.now(UTC)
    database.write(lambda tx: rejections.add(tx, counts=Counter({refused: 1}), now=now))
    looker = Looker(rules=bench.ruleset, environment="", max_rendered=2**20)
    bulk.plan(database, bulk.Asked(act="retry", words="1"), looker, by, now)
    asked = {"words": "since:7d", "against": "stored", "sample": 5000}
    asked |= {"file": "", "ruleset": ""}

    def ran(tx):
        run = backtests.begin(tx, asked, "", "ana", 4, now)
        backtests.end(tx, run, "finished", None, "", now)

    database.write(ran)
    return bench


def _people(database):
    """Ana, who is signed in and has the token `deploy`, and Ben, who may go."""
    account(database, "ana", role="admin", password="correct horse battery")
    account(database, "ben", role="viewer")
    session(database, "ana")
    by, now = By(person="ana"), datetime.now(UTC)
    tokens.add(database, "deploy", "ana", ["read"], by, now=now)
