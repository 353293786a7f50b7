"""Signing in to the console, what a session opens, and what keeps others out of it."""

import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import faces
import pytest
from faces import BY
from sqlalchemy import select, update

from bridge.console import create
from bridge.services import accounts, sessions
from bridge.store import accounts as kept
from bridge.store.tables import sessions as table

PASSWORD = "correct horse battery"


@pytest.fixture
def parts(sqlite, tmp_path):
    return faces.parts(sqlite, tmp_path)


@pytest.fixture
def quick(monkeypatch):
    """Passwords are compared as they are, where a test is about something else than hashing."""
    monkeypatch.setattr("bridge.services.passwords.agrees", lambda one, two: one == two)
    monkeypatch.setattr("bridge.services.passwords.hashed", lambda one, name: one)


def entered(client, name="ana", password=PASSWORD, *, headers=None, **more):
    """The answer to the form, filled in as a browser does."""
    page = client.get("/console/sign-in").get_data(as_text=True)
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    data = {"csrf_token": csrf, "name": name, "password": password, **more}
    return client.post("/console/sign-in", data=data, headers=headers)


def test_without_an_account_nothing_opens(parts):
    """On a new bridge the sign-in page says the command that makes an account; no page and no form makes one."""
    client = faces.admin(parts)
    answer = client.get("/console/")
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "bridge user add NAME --role admin" in page.get_data(as_text=True)
    assert entered(client).status_code == 401
    assert not accounts.there_are(parts.database)


def test_a_person_signs_in_and_out(parts):
    """With a real password, from the page that was asked for back to it; signed out, the old cookie opens nothing."""
    faces.account(parts.database, "ana", "viewer", password=PASSWORD)
    client = faces.admin(parts)
    first = client.get("/console/account?x=1")
    assert first.location == "/console/sign-in?next=%2Fconsole%2Faccount%3Fx%3D1"
    before = client.get_cookie("bridge-8081", domain="127.0.0.1")
    answer = entered(client, next="/console/account?x=1")
    assert (answer.status_code, answer.location) == (303, "/console/account?x=1")
    after = client.get_cookie("bridge-8081", domain="127.0.0.1")
    assert after.value != (before.value if before else "")
    assert after.http_only and after.same_site == "Lax" and not after.secure
    page = client.get("/console/account")
    assert "ana" in page.get_data(as_text=True)
    assert page.headers["Cache-Control"] == "no-store"
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))[
        1
    ]
    client.post("/console/sign-out", data={"csrf_token": csrf})
    client.set_cookie("bridge-8081", after.value, domain="127.0.0.1")
    assert client.get("/console/account").status_code == 303


def test_a_session_is_new_at_sign_in(parts, quick):
    """T-78: a cookie that somebody else put into the browser is no session after the sign-in."""
    faces.account(parts.database, "ana", "viewer", password=PASSWORD)
    faces.account(parts.database, "eve", "viewer")
    planted = faces.cookie(parts, "viewer", "eve")
    client = faces.admin(parts)
    client.set_cookie(planted["name"], planted["value"], domain="127.0.0.1")
    data = {"csrf_token": planted["csrf"], "name": "ana", "password": PASSWORD}
    assert client.post("/console/sign-in", data=data).status_code == 303
    value = client.get_cookie(planted["name"], domain="127.0.0.1").value
    assert value != planted["value"]
    with parts.database.read() as tx:
        names = [kept.listed(tx)[n].name for n in range(2)]
        rows = tx.execute(select(table.c.account)).all()
    assert names == ["ana", "eve"] and len(rows) == 2
    assert ">ana<" in client.get("/console/account").get_data(as_text=True)
    # The form's token is new too.
    spent = client.post("/console/sign-out", data={"csrf_token": planted["csrf"]})
    assert spent.status_code == 400


@pytest.mark.parametrize("harm", ["idle", "old", "revoked", "disabled"])
def test_a_session_that_ended_opens_nothing(parts, harm):
    """T-79: idle for 30 minutes, 12 hours old, revoked by hand, its account disabled: the next click has to sign in."""
    faces.account(parts.database, "boss", "admin")
    client, now = faces.signed_in(parts, "viewer", "ana"), datetime.now(UTC)
    assert client.get("/console/account").status_code == 200
    past = {
        "idle": {"seen_at": now - timedelta(minutes=30)},
        "old": {"created_at": now - timedelta(hours=12)},
    }
    if harm in past:
        parts.database.write(lambda tx: tx.execute(update(table).values(past[harm])))
    elif harm == "revoked":
        sessions.revoke(parts.database, "ana", BY, now=now)
    else:
        accounts.disable(parts.database, "ana", BY, now=now)
    assert client.get("/console/account").status_code == 303


