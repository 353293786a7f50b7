"""Checks of the URL over real HTTP: every provider whose data file declares one is answered by a real receiver."""

from datetime import UTC, datetime

import keyrings
import pytest
import requests
from provider_cases import ACCOUNT, greetings
from rawsockets import NoVendors
from running import bridge

from bridge import providers
from bridge.sandbox import DEFAULT_CREDENTIALS

GREETED = [name for name in providers.names() if providers.get(name).handshake]


def source(name):
    """A mapping file with the provider as it is."""
    account = f", account: {ACCOUNT}" if providers.get(name).needs_account else ""
    return f"version: 1\nsource: {{ name: {name}, verify: {{ secret: {{ env: {variable(name)} }}{account} }} }}\n"


def variable(name):
    return f"SECRET_OF_{name.upper().replace('-', '_')}"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("greetings")
    with bridge(folder, NoVendors, DEFAULT_CREDENTIALS) as made:
        for name in GREETED:
            (folder / "mappings" / f"{name}.yaml").write_text(source(name))
            recipe = providers.get(name).recipe
            made.environ[variable(name)] = keyrings.public(
                recipe, "one of two"
            ).reveal()
        made.start("--no-worker")
        yield made


def asks_back(greeting):
    """Whether the sender wants to be asked, which no test does (tests/receive/test_receive_confirming.py)."""
    return any(one.confirm for one in greeting.provider.handshake)


def signs(greeting):
    """Whether the sender's check of the URL is proven as its events are."""
    return any(one.signed for one in greeting.provider.handshake)


def ask(running, greeting, method=None):
    """Sends the recording to its source, whatever the source was called when it was recorded; signed, if they are."""
    request = greeting.request
    if signs(greeting):
        request = greeting.signed(now=datetime.now(UTC))
    query = request.target.partition("?")[2]
    address = f"{running.url}/hooks/{greeting.name}{'?' + query if query else ''}"
    headers = {
        name: value
        for name, value in request.headers
        if name.lower() not in ("host", "content-length")
    }
    return requests.request(
        method or request.method,
        address,
        data=request.body,
        headers=headers,
        timeout=60,
    )


@pytest.mark.parametrize("name", GREETED)
def test_every_declared_check_is_recorded(name):
    """A handshake that no recording asks for would be answered for the first time at the sender."""
    assert name in {one.name for one in greetings()}


@pytest.mark.parametrize(
    "greeting",
    [one for one in greetings() if not asks_back(one)],
    ids=str,
)
def test_check_is_answered_by_a_receiver(running, greeting):
    """Status, body and type are those the sender waits for, and nothing is stored."""
    answer = ask(running, greeting)
    expected = greeting.expected.get("status", 200), greeting.expected["answer"]
    assert (answer.status_code, answer.text) == expected


@pytest.mark.parametrize(
    "greeting",
    [one for one in greetings() if signs(one)],
    ids=str,
)
def test_a_stranger_is_not_told_what_answers(running, greeting):
    """A sender that signs its check has it signed: without a proof it is refused as everywhere."""
    headers = {"Content-Type": "application/json"}
    answer = requests.post(
        f"{running.url}/hooks/{greeting.name}",
        data=greeting.request.body,
        headers=headers,
        timeout=60,
    )
    nobody = requests.post(f"{running.url}/hooks/nobody", data=b"", timeout=60)
    assert (answer.status_code, answer.content) == (401, nobody.content)


@pytest.mark.parametrize(
    "greeting", [one for one in greetings() if one.request.method == "GET"], ids=str
)
def test_head_is_never_more_than_get(running, greeting):
    """HEAD has no body and is no check that only GET asks for."""
    answer = ask(running, greeting, "HEAD")
    assert (answer.status_code, answer.content) in ((200, b""), (401, b""))
