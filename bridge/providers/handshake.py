"""What a sender wants to hear besides a 2xx: the answer to its check of the URL, and answers of its own protocol.

An echo is the one thing said to somebody unproven, so it is short, plain ASCII, and a keyed hash is made only of
values that cannot be a signed message.
"""

import hmac
import re
from collections.abc import Sequence

from bridge.errors import Refused
from bridge.model import Json, Request
from bridge.providers.recipe import Answer, Echo, Handshake, Provider, Text
from bridge.providers.schemes import keyed_hash
from bridge.providers.source import Unreadable
from bridge.providers.view import View
from bridge.secret import Secret
from bridge.strict import json

_PLAIN = re.compile(r"[\x21-\x7e]{1,512}")
_HASHABLE = re.compile(r"[A-Za-z0-9_-]{1,128}")


def handshake(
    provider: Provider,
    request: Request,
    secrets: Sequence[Secret],
    token: Secret | None = None,
) -> Answer | None:
    """The answer to a check of the URL; None when this is none, and the request goes the usual way.

    `token` is what the sender was told to show; without one it shows a secret. A token of its own stands in URLs and
    so in the logs of proxies, and must not be what signs.
    """
    rule = provider.handshake
    if rule is None:
        return None
    account = provider.recipe.account if provider.recipe else None
    view = View(request, account=account, exact=True)
    try:
        if not _asked(rule, view, [token] if token else secrets):
            return None
        return _answered(provider, rule, view, secrets)
    except (Unreadable, Refused):
        return None


def answer(provider: Provider, kind: str) -> Answer | None:
    """The provider's own answer to an accepted, duplicate or refused request; None: the bridge's default."""
    return provider.answers.get(kind)


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
        values: Json = {name: said(echo) for name, echo in rule.json.items()}
        headers.append(("Content-Type", "application/json"))
        return Answer(headers=tuple(headers), body=json.dumps(values))
    headers.append(("Content-Type", "text/plain; charset=utf-8"))
    text = "".join(map(said, rule.text))
    return Answer(headers=tuple(headers), body=text.encode("ascii"))


def _said(provider: Provider, echo: Echo, view: View, secrets: Sequence[Secret]) -> str:
    text = _plain(view.value(echo.source))
    allowed = _HASHABLE if echo.hmac else _PLAIN
    if text is None or not allowed.fullmatch(text):
        raise Unreadable("the value to echo is not short plain text", "handshake")
    if not echo.hmac:
        return text
    if echo.like and not re.fullmatch(echo.like, text):
        raise Unreadable("the value to hash is no challenge", "handshake")
    if provider.recipe is None:
        raise Unreadable("there is no recipe to hash with", "handshake")
    return keyed_hash(provider.recipe, secrets[0], text.encode("ascii"))


def _plain(value: Json) -> str | None:
    return value if isinstance(value, str) else None