@pytest.mark.parametrize("csrf", [None, "", "x", "of somebody else"])
def test_forms_need_their_token(parts, csrf):
    """T-76: a form without the token of its session is refused, also with the token of another person's."""
    client = faces.signed_in(parts, "viewer", "ana")
    if csrf == "of somebody else":
        csrf = faces.cookie(parts, "viewer", "eve")["csrf"]
    for path in ("/console/sign-out", "/console/account/tokens"):
        data = {} if csrf is None else {"csrf_token": csrf}
        assert client.post(path, data=data).status_code == 400
    assert client.get("/console/account").status_code == 200


def test_the_token_of_forms_may_be_a_header(parts):
    """The script sends it so, and a page may stay open for hours."""
    client = faces.signed_in(parts, "viewer", "ana")
    headers = {"X-CSRFToken": client.csrf}
    assert client.post("/console/sign-out", headers=headers).status_code == 303


def test_guesses_with_a_forged_address(parts, quick):
    """T-80: X-Forwarded-For of a stranger changes nothing; that of a trusted proxy is believed."""
    faces.account(parts.database, "ana", "viewer", password=PASSWORD)

    def tries(parts, times):
        client = faces.admin(parts)
        return [
            entered(
                client, password="wrong", headers={"X-Forwarded-For": f"192.0.2.{n}"}
            ).status_code
            for n in range(times)
        ]

    assert tries(parts, 6) == [401] * 5 + [429]
    trusting = faces.parts(
        parts.database,
        parts.settings.mappings.parent,
        trusted_proxies=(ip_network("127.0.0.0/8"),),
    )
    assert tries(trusting, 6) == [401] * 6


def test_every_view_demands_a_session(parts):
    """Each page of the console leads to the sign-in page, and nothing is written by anybody unknown."""
    app = create(parts)
    client, open_ = faces.admin(parts), set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if rule.endpoint == "static" or getattr(view, "open_to_all", False):
            open_.add(rule.endpoint)
            continue
        path = re.sub(r"<(?:int|any)[^>]*>", "1", rule.rule)
        path = re.sub(r"<[^>]*>", "x", path)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(f"/console{path}", method=method)
            refused = (303, 401) if method == "GET" else (303, 400)
            assert answer.status_code in refused, (method, rule.rule)
            assert b"csrf-token" not in answer.data
    assert open_ == {
        "frame.choose_theme",
        "frame.favicon",
        "sign_in.back",
        "sign_in.elsewhere",
        "sign_in.enter",
        "sign_in.form",
        "static",
    }


def test_scopes_are_demanded(parts):
    """A viewer changes nothing: each POST asks for a scope, or is about the person's own account."""
    app, client = create(parts), faces.signed_in(parts, "viewer", "ana")
    own = ("sign_in.", "account.", "frame.")
    for rule in app.url_map.iter_rules():
        if "POST" not in rule.methods or rule.endpoint.startswith(own):
            continue
        view = app.view_functions[rule.endpoint]
        if getattr(view, "open_to_all", False) or view.scope == "read":
            continue
        path = re.sub(r"<int[^>]*>", "1", rule.rule)
        path = re.sub(r"<[^>]*>", "x", path)
        answer = client.post(f"/console{path}", data={"csrf_token": client.csrf})
        assert answer.status_code == 403, rule.rule


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/console//evil",
        "/console/\\evil",
        "/elsewhere",
        "javascript:x",
    ],
)
def test_sign_in_leads_inside_only(parts, quick, target):
    """A link to the sign-in page cannot send its person anywhere else afterwards."""
    faces.account(parts.database, "ana", "viewer", password=PASSWORD)
    answer = entered(faces.admin(parts), next=target)
    assert (answer.status_code, answer.location) == (303, "/console/")


