"""The numbers that Prometheus reads, declared in one place; /metrics adds those that the store knows.

Labels are names from the configuration and short machine codes, never payload values.
"""

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "bridge_hook_requests",
    "Requests at /hooks, by source and result",
    ["source", "result"],
)
DECISIONS = Counter("bridge_decisions", "Decisions of rules", ["source", "said"])
ATTEMPTS = Counter(
    "bridge_attempts",
    "Calls to vendors, by connection and verdict",
    ["connection", "verdict"],
)
ATTEMPT_SECONDS = Histogram(
    "bridge_attempt_seconds",
    "Duration of calls to vendors",
    ["connection"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
COMMIT_SECONDS = Histogram(
    "bridge_store_commit_seconds",
    "Duration of the store's writes, including the wait for the lock",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2),
)
