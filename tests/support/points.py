"""The named moments at which a test makes a process of the bridge die (see nursery.py), by what has just happened."""

# Where a process can be made to die: the function whose return (or call, with "before") is the moment.
POINTS = {
    "inserted, not committed": ("bridge.store.events", "accept_all"),
    "committed, not answered": ("bridge.receive.front", "Front._store"),
    "routed, not committed": ("bridge.store.routed", "record"),
    "routed and committed": ("bridge.worker.routing", "Router._store"),
    "claimed, not committed": ("bridge.store.queue", "claim"),
    "claimed, not sent": ("bridge.outbound", "Outbound.send", "before"),
    "sent, not recorded": ("bridge.outbound", "Outbound.send"),
    "in the middle of recording": ("bridge.store.queue.attempts", "_record"),
    "recorded, not committed": ("bridge.store.queue", "finish_all"),
    "recorded and committed": ("bridge.worker.recording", "Recorder.record"),
}
