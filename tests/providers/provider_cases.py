"""Every recorded payload with what it must read as, and how to sign it: shared by the tests of this room."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bridge import providers
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

_BASE64 = Secret("whsec_YnJpZGdlLXRlc3Qta2V5LTI0LWJ5dGVz")
_OTHER_BASE64 = Secret("whsec_YW5vdGhlci10ZXN0LWtleS0yNC1ieXRl")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One recording. `str()` is its test id."""

    name: str
    file: str
    expected: list | None
    request: Request

    @property
    def provider(self):
        return ERP if self.name == "generic" else providers.get(self.name)

    @property
    def secret(self) -> Secret:
        return _BASE64 if self.name == "standard" else Secret("whsec_one of two")

    @property
    def other(self) -> Secret:
        return _OTHER_BASE64 if self.name == "standard" else Secret("whsec_the other")

    def signed(self, request: Request | None = None, now: datetime = NOW) -> Request:
        """The recording as it would arrive now."""
        return providers.sign(
            self.provider, request or self.request, self.secret, now=now, public_url=URL
        )

    def verify(self, request: Request, *secrets: Secret, now: datetime = NOW):
        return providers.verify(
            self.provider, request, secrets or (self.secret,), now=now, public_url=URL
        )

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
    return [
        Case(
            name=path.parent.name,
            file=path.stem,
            expected=expectations(path.parent).get(path.stem),
            request=http.parse(path.read_bytes(), NOW),
        )
        for path in sorted(PAYLOADS.glob("*/*.http"))
    ]


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
