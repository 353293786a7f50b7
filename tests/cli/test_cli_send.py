"""`bridge send`: recordings signed with a source's own secret, posted, and what the bridge said to them."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from running import free_port

from bridge import mapping, providers
from bridge.errors import NotVerified
from bridge.model import Request
from bridge.secret import resolve

PAYLOADS = Path(__file__).parents[1] / "payloads"
PAID = PAYLOADS / "stripe" / "invoice.paid__clp.http"
SHOP = """\
version: 1
source: { name: shop, provider: stripe, verify: { secret: { env: SHOP_SECRET } } }
"""
OTHERS = """\
version: 1
source: { name: NAME, verify: { secret: { env: SHOP_SECRET } } }
"""


class Door:
    """Takes requests as the front door does: verifies them with the source's own secret and remembers them."""

    def __init__(self):
        self.requests, self.events = [], []
        self.url, self.says = "", b'{"status": "\x1b[2J"}'

    def take(self, request):
        """The status of the answer."""
        self.requests.append(request)
        name = request.target.partition("?")[0].split("/")[2]
        source = mapping.load(Path("mappings")).usable().sources[name]
        secrets = [resolve(reference) for reference in source.secrets]
        if providers.handshake(source.provider, request, secrets, signed=False):
            return 200
        try:
            verified = providers.verify(
                source.provider,
                request,
                secrets,
                now=datetime.now(UTC),
                public_url=self.url,
            )
        except NotVerified:
            return 401
        if providers.handshake(source.provider, request, secrets, signed=True):
            return 200
        found = [one.event_id for one in providers.read(source.provider, "", verified)]
        known = set(found) <= set(self.events)
        self.events += found
        return 200 if known else 202


@contextmanager
def listening(door):
    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            status = door.take(
                Request(
                    method=self.command,
                    target=self.path,
                    headers=tuple(self.headers.items()),
                    body=self.rfile.read(length),
                    received_at=datetime.now(UTC),
                )
            )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(door.says)

        do_GET = do_HEAD = do_POST = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def door(tmp_path, monkeypatch):
    """A folder with a source, its secret, and whoever listens at BRIDGE_PUBLIC_URL."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "shop.yaml").write_text(SHOP)
    monkeypatch.setenv("SHOP_SECRET", "whsec_x")
    with listening(Door()) as found:
        monkeypatch.setenv("BRIDGE_PUBLIC_URL", found.url)
        yield found


def source(provider, **more):
    """The folder with a source of this provider as its only one."""
    text = OTHERS.replace("NAME", provider)
    verify = "".join(f"{key}: {value}, " for key, value in more.items())
    text = text.replace("verify: { ", f"verify: {{ {verify}")
    Path("mappings/shop.yaml").write_text(text)


def sendings():
    """Every recording of a sender that shares a secret."""
    for name in providers.names():
        recipe = providers.get(name).recipe
        if recipe and not recipe.by_public_key:
            yield from ((name, path.name) for path in providers.samples(name))


@pytest.mark.parametrize("name, file", [*sendings()])
def test_every_recording_arrives_as_its_sender_would_send_it(
    terminal, door, monkeypatch, name, file
):
    """Whatever a provider signs, and wherever the proof is, the bridge takes what was sent."""
    provider = providers.get(name)
    recipe = provider.recipe
    secret = {"utf8": "user:secret", "hex": "ab" * 32, "base64": "q6urq6urq6s="}
    monkeypatch.setenv("SHOP_SECRET", recipe.key_prefix + secret[recipe.key])
    source(name, **({"account": "me"} if provider.needs_account else {}))
    if "challenge" in file:  # holds a hash that was made with the tests' own account
        return
    result = terminal("send", PAYLOADS / name / file, "--source", name)
    assert (result.exit_code, len(door.requests)) == (0, 1), result.output


def test_what_the_bridge_answers_is_printed(terminal, door):
    """A line a request: its number, the status, how long it took, and the answer without what a terminal obeys."""
    result = terminal("send", PAID, "--source", "shop")
    assert result.exit_code == 0
    assert result.stdout.startswith("1: 202 in ") and "\\x1b[2J" in result.stdout
    (said,) = map(
        json.loads,
        terminal("send", PAID, "--source", "shop", "--json").stdout.splitlines(),
    )
    assert (said["number"], said["status"]) == (1, 200)
    assert said["body"] == '{"status": "\x1b[2J"}' and said["elapsed_ms"] >= 0


def test_a_refusal_is_exit_code_1(terminal, door, monkeypatch):
    """A time long ago is stale at the other end: the answer is shown, and the exit code tells scripts."""
    result = terminal("send", PAID, "--source", "shop", "--at", "2020-01-01T00:00:00Z")
    assert (result.exit_code, result.stdout[:7]) == (1, "1: 401 ")


def test_nobody_there_is_exit_code_4(terminal, door):
    """A bridge that does not run is told apart from one that refuses."""
    url = f"http://127.0.0.1:{free_port()}"
    result = terminal("send", PAID, "--source", "shop", "--to", url)
    assert (result.exit_code, result.stdout) == (4, "")
    assert "does not answer" in result.stderr and "bridge serve" in result.stderr


def test_where_it_is_sent(terminal, door, monkeypatch):
    """Without BRIDGE_PUBLIC_URL it goes to the bind of this machine's bridge."""
    monkeypatch.delenv("BRIDGE_PUBLIC_URL")
    monkeypatch.setenv("BRIDGE_BIND", door.url.removeprefix("http://"))
    assert terminal("send", PAID, "--source", "shop").exit_code == 0


