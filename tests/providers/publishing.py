"""What senders publish to test their own libraries with, from published.yaml: requests, keys, signatures, answers."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from provider_cases import NOW, URL

from bridge import providers
from bridge.model import Request
from bridge.secret import Secret
from bridge.strict import yaml

PAGE = Path(__file__).with_name("published.yaml")


@dataclass(frozen=True, kw_only=True)
class Published:
    """A request of a sender. `changed` is the same with another value; `answer` is what the sender waits for."""

    provider: str
    by: str
    secret: Secret
    at: datetime
    site: str
    request: Request
    changed: Request
    answer: str | None

    def verify(self, request: Request):
        """Raises NotVerified."""
        return providers.verify(
            providers.get(self.provider),
            request,
            [self.secret],
            now=self.at,
            public_url=self.site,
        )

    def __str__(self) -> str:
        return self.provider


@cache
def published() -> tuple[Published, ...]:
    """Every request in published.yaml, once for each of its providers."""
    node, findings = yaml.compose(PAGE.read_text("utf-8"), PAGE.name)
    assert not findings, findings
    return tuple(
        _made(name, row) for row in yaml.plain(node) for name in row["providers"]
    )


def _made(name: str, row: dict) -> Published:
    at = datetime.fromtimestamp(row["at"], UTC) if "at" in row else NOW
    url = urlsplit(row.get("url", f"{URL}/hooks/{name}"))
    request = Request(
        method=row.get("method", "POST"),
        target=url._replace(scheme="", netloc="").geturl(),
        headers=tuple(row.get("headers", {}).items()),
        body=row["body"].encode(),
        received_at=at,
    )
    return Published(
        provider=name,
        by=row["by"],
        secret=Secret(row["secret"]),
        at=at,
        site=f"{url.scheme}://{url.netloc}",
        request=request,
        changed=_changed(request, **row.get("changed", {"from": "", "to": ""})),
        answer=row.get("answer"),
    )


def _changed(request: Request, **texts: str) -> Request:
    """Wherever the text is: in the URL or in the body."""
    old, new = texts["from"], texts["to"]
    return replace(
        request,
        target=request.target.replace(old, new),
        body=request.body.replace(old.encode(), new.encode()),
    )
