"""A generic source in one line, and its requests: shared by the tests of single primitives."""

import pytest
from provider_cases import NOW, URL

from bridge import providers
from bridge.errors import NotVerified
from bridge.model import Request
from bridge.secret import Secret

SECRET = Secret("s3cr€t:with colon")
BODY = b'{"kind": "x", "key": "", "stamp": 1775044800}'
HMAC = {"scheme": "hmac", "header": "X-Sig"}


def generic(**verify):
    return providers.configure(providers.get("generic"), verify=verify, event={})


def request(body=BODY, target="/hooks/erp", content="application/json", **headers):
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(
        method="POST",
        target=target,
        headers=(("Content-Type", content), *named),
        body=body,
        received_at=NOW,
    )


def verify(provider, request, secret=SECRET, now=NOW, public_url=URL):
    return providers.verify(provider, request, [secret], now=now, public_url=public_url)


def sign(provider, request, secret=SECRET, public_url=URL):
    return providers.sign(provider, request, secret, now=NOW, public_url=public_url)


def refused(provider, request, **more) -> str:
    with pytest.raises(NotVerified) as caught:
        verify(provider, request, **more)
    return caught.value.reason