def test_values_are_set_before_the_body_is_signed(terminal, door):
    """JSON is JSON, anything else is text, null takes a value out, and the signature covers the result."""
    changes = ("data.object.amount_paid=1.25", "type=a=b", "data.object.metadata=null")
    words = [word for one in changes for word in ("--set", one)]
    assert terminal("send", PAID, "--source", "shop", *words).exit_code == 0
    body = door.requests[0].body
    assert b'"amount_paid":1.25' in body
    sent = json.loads(body)
    assert sent["type"] == "a=b" and "metadata" not in sent["data"]["object"]


def test_values_of_a_form_are_texts(terminal, door):
    """A form's field is set as it was written."""
    source("sepay")
    path = next((PAYLOADS / "sepay").glob("*form.http"))
    result = terminal("send", path, "--set", "transferAmount=0050")
    assert result.exit_code == 0, result.output
    assert b"transferAmount=0050" in door.requests[0].body


@pytest.mark.parametrize(
    "words, hint",
    [
        (("--set", "data.objekt.a=1"), "did you mean 'object'?"),
        (("--set", "type"), "PATH=VALUE"),
        (("--at", "noon"), "a time with a zone"),
        (("--set", "objekt.a=1"), "to patch: "),
        (("--to", "localhost"), "a URL such as"),
        (("--to", "http://[::1"), "a URL such as"),
        (("--to", "http://me:hunter2@127.0.0.1"), "a URL such as"),
        (("--rate", "fast"), "5/s"),
        (("--key", "k.pem"), "a shared secret: drop --key"),
        (("--source", "shpo"), "there is no source 'shpo'"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_sent(terminal, door, words, hint):
    """A word that is wrong is answered with the right form before anything is sent."""
    result = terminal("send", PAID, "--source", "shop", *words)
    assert result.exit_code in (2, 3) and hint in result.stderr
    assert door.requests == []


def test_repeating_sends_the_same_event_and_new_id_others(terminal, door):
    """The same event again is the bridge's duplicate; with --new-id each is an event of its own."""
    door.says = b'{"status":"duplicate","events":[1]}'
    again = terminal("send", PAID, "--source", "shop", "--repeat", "3")
    statuses = [line.split()[1] for line in again.stdout.splitlines()]
    assert statuses == ["202", "200", "200"] and "3 sent, 0 refused" in again.stderr
    assert "use --new-id to send a new one" in again.stderr
    options = ("--repeat", "2", "--new-id", "--rate", "1000/s")
    new = terminal("send", PAID, "--source", "shop", *options)
    assert [line.split()[1] for line in new.stdout.splitlines()] == ["202", "202"]
    assert "--new-id" not in new.stderr


def test_new_ids_of_a_batch_differ(terminal, door):
    """Each event of a batch gets an id of its own, and keeps its kind of value."""
    source("hubspot")
    batch = PAYLOADS / "hubspot" / "batch__mixed.http"
    assert terminal("send", batch, "--new-id").exit_code == 0
    before = len(door.events)
    assert terminal("send", batch).exit_code == 0
    assert len(set(door.events)) == 2 * before


def test_an_event_without_an_id_cannot_get_another(terminal, door):
    """Its hash is its id, so a person changes a value instead."""
    source("lemonsqueezy")
    path = PAYLOADS / "lemonsqueezy" / "order_created__custom_data.http"
    result = terminal("send", path, "--new-id")
    assert result.exit_code == 3 and "--set" in result.stderr
    source("woocommerce")
    (ping,) = (PAYLOADS / "woocommerce").glob("*handshake.http")
    result = terminal("send", ping, "--source", "woocommerce", "--new-id")
    assert result.exit_code == 3 and "--new-id cannot read the event" in result.stderr
    assert door.requests == []


@pytest.mark.parametrize(
    "name, body, words",
    [
        ("linear", '"x"', ()),
        ("linear", '{"a": 12345678901234567891}', ()),
        ("slack", '{"event_id": "a", "b": 12345678901234567891}', ("--new-id",)),
        ("zoho", '{"token": "x", "b": 12345678901234567891}', ()),
    ],
)
def test_a_body_that_cannot_be_written_anew_is_said(terminal, door, name, body, words):
    """No place for the time, or a number that JSON cannot carry: a sentence, not a traceback."""
    source(name)
    Path("body.json").write_text(body)
    result = terminal("send", "body.json", "--source", name, *words)
    assert (result.exit_code, door.requests) == (3, []), result.output
    assert result.stderr.startswith("bridge: ")


def test_a_recording_with_a_token_in_its_path_says_who_sent_it(terminal, door):
    """The source is the part before the token, which is renewed and not shown."""
    source("vambe", scheme="token", path="token")
    head = "POST /hooks/vambe/hunter2 HTTP/1.1\nContent-Type: application/json"
    Path("token.http").write_text(f'{head}\n\n{{"id": "1", "type": "x"}}')
    result = terminal("send", "token.http")
    assert (result.exit_code, door.requests[0].target) == (0, "/hooks/vambe/whsec_x")
    assert "hunter2" not in result.output


def test_a_dry_run_shows_the_signature_and_sends_nothing(terminal, door):
    """What is printed is a curl command with the real signature; a secret that is itself the proof is masked."""
    result = terminal("send", PAID, "--source", "shop", "--dry-run")
    assert (result.exit_code, door.requests) == (0, [])
    assert f"curl -X POST {door.url}/hooks/shop" in result.stdout
    assert ",v1=" in result.stdout and "whsec_x" not in result.stdout
    source("asaas")
    path = next((PAYLOADS / "asaas").glob("*pix.http"))
    shown = terminal("send", path, "--dry-run").stdout
    assert "<secret>" in shown and "whsec_x" not in shown


def test_a_secret_that_is_not_set_is_named(terminal, door, monkeypatch):
    """Nothing can be signed without it; the sentence names the variable."""
    monkeypatch.delenv("SHOP_SECRET")
    result = terminal("send", PAID, "--source", "shop")
    assert result.exit_code == 3 and "SHOP_SECRET" in result.stderr


def test_a_body_without_a_head_is_sent_as_the_source_takes_it(terminal, door, tmp_path):
    """A bare file needs --source; its content type is the source's own."""
    (tmp_path / "a.json").write_text('{"id": "evt_1", "type": "x"}')
    assert terminal("send", "a.json").exit_code == 3
    assert terminal("send", "a.json", "--source", "shop").exit_code == 0
    (tmp_path / "a.form").write_text("MessageSid=SM1&MessageStatus=sent")
    source("twilio")
    result = terminal("send", "a.form", "--source", "twilio")
    assert result.exit_code == 0, result.output
    assert "form" in door.requests[-1].values("content-type")[0]


def public_key_senders():
    for name in providers.names():
        recipe = providers.get(name).recipe
        if recipe and recipe.by_public_key:
            yield name


@pytest.mark.parametrize("name", [*public_key_senders()])
def test_a_sender_by_public_key_signs_with_a_key_of_our_own(
    terminal, door, monkeypatch, tmp_path, name
):
    """The first run makes the key and says which public key to trust; then the bridge takes what is sent."""
    source(name, **({"account": "me"} if providers.get(name).needs_account else {}))
    path = providers.samples(name)[0]
    words = ("send", path, "--source", name, "--key", "own.pem")
    first = terminal(*words, "--dry-run")
    assert first.exit_code == 0, first.output
    assert (tmp_path / "own.pem").stat().st_mode & 0o777 == 0o600
    public = first.stderr[first.stderr.index("-----BEGIN PUBLIC") :]
    assert "PRIVATE" not in first.output
    monkeypatch.setenv("SHOP_SECRET", public)
    again = terminal(*words)
    assert again.exit_code == 0, again.output
    other = terminal("send", path, "--source", name)
    assert (other.exit_code, other.stdout[:7]) == (1, "1: 401 ")