def test_programs_are_told(parts):
    """A .json address and a part of a page are not answered with the sign-in page."""
    client = faces.admin(parts)
    assert client.get("/console/people.json").status_code == 401
    answer = client.get("/console/pauses", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/console/sign-in"


def test_the_cookie_behind_tls(sqlite, tmp_path):
    """With an https URL the cookie is sent over TLS alone, and no other host of the domain can set it."""
    secure = faces.parts(sqlite, tmp_path, admin_url="https://console.example.com")
    config = create(secure).config
    assert config["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert config["SESSION_COOKIE_SECURE"] and config["SESSION_COOKIE_PATH"] == "/"
    assert config.get("SESSION_COOKIE_DOMAIN") is None


def test_processes_share_the_key(sqlite, tmp_path):
    """A cookie that one process gave is good at the next one, and after a restart."""
    one, other = (create(faces.parts(sqlite, tmp_path)) for _ in range(2))
    assert one.secret_key == other.secret_key and len(one.secret_key) == 32


def test_the_hooks_bind_serves_neither(sqlite, tmp_path):
    """T-91: senders' bind knows no console, no API and no metrics, whatever the path and the host say."""
    from werkzeug.test import Client

    from bridge import app

    client = Client(app.hooks_app(faces.parts(sqlite, tmp_path)))
    for path in ("/console/", "/console/sign-in", "/api/v1/openapi.json", "/metrics"):
        assert client.get(path, headers={"Host": "127.0.0.1:8081"}).status_code == 404


def test_own_account(parts, quick):
    """One's own password, sessions and tokens; nothing of anybody else's, and no token is shown twice."""
    client = faces.signed_in(parts, "operator", "ana")
    accounts.set_password(
        parts.database, "ana", PASSWORD, BY, keep="", now=datetime.now(UTC)
    )
    client = faces.signed_in(parts, "operator", "ana")
    other = faces.signed_in(parts, "operator", "ana")

    def post(path, **data):
        return client.post(f"/console{path}", data={"csrf_token": client.csrf, **data})

    made = post("/account/tokens", name="ci", days="30", scope="read")
    shown = re.search(r"bridge_[\w-]{43}", made.get_data(as_text=True))[0]
    page = client.get("/console/account").get_data(as_text=True)
    assert shown not in page and shown[:13] in page
    assert (
        post("/account/tokens", name="ci2", days="30", scope="admin").status_code == 422
    )
    assert (
        post("/account/tokens", name="ci2", days="x", scope="read").status_code == 422
    )
    assert post("/account/tokens/ci/revoke").status_code == 303
    assert post("/account/tokens/ci/revoke").status_code == 404
    bad = {"old": "wrong", "new": "another password", "again": "another password"}
    assert post("/account/password", **bad).status_code == 422
    assert post("/account/password", **(bad | {"old": PASSWORD})).status_code == 303
    assert client.get("/console/account").status_code == 200
    assert other.get("/console/account").status_code == 303


def test_people_page(parts, quick):
    """An admin adds, changes and removes people; the new password is shown once, and everything is audited."""
    client = faces.signed_in(parts, "admin", "ana")

    def post(path, **data):
        return client.post(f"/console{path}", data={"csrf_token": client.csrf, **data})

    made = post("/people", name="bo", role="viewer").get_data(as_text=True)
    shown = re.search(r"<code[^>]*>([\w-]{20})</code>", made)[1]
    assert sessions.sign_in(
        parts.database, "bo", shown, address="", agent="", now=datetime.now(UTC)
    )
    assert shown not in client.get("/console/people").get_data(as_text=True)
    assert post("/people", name="bo", role="viewer").status_code == 422
    for path, data, status in (
        ("/people/bo/role", {"role": "operator", "reveal": "yes"}, 303),
        ("/people/bo/role", {"role": "king"}, 422),
        ("/people/bo/disable", {}, 303),
        ("/people/bo/enable", {}, 303),
        ("/people/bo/sign-out", {}, 303),
        ("/people/bo/password", {}, 200),
        ("/people/ana/disable", {}, 422),
        ("/people/bo/remove", {"reason": "left"}, 303),
        ("/people/bo/remove", {}, 404),
    ):
        assert post(path, **data).status_code == status, path
    from bridge.store import audit

    with parts.database.read() as tx:
        newest = audit.newest(tx, limit=1)[0]
    assert (newest["person"], newest["action"]) == ("ana", "user remove")
    assert newest["reason"] == "left"
