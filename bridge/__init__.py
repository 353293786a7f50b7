"""Bridge turns signed webhooks into ticket updates.

    sender ──POST /hooks/<source>──▶ receive ─▶ verify ─▶ store ─▶ 2xx
                                                             │
                        mapping files ─▶ route (pure) ◀── worker ──▶ deliver ─▶ vendor API
                                                             │
                                                    cli reads and steers the same store

Reading order for the main path: receive/front.py, providers/__init__.py, store/events.py, worker/loop.py,
mapping/rules/route.py, worker/sending.py, vendors/. The words used everywhere (source, event, rule, decision,
connection, delivery, attempt, dead letter, lane) are the values of model.py.

A package imports only from packages further right (import-linter in setup.cfg keeps it):

    cli › demo › serve | app › services › receive | worker › outbound › mapping | store
        › providers | vendors | retry › kinds › strict › secret › model | settings | log | metrics › errors | state
"""

__version__ = "0.1.0"
