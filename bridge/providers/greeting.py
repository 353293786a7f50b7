"""What is said to a sender that checks the URL, or that wants words of its own: frozen values.

Built by greeting_schema.py; handshake.py says them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.model import Headers, Json
from bridge.providers.source import Alternatives, Conditions, Text
from bridge.secret import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Echo:
    """One value that a handshake gives back; `hmac` says that its keyed hash is sent instead.

    `like` is the pattern that the whole value matches; it keeps a signed message from being passed off as a challenge.
    """

    source: Alternatives
    hmac: bool = False
    like: str = ""
    spaces: bool = False  # the value may hold blanks
    encoding: str = "hex"  # of the hash: hex, base64
    prefix: str = ""  # before the hash


@dataclass(frozen=True, kw_only=True, slots=True)
class Literal:
    """A number or flag of a JSON answer, as it is written."""

    value: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirm:
    """An address that the check names, at one of `hosts`: it is asked by GET before the check is answered."""

    place: Alternatives
    hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Handshake:
    """A sender's check of the URL: when every `when` matches, the echoes are the answer."""

    when: Conditions
    token: Alternatives = ()  # must be the source's token, or else one of its secrets
    # The sender signs its check as all else: a stranger's has no answer.
    signed: bool = False
    status: int = 200
    confirm: Confirm | None = None
    learn: Alternatives = ()  # where the sender tells its secret
    text: tuple[Echo | Text, ...] = ()
    json: Mapping[str, Echo | Text | Literal] = field(default_factory=dict)
    headers: Mapping[str, Echo | Text] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer that the sender's protocol asks for."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    confirm: str = ""  # an address that has to be asked first
    learn: Secret | None = None  # a secret that has to be kept first
