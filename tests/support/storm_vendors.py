"""Vendors, and gateways before them, are in trouble; one repeats the credential in its answer."""

import base64
import html
from urllib.parse import quote

PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
TROUBLES = (
    {"status": 503, "headers": {"Retry-After": "1"}},
    {"status": 429, "headers": {"Retry-After": "1"}},
    {"status": 500, "after": True},
    {"status": 502, "body": PAGE, "after": True},
    {"status": 504, "body": PAGE, "after": True},
    {"status": 502, "body": PAGE},
    {"drop": "before"},
    {"drop": "after"},
)


def trouble(storm, life):
    """A few calls get a gateway's page, before or after they had their effect, a plea to wait, or no answer."""
    yield
    fault = storm.chance.choice(TROUBLES)
    name = storm.chance.choice(("vambe", "kapture"))
    storm.sandbox.fault(name, count=storm.chance.randint(1, 4), **fault)
    storm.tell(f"  {name}: {fault}")


def echo(storm, life):
    """An answer repeats the credential, in some spelling; another one than the call's own nobody could know."""
    yield
    if "VAMBE_API_KEY" in life.environ:
        return
    key = storm.fleet.bridge.environ["VAMBE_API_KEY"]
    spelled = storm.chance.choice(spellings(key))
    storm.spellings.add(spelled)
    status = storm.chance.choice((500, 503, 429))
    body = f'{{"message": "the key {spelled} is busy"}}'
    storm.sandbox.fault("vambe", status=status, body=body)
    storm.tell(f"  {status} {body}")


def spellings(key):
    """How answers spell a credential."""
    return (
        key,
        key.replace("/", "\\/"),
        key.replace("/", "\\u002f").replace("&", "\\u0026").replace("<", "\\u003c"),
        quote(key, safe=""),
        quote(quote(key, safe=""), safe="").lower(),
        html.escape(key),
        base64.b64encode(key.encode()).decode(),
        base64.b64encode(f"api:{key}".encode()).decode(),
        key.encode().hex(),
    )


def wrong_key(storm, life):
    """For one life the credential is a wrong one: it is parked, and the right one sets it going again."""
    life.environ["VAMBE_API_KEY"] = "a-key-that-was-revoked"
    yield


DEEDS = (trouble, echo, wrong_key)
