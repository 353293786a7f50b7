"""Signing in with a company's own accounts: OpenID Connect, by code with state, nonce and PKCE.

The provider is asked through the bridge's own way out, within its network policy. Nobody gets more than the role that
the settings give to the groups that the provider names; without such a group nobody gets in.
"""

import hashlib
import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from bridge.errors import NotSignedIn
from bridge.model import Call, NoReply, Reply
from bridge.outbound import Outbound, Target
from bridge.outbound.fetching import get, unusable
from bridge.services.people import ROLES
from bridge.settings import Settings

BACK = "/console/sign-in/back"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
_LEEWAY = 60
_TIMEOUT = 10.0
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A sign-in that the provider is asked for: where to send the person, and what the cookie keeps meanwhile."""

    url: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """Who signed in at the provider. `subject` is a hash of issuer and subject."""

    subject: str
    name: str
    role: str


class Provider:
    """The provider of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # The sandbox plays vendors, not this.
        self._outbound = Outbound.of(replace(settings, sandbox_url=None))
        self._issuer = (settings.oidc_issuer or "").rstrip("/")
        self._back = f"{(settings.admin_url or '').rstrip('/')}{BACK}"

    def start(self) -> Started:
        """Begins a sign-in. Raises NotSignedIn if the provider cannot be asked."""
        from authlib.common.urls import add_params_to_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        url = add_params_to_uri(
            self._place("authorization_endpoint"),
            [
                ("response_type", "code"),
                ("client_id", self._settings.oidc_client_id),
                ("redirect_uri", self._back),
                ("scope", "openid profile email"),
                ("state", state),
                ("nonce", nonce),
                ("code_challenge", create_s256_code_challenge(verifier)),
                ("code_challenge_method", "S256"),
            ],
        )
        return Started(url=url, state=state, nonce=nonce, verifier=verifier)

    def finish(
        self, started: Started, given: Mapping[str, str], now: datetime
    ) -> Proven:
        """Who came back with what the provider gave. Raises NotSignedIn."""
        if not secrets.compare_digest(
            given.get("state", "").encode(), started.state.encode()
        ):
            raise NotSignedIn("this sign-in was begun elsewhere, or twice: try again")
        if "error" in given or not given.get("code"):
            raise NotSignedIn("the sign-in was refused at the provider")
        answer = self._redeemed(given["code"], started.verifier)
        claims = self._claims(str(answer.get("id_token", "")), started.nonce, now)
        return self._person(claims)

    def _place(self, name: str) -> str:
        """An endpoint of the provider, as it publishes them."""
        path = "/.well-known/openid-configuration"
        published = _document(get(self._outbound, f"{self._issuer}{path}"))
        if str(published.get("issuer", "")).rstrip("/") != self._issuer:
            raise NotSignedIn("the provider's issuer is not BRIDGE_OIDC_ISSUER")
        place = published.get(name)
        if not isinstance(place, str):
            raise NotSignedIn(f"the provider publishes no {name}")
        return place

    def _redeemed(self, code: str, verifier: str) -> Mapping[str, Any]:
        """What the token endpoint gives for the code."""
        parts = urlsplit(self._place("token_endpoint"))
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
        }
        call = Call(
            method="POST",
            path=parts.path or "/",
            headers=(("Content-Type", _FORM), ("Accept", "application/json")),
            body=urlencode(form).encode(),
        )
        secret = self._settings.oidc_client_secret
        user = f"{quote(self._settings.oidc_client_id)}:{quote(secret)}"
        target = Target(
            vendor="http",
            base_url=f"{parts.scheme}://{parts.netloc}",
            headers=(("Authorization", f"Basic {b64encode(user.encode()).decode()}"),),
        )
        return _document(self._outbound.send(call, target, timeout=_TIMEOUT))

    def _claims(self, token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        """What the provider says of the person, proven by its keys."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        keys = _document(get(self._outbound, self._place("jwks_uri")))
        wanted = {
            "iss": {"essential": True, "values": [self._issuer, f"{self._issuer}/"]},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
        }
        own = {"nonce": nonce, "client_id": self._settings.oidc_client_id}
        try:
            read = jwt.decode(
                token,
                KeySet.import_key_set(keys),  # type: ignore[arg-type]
                algorithms=_ALGORITHMS,
            )
            claims = CodeIDToken(read.claims, read.header, wanted, own)
            claims.validate(int(now.timestamp()), _LEEWAY)
        # A claim of a wrong kind is a TypeError or ValueError in these packages.
        except (JoseError, ValueError, TypeError, KeyError) as error:
            why = type(error).__name__
            raise NotSignedIn(f"the provider's answer is not valid ({why})") from None
        return dict(claims)

    def _person(self, claims: Mapping[str, Any]) -> Proven:
        """The role that the settings give. Raises NotSignedIn if they give none."""
        said = claims.get(self._settings.oidc_claim)
        groups = {said} if isinstance(said, str) else {*_texts(said)}
        given = {role for group, role in self._settings.oidc_roles if group in groups}
        # The roles are in order, the one with the fewest rights first.
        role = next((one for one in reversed([*ROLES]) if one in given), None)
        if role is None:
            raise NotSignedIn(
                "your account at the provider has no role here: an admin can add its group to BRIDGE_OIDC_ROLES"
            )
        subject = f"{self._issuer}|{claims['sub']}"
        name = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        return Proven(
            subject=hashlib.sha256(subject.encode()).hexdigest(),
            name=str(name).lower(),
            role=role,
        )


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, str)]


def _document(reply: Reply | NoReply) -> Mapping[str, Any]:
    """The JSON object of an answer. Raises NotSignedIn, without a word of what the provider answered."""
    if why := unusable(reply):
        raise NotSignedIn(f"the provider cannot be asked now: {why}")
    try:
        value = json.loads(reply.body)  # type: ignore[union-attr]
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise NotSignedIn("the provider's answer is not a JSON object")
    return value
