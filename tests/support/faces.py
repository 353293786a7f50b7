"""Console and API for tests: accounts, sessions and tokens, and clients that have them."""

from dataclasses import replace
from datetime import UTC, datetime

from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf
from werkzeug.test import Client
from werkzeug.wrappers import Response

from bridge import app, console
from bridge.services import accounts, sessions, tokens
from bridge.services.parts import Parts
from bridge.services.people import ROLES
from bridge.services.rulesets import Rules
from bridge.settings import Settings
from bridge.store.audit import By

BASE = "http://127.0.0.1:8081"
BY = By(person="the test")


def parts(database, tmp_path, **given):
    """What both faces are given; the mappings folder is empty unless `mappings` names one."""
    (tmp_path / "mappings").mkdir(exist_ok=True)
    settings = replace(Settings(mappings=tmp_path / "mappings"), **given)
    rules = Rules(database, settings.mappings)
    return Parts(settings=settings, database=database, rules=rules)


def account(database, name="ana", role="admin", *, reveal=False, password=None):
    """An account, unless it is there already. Without a password it can only be signed in by `signed_in`."""
    now = datetime.now(UTC)
    names = [one.name for one in accounts.listed(database, now=now)]
    if name not in names:
        accounts.add(database, name, role, password, BY, reveals=reveal, now=now)
    return name


def bearer(database, role="admin", scopes=None, name=None):
    """The header of a token: all that the role may, or only these scopes."""
    owner = account(database, name or role, role)
    made = tokens.add(
        database,
        f"test-{datetime.now(UTC).timestamp()}",
        owner,
        scopes or ROLES[role],
        BY,
        now=datetime.now(UTC),
    )
    return {"Authorization": f"Bearer {made.token}"}


def admin(parts):
    """A client of everything on the admin bind, with its guard."""
    return Face(app.admin_app(parts))


def session(database, name):
    """The token of a new session, without asking for a password."""
    with database.read() as tx:
        found = accounts.known(tx, name)
    begun = sessions.begin(
        database,
        found.id,
        name,
        address="127.0.0.1",
        agent="a test",
        now=datetime.now(UTC),
    )
    return begun.token


def cookie(parts, role="admin", name=None, **values):
    """The cookie of a new session, and the token for its forms."""
    owner = account(parts.database, name or role, role)
    own = console.create(parts)
    with own.test_request_context("/"):
        from flask import session as held

        held["token"] = values.pop("token", None) or session(parts.database, owner)
        csrf = generate_csrf()
        signer = SecureCookieSessionInterface().get_signing_serializer(own)
        value = signer.dumps(dict(held))
    return {"name": own.config["SESSION_COOKIE_NAME"], "value": value, "csrf": csrf}


def signed_in(parts, role="admin", name=None):
    """A client of the admin bind whose person is signed in; `csrf` is the token for its forms."""
    client, made = admin(parts), cookie(parts, role, name)
    client.set_cookie(made["name"], made["value"], domain="127.0.0.1")
    client.csrf = made["csrf"]
    return client


class Face(Client):
    """Asks as a program on this machine does, unless a test says otherwise."""

    csrf = ""

    def __init__(self, application):
        super().__init__(application, Response)

    def open(self, *arguments, **options):
        options.setdefault("base_url", BASE)
        options.setdefault("environ_base", {"REMOTE_ADDR": "127.0.0.1"})
        return super().open(*arguments, **options)
