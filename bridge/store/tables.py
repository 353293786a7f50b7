"""The tables, the same on SQLite and PostgreSQL.

A row of `events` is the receipt and the work in one: unique on source and event id, so the insert alone decides what is
new. A row of `deliveries` is the queue entry. `migrations/` makes these tables; a test compares both.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from bridge.state import UNFINISHED, EventState, State
from bridge.store.database.columns import Document, Identity, Key, Moment, Words

metadata = MetaData()

payloads = Table(  # a request as received, once, however many events it held
    "payloads",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("received_at", Moment, nullable=False),
    Column("method", String(10), nullable=False),
    Column("target", Words, nullable=False),
    Column("headers", Document, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("pruned_at", Moment),  # body and headers were emptied: kept long enough
)

events = Table(
    "events",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("source", String(100), nullable=False),
    Column("event_id", Key, nullable=False),
    Column("type", Key, nullable=False),
    Column("occurred_at", Moment),
    Column("received_at", Moment, nullable=False),
    Column("payload_id", Identity, ForeignKey("payloads.id"), nullable=False),
    Column("item", Integer),
    Column("live", Boolean, nullable=False),
    Column("digest", String(64), nullable=False),
    Column(
        "conflicts", Integer, nullable=False, server_default="0"
    ),  # the same id came with another body
    Column("state", String(10), nullable=False),  # EventState
    Column(
        "outcome", String(10)
    ),  # matched, no_match, skipped, error: the strongest of its decisions
    Column("ruleset", String(64)),
    Column("routed_at", Moment),
    Column("fetched", LargeBinary),  # the answer to its look-up: JSON
    Column("fetched_headers", Document),  # of that answer; lower-case names
    Column("decisions", Document),  # what each rule said to it: decisions.py
    UniqueConstraint("source", "event_id", name="uq_events_source_event_id"),
)
STORED = f"state = '{EventState.STORED}'"
Index(
    "ix_events_stored",
    events.c.id,
    sqlite_where=text(STORED),
    postgresql_where=text(STORED),
)
Index("ix_events_payload", events.c.payload_id)
# For finding: what there is of sources and types is read off it, and each of them is there newest first.
Index("ix_events_kind", events.c.source, events.c.type, events.c.id)
Index(
    "ix_events_outcome",
    events.c.outcome,
    events.c.id,
    sqlite_where=events.c.outcome.is_not(None),
    postgresql_where=events.c.outcome.is_not(None),
)
CONFLICTS = "conflicts > 0"
Index(
    "ix_events_conflicts",
    events.c.id,
    sqlite_where=text(CONFLICTS),
    postgresql_where=text(CONFLICTS),
)

connection_specs = Table(  # what a delivery needs to be sent later, whatever became of its rule: references, no secrets
    "connection_specs",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("spec", Document, nullable=False),
    Column("name", String(200)),  # as its mapping file calls it
    # Which ticket system, and that together with as whom: bridge/tenants.py. None: a row of an older release.
    Column("tenant", String(200)),
    Column("account", String(200)),
)

connections = Table(  # what was learned, on all hosts: of tenants (rate, breaker) and of accounts (parking, 403s)
    "connections",
    metadata,
    Column("name", String(200), primary_key=True),  # the tenant's or the account's
    # The connection by which it was learned, as people call it; "" in a row of an older release, where `name` is that.
    Column("label", String(200), nullable=False, server_default=""),
    Column("state", String(10), nullable=False),  # open, parked
    Column("reason", Words, nullable=False),
    Column("since", Moment, nullable=False),
    Column("next_at", Moment),  # when its rate, or a Retry-After, allows the next call
    # The breaker (breaker.py): failures in a row, calls and failures of the window, and since when it is open.
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("window_from", Moment),
    Column("window_calls", Integer, nullable=False, server_default="0"),
    Column("window_failures", Integer, nullable=False, server_default="0"),
    Column("broken_at", Moment),
    Column("probe_at", Moment),  # when the open breaker lets the next call through
    Column(
        "forbidden", Document
    ),  # the deliveries that a 403 ended since the last success
)

pauses = Table(  # what a person stopped: deliveries that agree with every column that is set; none set: all of them
    "pauses",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("source", String(100)),
    Column("rule", Text),
    Column("connection", String(200)),
    Column("accounts", Document),  # of that connection, which may be renamed meanwhile
    Column("ticket", Key),
    Column("since", Moment, nullable=False),
    Column("person", Words, nullable=False),
    Column("reason", Words, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("event", Identity, ForeignKey("events.id"), nullable=False),
    Column("source", String(100), nullable=False, server_default=""),
    Column("rule", Text, nullable=False),
    Column("item_key", Key, nullable=False),
    Column("operation", String(100), nullable=False),
    Column("connection", String(200), nullable=False),
    Column(
        "spec", String(64), ForeignKey("connection_specs.hash")
    ),  # None: a rule error, nothing to send
    Column("ticket", Key, nullable=False),
    Column("lane", Key, nullable=False),
    Column("call", Document),  # method, path, query, headers, success
    Column("body", LargeBinary),
    Column("fields", Document),
    Column("at", Moment),
    Column("stale", String(4), nullable=False),
    Column("coalesce", Boolean, nullable=False, server_default=false()),
    Column("replay_of", Identity),  # the delivery that a person sent once more
    Column("person", Words),  # who moved or replayed it last; None: nobody did
    Column("because", Words),  # the reason that person gave
    Column("idempotency_key", Key),  # while it is used up: keys.py
    Column("own_key", Key),  # the same for good, once it is not used up
    Column("retries", Document, nullable=False),
    Column("responses", Document),  # None: its vendor alone judges the answers
    Column("ruleset", String(64), nullable=False),
    Column("state", String(10), nullable=False),  # State
    Column(
        "code", String(40), nullable=False
    ),  # of the last outcome, "" before the first
    Column("reason", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    # Seen behind another delivery of its lane, so that claims need not look at it again; lanes.py keeps it true.
    Column("behind", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    # Where its age counts from: due_at - age_from is the age that it reaches by waiting for its retries alone.
    Column("age_from", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("owner", String(40)),
    Column("lease_until", Moment),
    # A look-up for its event: so many seconds its answer is good for others; None: an update.
    Column("look_up", Integer),
    UniqueConstraint(
        "rule", "idempotency_key", name="uq_deliveries_rule_idempotency_key"
    ),
)

# Predicates of partial indexes: a query that should use one has to say the same, in the same words.
CLAIMABLE = f"state = '{State.WAITING}' AND NOT behind"
BEHIND = f"state = '{State.WAITING}' AND behind"
SENDING = f"state = '{State.SENDING}'"
HELD = f"state = '{State.HELD}'"
DEAD = f"state = '{State.DEAD}'"
# A delivery gets there once or twice, so that these cost what is under way nothing.
SETTLED = f"state NOT IN ('{State.WAITING}', '{State.SENDING}')"
FAILED = "code NOT IN ('', 'delivered')"
BLOCKING = f"state IN {(*map(str, UNFINISHED),)}"
_UNFINISHED = text(BLOCKING)
Index("ix_deliveries_event", deliveries.c.event)
Index(  # what a claim looks at, in its order
    "ix_deliveries_claim",
    deliveries.c.connection,
    deliveries.c.spec,
    deliveries.c.source,
    deliveries.c.rule,
    deliveries.c.due_at,
    deliveries.c.id,
    sqlite_where=text(CLAIMABLE),
    postgresql_where=text(CLAIMABLE),
)
Index(
    "ix_deliveries_behind",
    deliveries.c.lane,
    deliveries.c.id,
    deliveries.c.connection,  # so that counting looks at no row
    sqlite_where=text(BEHIND),
    postgresql_where=text(BEHIND),
)
Index(
    "ix_deliveries_sending",
    deliveries.c.lane,
    sqlite_where=text(SENDING),
    postgresql_where=text(SENDING),
)
Index(
    "ix_deliveries_lane",
    deliveries.c.lane,
    deliveries.c.id,
    sqlite_where=_UNFINISHED,
    postgresql_where=_UNFINISHED,
)
Index(
    "ix_deliveries_held",
    deliveries.c.connection,
    sqlite_where=text(HELD),
    postgresql_where=text(HELD),
)
Index(
    "ix_deliveries_dead",
    deliveries.c.id,
    deliveries.c.connection,
    sqlite_where=text(DEAD),
    postgresql_where=text(DEAD),
)
# For finding: as ix_events_kind.
Index(
    "ix_deliveries_kind",
    deliveries.c.rule,
    deliveries.c.connection,
    deliveries.c.operation,
    deliveries.c.source,
    deliveries.c.id,
)
Index("ix_deliveries_ticket", deliveries.c.ticket, deliveries.c.id)
Index(
    "ix_deliveries_settled",
    deliveries.c.state,
    deliveries.c.id,
    sqlite_where=text(SETTLED),
    postgresql_where=text(SETTLED),
)
Index(
    "ix_deliveries_failed",
    deliveries.c.code,
    deliveries.c.id,
    sqlite_where=text(FAILED),
    postgresql_where=text(FAILED),
)

lane_marks = (
    Table(  # the newest `at` that was delivered: what is strictly older is stale
        "lane_marks",
        metadata,
        Column("lane", Key, primary_key=True),
        Column("rule", Text, primary_key=True),
        Column("at", Moment, nullable=False),
        Column("marked_at", Moment),  # when that delivery was made
    )
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("delivery", Identity, ForeignKey("deliveries.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("elapsed_ms", Integer, nullable=False),
    Column("status", Integer),  # None: no answer
    Column("verdict", String(10), nullable=False),
    Column("code", String(40), nullable=False),
    Column("reason", Words, nullable=False),
    Column("reply", LargeBinary),  # at most 64 KiB
)
Index("ix_attempts_delivery", attempts.c.delivery)

ledger = Table(  # every update that a vendor accepted; it outlives the event, the delivery and their payloads
    "ledger",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("delivery", Identity, nullable=False),
    Column("event", Identity, nullable=False),
    Column("source", String(100), nullable=False),
    Column("event_id", Key, nullable=False),
    Column("rule", Text, nullable=False),
    Column("ruleset", String(64), nullable=False),
    Column("connection", String(200), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("ticket", Key, nullable=False),
    Column("fields", Document, nullable=False),
    Column("status", Integer, nullable=False),
    Column("person", Words),  # who retried, released or replayed it
    Column("reason", Words),
)
Index("ix_ledger_ticket", ledger.c.ticket, ledger.c.id)
Index("ix_ledger_at", ledger.c.at)

audit = Table(  # what people did: who, when, to what, why
    "audit",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("person", Words, nullable=False),
    Column("action", String(20), nullable=False),
    Column("subject", Document, nullable=False),
    Column("reason", Words, nullable=False),
)

rejections = Table(  # requests that were not taken: metadata only
    "rejections",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("source", String(100), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("status", Integer, nullable=False),
    Column("remote", String(50), nullable=False),
    Column("size", Integer, nullable=False),
    # How many were like this in one second.
    Column("count", Integer, nullable=False, server_default="1"),
    Column("path", String(120), nullable=False, server_default=""),
)
Index("ix_rejections_source", rejections.c.source, rejections.c.id)

rulesets = Table(
    "rulesets",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("texts", Document, nullable=False),  # relative path → text
    Column("activated_at", Moment, nullable=False),  # the newest one is active
)

turns = Table(  # what has the turn at something is doing: turn.py. Beside a SQLite store a file holds it
    "turns",
    metadata,
    Column("what", String(50), primary_key=True),
    Column("note", String(50), nullable=False),
)

# What token endpoints and senders gave to be kept: grants.py, learnt.py.
grants = Table(
    "grants",
    metadata,
    Column("name", String(64), primary_key=True),  # a hash of who asks where
    Column("sealed", LargeBinary),  # bridge/sealing.py; None: nothing was given yet
    Column("version", Integer, nullable=False),  # counts what was given
    Column("owner", String(40)),  # who is asking now
    Column("lease_until", Moment),
    # Since then it is not known what an endpoint gave; when a person was shown what a sender told.
    Column("asked_at", Moment),
)

bulk_acts = Table(  # what a person does to many deliveries or events at once: planned, then done by a worker
    "bulk_acts",
    metadata,
    Column("id", Identity, primary_key=True),
    # retry, release, cancel, replay or reroute
    Column("act", String(20), nullable=False),
    # The words that found them: a filter, ids, or a cause.
    Column("words", Words, nullable=False),
    # rules, rule, newest and force: bridge/services/bulk.py.
    Column("options", Document, nullable=False),
    Column("person", Words, nullable=False),
    Column("reason", Words, nullable=False),
    # freezing, planning, planned, running, paused, finished or cancelled
    Column("state", String(10), nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    # Milliseconds between two items, and when the next one may be done.
    Column("wait", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment),
    # The worker that is at it, and until when nobody else is.
    Column("owner", String(40)),
    Column("lease_until", Moment),
)
Index("ix_bulk_acts_state", bulk_acts.c.state)

bulk_items = Table(  # the deliveries or events of a bulk act, frozen when it is planned
    "bulk_items",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("bulk", Identity, ForeignKey("bulk_acts.id"), nullable=False),
    # The number of the delivery or the event.
    Column("target", Identity, nullable=False),
    Column("ticket", Key, nullable=False, server_default=""),
    # new, eligible, left, done or failed
    Column("state", String(10), nullable=False),
    # Why it is left out, and the same in few words; or what was done.
    Column("message", Words, nullable=False, server_default=""),
    Column("why", Words, nullable=False, server_default=""),
    # The field that a repeated call adds to; "" if it replaces.
    Column("adds", String(100), nullable=False, server_default=""),
)
Index("ix_bulk_items_bulk", bulk_items.c.bulk, bulk_items.c.state, bulk_items.c.id)

acknowledgements = Table(  # incidents that somebody has seen: they still count
    "acknowledgements",
    metadata,
    Column("incident", String(100), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("person", Words, nullable=False),
    Column("reason", Words, nullable=False),
)

# People who may use console and API.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    # May see masked content, whatever the role.
    Column("reveals", Boolean, nullable=False, server_default=false()),
    # Argon2; None: signs in elsewhere, or not at all.
    Column("password", String(200)),
    # A hash of issuer and subject, of a person who signs in elsewhere.
    Column("subject", String(64)),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    UniqueConstraint("name", name="uq_accounts_name"),
    UniqueConstraint("subject", name="uq_accounts_subject"),
)

# Sign-ins that have not ended. The token is in the person's cookie only.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("account", Identity, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("address", String(50), nullable=False),
    Column("agent", Words, nullable=False),
    UniqueConstraint("hash", name="uq_sessions_hash"),
)
Index("ix_sessions_account", sessions.c.account)

# What programs show to the API. The token itself is nowhere.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("hash", String(64), nullable=False),
    # Its beginning, by which people tell it.
    Column("prefix", String(20), nullable=False),
    # Two rows have the same name while it is rotated.
    Column("name", String(100), nullable=False),
    Column("account", Identity, ForeignKey("accounts.id"), nullable=False),
    Column("scopes", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    UniqueConstraint("hash", name="uq_tokens_hash"),
)
Index("ix_tokens_account", tokens.c.account)

# Tries to sign in with a password; `who` is a hash of the name, which may be a password in the wrong field.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String(64), nullable=False),
    Column("address", String(50), nullable=False),
    Column("well", Boolean, nullable=False),
)
Index("ix_sign_ins_who", sign_ins.c.who, sign_ins.c.at)
Index("ix_sign_ins_address", sign_ins.c.address, sign_ins.c.at)

# Random keys that all processes of a bridge share.
made_keys = Table(
    "made_keys",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

# Answers of the API, for requests that are repeated: answered.py.
answered = Table(
    "answered",
    metadata,
    Column("person", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    # None: not answered yet.
    Column("status", Integer),
    Column("answer", LargeBinary),
)

Index("ix_answered_at", answered.c.at)

backtests = Table(  # runs that a page or the API started: bridge/services/backtest_runs.py
    "backtests",
    metadata,
    Column("id", Identity, primary_key=True),
    # The words of the filter, the other side, the sample, and which rules.
    Column("asked", Document, nullable=False),
    # What the draft changes in the rules in force.
    Column("patch", Words, nullable=False),
    Column("person", Words, nullable=False),
    # running, finished, failed or cancelled
    Column("state", String(10), nullable=False),
    Column("message", Words, nullable=False, server_default=""),
    Column("started_at", Moment, nullable=False),
    # Its last sign of life.
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("result", Document),
)
