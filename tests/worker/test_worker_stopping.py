"""A worker that is told to stop ends, whatever its greenlets run into meanwhile."""

import gevent
from gevent.event import Event as Signal
from working import Bench


def test_worker_ends_though_its_keeper_swallows_errors(sqlite, sandbox, monkeypatch):
    """Told to stop in the middle of a round of keeping leases, it waits for the round and asks the keeper to end.

    A kill would be hidden by the error of cleaning up a connection that it cut: with `keeper.kill()` in Worker.run the
    worker never ends.
    """
    worker, begun = Bench(sqlite, sandbox).worker, Signal()

    def keep_leases_once():
        begun.set()
        try:
            gevent.sleep(0.3)
        except gevent.GreenletExit as kill:
            raise RuntimeError("the connection cannot be cleaned up") from kill

    monkeypatch.setattr(worker, "keep_leases_once", keep_leases_once)
    running = gevent.spawn(worker.run)
    assert begun.wait(timeout=60)
    worker.stop()
    running.join(timeout=60)
    assert running.successful(), "told to stop, the worker runs on"
