"""What a sender wants to hear besides a 2xx: the answer to its check of the URL, and answers of its own protocol.

An echo is the one thing said to somebody unproven, so it is short, plain ASCII, and a keyed hash is made only of
values that cannot be a signed message.
"""

import hmac
import re
from collections.abc import Sequence

from bridge.errors import Refused
from bridge.model import Json, Request
from bridge.providers.encodings import ENCODE
from bridge.providers.greeting import Answer, Confirm, Echo, Handshake, Literal
from bridge.providers.keysource import within
from bridge.providers.recipe import Provider
from bridge.providers.schemes import keyed_hash
from bridge.providers.source import Text, Unreadable
from bridge.providers.view import View
from bridge.secret import Secret
from bridge.strict import json

_PLAIN = re.compile(r"[\x21-\x7e]{1,512}")
_SPACED = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?")
_SECRET = re.compile(r"[\x21-\x7e]{16,512}")
_HASHABLE = re.compile(r"[A-Za-z0-9_+/-]{1,128}={0,2}")


def handshake(
    provider: Provider,
    request: Request,
    secrets: Sequence[Secret],
    token: Secret | None = None,
    *,
    signed: bool | None = None,
) -> Answer | None:
    """The answer to a check of the URL; None when this is none, and the request goes the usual way.

    `token` is what the sender was told to show; without one it shows a secret. A token of its own stands in URLs and
    so in the logs of proxies, and must not be what signs. `signed` looks at those alone that are signed, or not.
    """
    rules = [one for one in provider.handshake if signed in (None, one.signed)]
    if not rules:
        return None
    account = provider.recipe.account if provider.recipe else None
    view = View(request, account=account, exact=True)
    tokens = [token] if token else secrets
    answers = (_answer(provider, rule, view, secrets, tokens) for rule in rules)
    return next(filter(None, answers), None)


def answer(provider: Provider, kind: str) -> Answer | None:
    """The provider's own answer to an accepted, duplicate or refused request; None: the bridge's default."""
    return provider.answers.get(kind)


def _answer(
    provider: Provider,
    rule: Handshake,
    view: View,
    secrets: Sequence[Secret],
    tokens: Sequence[Secret],
) -> Answer | None:
    try:
        if not _asked(rule, view, tokens):
            return None
        return _answered(provider, rule, view, secrets)
    except (Unreadable, Refused):
        return None


def _asked(rule: Handshake, view: View, tokens: Sequence[Secret]) -> bool:
    if not view.holds(rule.when):
        return False
    return not rule.token or _known(view.octets(rule.token), tokens)


def _known(token: bytes, tokens: Sequence[Secret]) -> bool:
    known = (one.reveal().encode("utf-8", "surrogateescape") for one in tokens)
    return any(hmac.compare_digest(token, one) for one in known)


def _answered(
    provider: Provider, rule: Handshake, view: View, secrets: Sequence[Secret]
) -> Answer:
    def said(echo: Echo | Text) -> str:
        if isinstance(echo, Text):
            return echo.text
        return _said(provider, echo, view, secrets)

    headers = [(name, said(echo)) for name, echo in rule.headers.items()]
    if rule.json:
        values: Json = {
            name: echo.value if isinstance(echo, Literal) else said(echo)
            for name, echo in rule.json.items()
        }
        headers.append(("Content-Type", "application/json"))
        body = json.dumps(values)
    else:
        headers.append(("Content-Type", "text/plain; charset=utf-8"))
        if any(isinstance(echo, Echo) and echo.spaces for echo in rule.text):
            # A sentence is text, whatever a browser would make of it.
            headers.append(("X-Content-Type-Options", "nosniff"))
        body = "".join(map(said, rule.text)).encode("utf-8")
    confirm = _address(rule.confirm, view) if rule.confirm else ""
    return Answer(
        status=rule.status,
        headers=tuple(headers),
        body=body,
        confirm=confirm,
        learn=_told(rule, view) if rule.learn else None,
    )


def _told(rule: Handshake, view: View) -> Secret:
    text = _plain(view.value(rule.learn))
    if text is None or not _SECRET.fullmatch(text):
        raise Unreadable("there is no secret to learn", "handshake")
    return Secret(text)


def _address(confirm: Confirm, view: View) -> str:
    url = _plain(view.value(confirm.place))
    if url is None or not within(url, confirm.hosts):
        raise Unreadable(
            "the address to confirm at does not belong to the sender", "handshake"
        )
    return url


def _said(provider: Provider, echo: Echo, view: View, secrets: Sequence[Secret]) -> str:
    text = _plain(view.value(echo.source))
    allowed = _HASHABLE if echo.hmac else _SPACED if echo.spaces else _PLAIN
    if text is None or not allowed.fullmatch(text):
        raise Unreadable("the value to echo is not short plain text", "handshake")
    if echo.like and not re.fullmatch(echo.like, text):
        raise Unreadable("the value to echo is not a challenge", "handshake")
    if not echo.hmac:
        return text
    if provider.recipe is None or not secrets:
        raise Unreadable("there is no secret to hash with", "handshake")
    hashed = keyed_hash(provider.recipe, secrets[0], text.encode("ascii"))
    return echo.prefix + ENCODE[echo.encoding](hashed)


def _plain(value: Json) -> str | None:
    return value if isinstance(value, str) else None
