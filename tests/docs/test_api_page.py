"""docs/api.md: its operations are those of the API, and each example does what the page says, on a real bridge."""

import json
import shlex
from urllib.parse import urlsplit

import api_pages
import pytest
import requests
from api_world import RULES, make
from apis import differs
from faces import bearer
from running import Bridge

from bridge.sandbox import DEFAULT_CREDENTIALS
from bridge.store import migrate


def test_the_page_is_the_document():
    """An operation that changed is on the page: run `python tests/docs/api_pages.py`."""
    assert api_pages.parted()[1] == api_pages.written()


@pytest.mark.slow
def test_each_example_does_what_the_page_says(tmp_path, sandbox, monkeypatch):
    """Every curl of the page, one after another, gets an answer of the shape below it."""
    monkeypatch.setenv("VAMBE_API_KEY", DEFAULT_CREDENTIALS["vambe"])
    running = Bridge(tmp_path, sandbox.url, DEFAULT_CREDENTIALS, RULES)
    database = running.database()
    migrate(database)
    make(database, sandbox)
    token = bearer(database)
    database.close()
    base = f"http://127.0.0.1:{running.admin_port}"
    wrong = []
    try:
        running.start("--no-worker")
        for command, promised in examples():
            told = asked(command, base, token)
            if not told.ok:
                wrong.append(f"{command}: {told.status_code} {told.text}")
            elif promised and (found := differs(json.loads(promised), told.json())):
                wrong.append(f"{command}: {found}")
    finally:
        running.end()
    assert not wrong, "\n".join(wrong)


def examples():
    """(command, JSON answer or "") of each operation of the page."""
    operations = api_pages.parted()[1].split("\n#### ")[1:]
    assert len(operations) > 5
    for text in operations:
        command = text.partition("```sh\n")[2].partition("\n```")[0]
        yield command, text.partition("```json\n")[2].partition("\n```")[0]


def asked(command, base, token):
    """The answer to a curl command, sent to this bridge with this token."""
    words = [word for word in shlex.split(command) if word != "\n"]
    url = urlsplit(next(word for word in words if word.startswith("http")))
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    data = words[words.index("-d") + 1].encode() if "-d" in words else None
    headers = {**token, **({"Content-Type": "application/json"} if data else {})}
    return requests.request(
        method,
        f"{base}{url.path}?{url.query}",
        data=data,
        headers=headers,
        timeout=60,
    )
