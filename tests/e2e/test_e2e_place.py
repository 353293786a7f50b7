"""A store whose file is taken away, replaced or made read-only under a running bridge: nothing is accepted, and why."""

import json
import shutil

import psutil
import pytest
import requests
from running import bridge, eventually, post, stripe_event, taken

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.sandbox.server import SandboxServer


@pytest.fixture
def running(tmp_path):
    with SandboxServer() as sandbox:
        with bridge(tmp_path, sandbox, DEFAULT_CREDENTIALS) as made:
            made.start()
            yield made


def body(id):
    return json.dumps(stripe_event("invoice.paid__clp.http", id=id)).encode()


def removed(file, kept):
    file.rename(kept)


def replaced(file, kept):
    file.rename(kept)
    shutil.copyfile(kept, file)


def read_only(file, kept):
    file.chmod(0o400)


def put_right(file, kept):
    if kept.exists():
        kept.rename(file)
    file.chmod(0o600)


@pytest.mark.parametrize(
    "harm, said",
    [
        (removed, "bridge.db is gone"),
        (replaced, "bridge.db is another file"),
        (read_only, "bridge.db is read-only"),
    ],
)
def test_a_changed_store_is_noticed_before_the_next_2xx(running, harm, said):
    """503 for what is new and for what is known, /readyz and the doctor say why; put right, all is well again."""
    taken(running.url, body("evt_before"))
    file, kept = running.folder / "bridge.db", running.folder / "kept"
    harm(file, kept)
    for name in ("evt_new", "evt_before", "evt_new"):
        answer = post(running.url, body(name))
        assert answer.status_code == 503 and str(running.folder) not in answer.text
    report = requests.get(f"http://127.0.0.1:{running.admin_port}/readyz", timeout=60)
    assert report.status_code == 503 and said in report.json()["reason"]
    assert eventually(
        lambda: requests.get(f"{running.url}/readyz", timeout=60).status_code == 503
    )
    done = running.run("doctor", "--running")
    assert done.returncode == 1 and said in done.stdout
    assert file.exists() == (harm is not removed)
    put_right(file, kept)
    taken(running.url, body("evt_new"))
    assert post(running.url, body("evt_before")).status_code == 200
    running.wait_ready()


def test_a_process_that_starts_again_makes_no_store_where_one_was_moved_away(running):
    """Neither the worker nor a receiver, though no log is left to tell of a store; it is found when it is back."""
    taken(running.url, body("evt_before"))
    files = [running.folder / f"bridge.db{end}" for end in ("", "-wal", "-shm")]
    elsewhere = running.folder / "elsewhere"
    elsewhere.mkdir()
    for file in files:
        file.rename(elsewhere / file.name)
    before = {process.pid for process in started_by(running)}
    for process in started_by(running):
        process.kill()
    assert eventually(
        lambda: running.log.read_text().count("there is no store at") >= 2
    )
    assert not files[0].exists()
    for file in files:
        (elsewhere / file.name).rename(file)
    running.wait_ready()
    assert not {process.pid for process in started_by(running)} & before
    assert post(running.url, body("evt_before")).status_code == 200


def started_by(running):
    """The worker, and the receivers that gunicorn's parent started."""
    found = psutil.Process(running.process.pid).children(recursive=True)
    return [process for process in found if not process.children()]


def test_the_doctor_names_a_store_that_is_read_only(running):
    """Also where no bridge runs that could say so."""
    running.stop()
    (running.folder / "bridge.db").chmod(0o400)
    done = running.run("doctor")
    assert done.returncode == 1
    assert "bridge.db is read-only; make it writable" in done.stdout
