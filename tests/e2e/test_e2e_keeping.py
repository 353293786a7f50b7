"""Backup, restore and the move to PostgreSQL with the real commands, beside a running bridge."""

import json
import threading
import time
from contextlib import closing

import pytest
from running import bridge, eventually, post, stripe_event, taken

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.store import Database, views


@pytest.fixture
def running(tmp_path, sandbox):
    with bridge(tmp_path, sandbox, DEFAULT_CREDENTIALS) as made:
        made.start()
        yield made


def body(id):
    return json.dumps(stripe_event("invoice.paid__clp.http", id=id)).encode()


def waiting(made):
    """How many deliveries wait in its store."""
    with closing(made.database()) as database, database.read() as connection:
        counts = views.count_deliveries(connection)
    return sum(counts.values())


def test_restored_bridge_sends_nothing_until_it_is_resumed(running, sandbox, tmp_path):
    """What waited in the backup waits after the restore too, and goes out after `bridge resume --all`."""
    backup = str(tmp_path / "b.db")
    assert running.run("pause", "--all").returncode == 0
    taken(running.url, body("evt_1"))
    assert eventually(lambda: waiting(running) == 1)
    made = running.run("backup", backup)
    assert made.returncode == 0 and "checked" in made.stderr, made.stderr
    refused = running.run("restore", backup, "--force")
    assert refused.returncode == 3 and "in use" in refused.stderr
    assert running.stop() == 0
    done = running.run("restore", backup, "--force")
    assert done.returncode == 0 and "1 waiting delivery" in done.stderr
    running.start()
    taken(running.url, body("evt_2"))
    assert eventually(lambda: waiting(running) == 2)
    time.sleep(1.0)  # a worker that does not mind the pause would have sent them
    assert sandbox.calls("vambe") == []
    assert running.run("resume", "--all").returncode == 0
    assert eventually(lambda: len(sandbox.calls("vambe")) == 2)


def test_move_beside_a_running_bridge(postgres, running):
    """While the store is copied and ever after senders get 503; what was answered 2xx is in the new store."""
    answers = []
    stopped = threading.Event()

    def keep_sending():
        while not stopped.is_set():
            id = f"evt_{len(answers)}"
            answers.append((id, post(running.url, body(id)).status_code))

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        assert eventually(lambda: len(answers) > 5)
        new = postgres.url.render_as_string(hide_password=False)
        old, running.environ["BRIDGE_DATABASE_URL"] = running.database_url, new
        moved = running.run("migrate", "--from", old)
        assert moved.returncode == 0, moved.stderr
        last = len(answers)
        assert eventually(lambda: len(answers) > last + 1)
    finally:
        stopped.set()
        sender.join()
    assert {status for _, status in answers} == {202, 503}
    accepted = {id for id, status in answers if status == 202}
    with postgres.read() as connection:
        rows = views.list_events(connection, limit=10_000)
    # The other way round does not hold: a 503 after 2 s may still be committed, and is a duplicate when sent again.
    assert accepted <= {row["event_id"] for row in rows}
    assert answers[-1][1] == 503
    assert "moved to PostgreSQL" in running.log.read_text()
    assert running.stop() == 0
    running.start()
    taken(running.url, body(answers[-1][0]))


def test_serve_does_not_migrate_postgresql(tmp_path, sandbox, postgres):
    """On a store that hosts share, a start says what to run and ends."""
    with bridge(tmp_path, sandbox, DEFAULT_CREDENTIALS) as made:
        url = postgres.url.render_as_string(hide_password=False)
        made.environ["BRIDGE_DATABASE_URL"] = url
        said = made.run("serve")
        assert said.returncode == 3 and "run `bridge migrate`" in said.stderr
        assert made.run("migrate").returncode == 0
        made.start()
        taken(made.url, body("evt_1"))
    opened = Database(url)
    with opened.read() as connection:
        assert len(views.list_events(connection, limit=5)) == 1
    opened.close()
