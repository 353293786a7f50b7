"""Every recorded payload with what it must read as, and how to sign it: shared by the tests of this room."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import keyrings
import pytest

from bridge import providers
from bridge.errors import NotVerified
from bridge.model import Request
from bridge.secret import Secret
from bridge.strict import http, json, yaml

PAYLOADS = Path(__file__).parents[1] / "payloads"
NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
URL = "https://bridge.example.com"

ERP = providers.configure(
    providers.get("generic"),
    verify={
        "scheme": "hmac",
        "header": "X-Signature",
        "prefix": "sha256=",
        "algorithm": "sha256",
        "encoding": "hex",
        "signed": ["raw"],
    },
    event={"id": "body.event_id", "type": "body.kind", "time": "body.created_at"},
)

ACCOUNT = "account-of-the-tests"


@cache
def provider_of(name: str):
    """The provider as a mapping file would configure it."""
    if name == "generic":
        return ERP
    provider = providers.get(name)
    verify = {"account": ACCOUNT} if provider.needs_account else {}
    return providers.configure(provider, verify=verify, event={})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One recording. `str()` is its test id; `expected` are its events, or the answer that its sender waits for."""

    name: str
    file: str
    expected: list | dict | None
    request: Request

    @property
    def provider(self):
        return provider_of(self.name)

    @property
    def recipe(self):
        return self.provider.recipe

    @property
    def secret(self) -> Secret:
        """What the source is configured with."""
        return keyrings.public(self.recipe, "one of two")

    @property
    def other(self) -> Secret:
        return keyrings.public(self.recipe, "the other")

    def signed(self, request: Request | None = None, now: datetime = NOW) -> Request:
        """The recording as it would arrive now."""
        secret = keyrings.private(self.recipe, "one of two")
        return providers.sign(
            self.provider, request or self.request, secret, now=now, public_url=URL
        )

    def verify(self, request: Request, *secrets: Secret, now: datetime = NOW):
        return providers.verify(
            self.provider, request, secrets or (self.secret,), now=now, public_url=URL
        )

    def events(self, request: Request | None = None):
        trusted = providers.trust(request or self.request)
        return providers.read(self.provider, "s", trusted)

    def __str__(self) -> str:
        return f"{self.name}/{self.file}"


def expectations(folder: Path) -> dict:
    """The expected.yaml of a folder of recordings; empty without one."""
    path = folder / "expected.yaml"
    if not path.exists():
        return {}
    node, findings = yaml.compose(path.read_text("utf-8"), str(path))
    assert not findings, findings
    return yaml.plain(node)


def cases() -> list[Case]:
    """Every recording of an event whose scheme can be checked here."""
    return [one for one in recordings() if not isinstance(one.expected, dict)]


def greetings() -> list[Case]:
    """Every recording of a sender that checks the URL."""
    return [one for one in recordings() if isinstance(one.expected, dict)]


@cache
def recordings() -> list[Case]:
    return [
        Case(
            name=path.parent.name,
            file=path.stem,
            expected=expectations(path.parent).get(path.stem),
            request=http.parse(path.read_bytes(), NOW),
        )
        for path in sorted(PAYLOADS.glob("*/*.http"))
        if path.parent.name in providers.names()
    ]


def refused(case, request, *secrets, now=NOW) -> str:
    """The reason of the NotVerified that this request must raise."""
    with pytest.raises(NotVerified) as caught:
        case.verify(request, *secrets, now=now)
    assert caught.value.status == 401
    return caught.value.reason


def with_header(request: Request, name: str, *values: str) -> Request:
    """The request with a header's values replaced; none takes it out, two double it."""
    others = [pair for pair in request.headers if pair[0].lower() != name.lower()]
    return replace(request, headers=(*others, *((name, value) for value in values)))


def read(
    event, body, *, content="application/json", method="POST", target="/", **headers
):
    """The events of one request at a generic source that is configured with `event`."""
    provider = providers.configure(
        providers.get("generic"), verify={"scheme": "bearer"}, event=event
    )
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    request = Request(
        method=method,
        target=target,
        headers=(*((("Content-Type", content),) if content else ()), *named),
        body=body if isinstance(body, bytes) else json.dumps(body),
        received_at=NOW,
    )
    return providers.read(provider, "erp", providers.trust(request))


def one(event, body, **more):
    (found,) = read(event, body, **more)
    return found
