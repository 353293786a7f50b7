"""Payloads that others collected or generate: what each must be read as, told by whoever made it, and never by us.

`make test-sdk` fetches the packages that hold them; a corpus that is not there is named. Requests are signed here by
hand, as the sender's documentation says, or by the sender's own package.
"""

import base64
import hashlib
import hmac
import importlib.metadata
import importlib.util
import json
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

FETCHED = Path(sys.prefix) / "corpora"  # what npm packs, unpacked; only `make test-sdk`
SECRET = "a secret of the corpora"
SECRETS = {"adyen": SECRET.encode().hex()}  # as the source is given it
ACCOUNT = "public-key-of-the-corpora"


@dataclass(frozen=True, kw_only=True)
class Example:
    """One request. `id` is "" where the sender gives none: then it is a hash, another one for each example."""

    body: bytes
    headers: dict[str, str]
    type: str
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A package with payloads of one provider. `examples` reads them, once it is there."""

    package: str
    provider: str
    there: bool
    version: Callable[[], str]
    examples: Callable[[], Iterator[Example]] = field(repr=False)

    def __str__(self) -> str:
        return self.package


def github(folder: Path) -> Iterator[Example]:
    """Each example of each `index.json`: its type is the event's name and the action, its id the delivery's."""
    for index in sorted(folder.rglob("index.json")):
        for event in json.loads(index.read_text("utf-8")):
            for position, payload in enumerate(event["examples"]):
                name = f"{index.relative_to(folder)}/{event['name']}/{position}"
                delivery = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{folder.name}/{name}"))
                yield _github(event["name"], payload, delivery)


def _github(name: str, payload: dict, delivery: str) -> Example:
    body = json.dumps(payload).encode()
    action = payload.get("action")
    return Example(
        body=body,
        headers={
            "Content-Type": "application/json",
            "X-GitHub-Event": name,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={_mac(SECRET.encode(), body).hex()}",
        },
        type=f"{name}.{action}" if action else name,
        id=delivery,
    )


def adyen(folder: Path) -> Iterator[Example]:
    """The payloads beside the package's own tool: one whose items are signed, and one of the platform, signed whole."""
    tools = folder / "tools" / "hmac"
    body = json.loads((tools / "payload.json").read_text("utf-8"))
    (item,) = (one["NotificationRequestItem"] for one in body["notificationItems"])
    amount = item["amount"]
    names = ("pspReference", "originalReference", "merchantAccountCode")
    parts = [item.get(name, "") for name in (*names, "merchantReference")]
    parts += [str(amount["value"]), amount["currency"], item["eventCode"]]
    proof = _mac(SECRET.encode(), ":".join([*parts, item["success"]]).encode())
    item["additionalData"]["hmacSignature"] = base64.b64encode(proof).decode()
    yield Example(
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        type=item["eventCode"],
        id=f"{item['pspReference']}:{item['eventCode']}:{item['success']}",
    )
    whole = (tools / "payload2.json").read_bytes()
    proof = _mac(SECRET.encode(), whole)
    yield Example(
        body=whole,
        headers={
            "Content-Type": "application/json",
            "HmacSignature": base64.b64encode(proof).decode(),
        },
        type=json.loads(whole)["type"],
    )


def braintree() -> Iterator[Example]:
    """A notification of each kind that the package knows, made and signed by the package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import braintree as package

        gateway = package.BraintreeGateway(
            package.Configuration(
                environment=package.Environment.Sandbox,
                merchant_id="merchant",
                public_key=ACCOUNT,
                private_key=SECRET,
            )
        )
        kinds = vars(package.WebhookNotification.Kind)
        for kind in sorted(
            one for name, one in kinds.items() if not name.startswith("_")
        ):
            sample = gateway.webhook_testing.sample_notification(kind, f"id-of-{kind}")
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            yield Example(body=urlencode(sample).encode(), headers=form, type=kind)


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _packed(package: str, provider: str, read) -> Corpus:
    folder = FETCHED / package
    described = folder / "package.json"
    return Corpus(
        package=package,
        provider=provider,
        there=described.exists(),
        version=lambda: json.loads(described.read_text("utf-8"))["version"],
        examples=lambda: read(folder),
    )


def _installed(package: str, provider: str, read) -> Corpus:
    return Corpus(
        package=package,
        provider=provider,
        there=importlib.util.find_spec(package) is not None,
        version=lambda: importlib.metadata.version(package),
        examples=read,
    )


CORPORA = (
    _packed("@octokit/webhooks-examples", "github", github),
    _packed("@octokit/webhooks-definitions", "github", github),
    _packed("@adyen/api-library", "adyen", adyen),
    _installed("braintree", "braintree", braintree),
)
