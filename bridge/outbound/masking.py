"""Takes our own credentials out of an answer: a vendor's error page may repeat them, and answers are kept and shown.

Nobody outside this room sees an answer with a secret in it.
"""

from collections.abc import Iterable
from dataclasses import replace

from bridge.model import Reply
from bridge.strict import json

_SHORTEST = 6  # characters; something shorter would be found everywhere
_MASK = b"<secret>"


def masked(reply: Reply, secrets: Iterable[str]) -> Reply:
    """The answer without the secrets, however JSON text may spell them."""
    body = reply.body
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            for spelling in (secret.encode(), json.dumps(secret)[1:-1]):
                body = body.replace(spelling, _MASK)
    return reply if body == reply.body else replace(reply, body=body)
