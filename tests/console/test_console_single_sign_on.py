"""Signing in with a company's own accounts, against a small provider on real HTTP."""

from datetime import UTC, datetime
from ipaddress import ip_network
from urllib.parse import urlsplit

import faces
import pytest
import requests
from faces import BY
from joserfc.jwk import OctKey, RSAKey
from oidc_provider import CLIENT, SECRET, Provider

from bridge.services import accounts, people
from bridge.settings import ROLES


@pytest.fixture(scope="module")
def running():
    with Provider() as provider:
        yield provider


@pytest.fixture
def provider(running):
    """A provider at which Ana, an operator, is signed in."""
    running.claims = {"preferred_username": "Ana", "groups": ["staff", "ops"]}
    running.wrong, running.signing, running.algorithm = {}, running.key, "RS256"
    return running


@pytest.fixture
def parts(sqlite, tmp_path, provider):
    return faces.parts(
        sqlite,
        tmp_path,
        admin_url=faces.BASE,
        allowed_networks=(ip_network("127.0.0.0/8"),),
        oidc_issuer=provider.url,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_roles=(("staff", "viewer"), ("ops", "operator"), ("bosses", "admin")),
    )


def visit(client, change=lambda url: url):
    """What a browser does: to the provider and back."""
    led = client.get("/console/sign-in/elsewhere?next=/console/account")
    assert led.status_code == 303, led.get_data(as_text=True)
    back = requests.get(led.location, allow_redirects=False, timeout=10).headers[
        "Location"
    ]
    assert back.startswith(f"{faces.BASE}/console/sign-in/back?")
    url = urlsplit(change(back))
    return client.get(f"{url.path}?{url.query}")


def roles(parts):
    listed = accounts.listed(parts.database, now=datetime.now(UTC))
    return {one.name: one.role for one in listed}


def test_a_person_signs_in_elsewhere(parts, provider):
    """The account is made at the first time, with the best role of the person's groups, which follows them."""
    client = faces.admin(parts)
    assert b"single sign-on" in client.get("/console/sign-in").data
    answer = visit(client)
    assert (answer.status_code, answer.location) == (303, "/console/account")
    assert b"ana" in client.get("/console/account").data
    assert roles(parts) == {"ana": "operator"}
    provider.claims["groups"] = "staff"
    assert visit(faces.admin(parts)).status_code == 303
    assert roles(parts) == {"ana": "viewer"}
    assert len(provider.asked[-1]["code_verifier"]) >= 43


@pytest.mark.parametrize(
    "groups", [None, [], ["bosses "], "admins", {"bosses": 1}, [["bosses"]]]
)
def test_nobody_gets_in_without_a_role(parts, provider, groups):
    """Groups without a role, of whatever shape, make no account."""
    provider.claims["groups"] = groups
    answer = visit(faces.admin(parts))
    assert answer.status_code == 401 and b"no role here" in answer.data
    assert roles(parts) == {}


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"exp": 1},
        {"exp": "soon"},
        {"iat": 2**40},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_this_sign_in(parts, provider, claims):
    """Another nonce, issuer, audience or time is refused with a page, not with a failure."""
    provider.wrong = {"claims": claims}
    answer = visit(faces.admin(parts))
    assert answer.status_code == 401 and b"not valid" in answer.data
    assert roles(parts) == {}


@pytest.mark.parametrize("forged", ["another key", "HS256"])
def test_a_token_that_others_signed(parts, provider, forged):
    """A token of another key, or of an algorithm with a shared secret, is refused."""
    if forged == "another key":
        provider.signing = RSAKey.generate_key(2048)
    else:
        provider.signing = OctKey.import_key(SECRET * 3)
        provider.algorithm = "HS256"
    answer = visit(faces.admin(parts))
    assert answer.status_code == 401 and b"not valid" in answer.data


def test_what_was_begun_elsewhere(parts):
    """Another state, none, an answer that comes twice, an error of the provider: refused, and said so."""
    client = faces.admin(parts)
    for change in (
        lambda url: url.replace("state=", "state=x"),
        lambda url: url.replace("state=", "s="),
        lambda url: url + "&error=access_denied",
        lambda url: url.replace("code=", "c="),
    ):
        assert visit(client, change).status_code == 401
    # Somebody else's way back, in a browser that began none.
    assert visit(client).status_code == 303
    assert (
        faces.admin(parts).get("/console/sign-in/back?code=1&state=").status_code == 401
    )
    assert roles(parts) == {"ana": "operator"}


def test_a_name_that_is_taken(parts, provider):
    """A local account is not taken over by somebody with its name; a disabled one stays disabled."""
    faces.account(parts.database, "ana", "admin")
    assert b"already another account" in visit(faces.admin(parts)).data
    provider.claims["preferred_username"] = "bo"
    client = faces.admin(parts)
    assert visit(client).status_code == 303
    accounts.disable(parts.database, "bo", BY, now=datetime.now(UTC))
    assert visit(faces.admin(parts)).status_code == 401
    assert client.get("/console/account").status_code == 303
    provider.claims["preferred_username"] = "<b>eve"
    provider.claims["sub"] = "2"
    assert b"&lt;b&gt;eve" in visit(faces.admin(parts)).data
    del provider.claims["sub"]


def test_a_provider_outside_the_policy_is_not_asked(parts, tmp_path):
    """The provider is reached like every other host: a private address must be in BRIDGE_ALLOWED_NETWORKS."""
    from dataclasses import replace

    closed = replace(parts, settings=replace(parts.settings, allowed_networks=()))
    answer = faces.admin(closed).get("/console/sign-in/elsewhere")
    assert answer.status_code == 401 and b"cannot be asked" in answer.data


def test_another_issuer_is_noticed(parts, provider):
    """A provider that publishes another issuer is not believed."""
    provider.wrong = {"published": "https://evil.example"}
    answer = faces.admin(parts).get("/console/sign-in/elsewhere")
    assert answer.status_code == 401 and b"BRIDGE_OIDC_ISSUER" in answer.data


def test_without_a_provider_there_is_no_such_page(sqlite, tmp_path):
    """The pages are there with BRIDGE_OIDC_ISSUER only."""
    client = faces.admin(faces.parts(sqlite, tmp_path))
    assert client.get("/console/sign-in/elsewhere").status_code == 404
    assert b"single sign-on" not in client.get("/console/sign-in").data


def test_the_settings_know_the_roles():
    """Settings and people have the same roles, in the same order."""
    assert ROLES == (*people.ROLES,)
