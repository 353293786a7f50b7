"""Public keys that a sender publishes at an address: which one a request asks for, and which keys stand there.

Pure: who fetches them is receive/keyring.py. What a request says of its key is unproven, so it chooses among the
addresses and keys of the recipe, and nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.errors import Malformed, NotVerified, Refused
from bridge.model import Json, Request
from bridge.providers import asymmetric, jwt
from bridge.providers.candidates import candidates
from bridge.providers.recipe import KeySource, Provider, Recipe
from bridge.providers.source import Unreadable
from bridge.providers.view import View
from bridge.secret import Secret
from bridge.strict import json

MAX_KEYS = 100  # of one address

_URL = re.compile(
    r"https?://(?P<host>[a-z0-9.-]{1,253}(?::[0-9]{1,5})?)(?:[/?][!-\[\]-~]*)?",
    re.IGNORECASE,
)
_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a request wants to be proven with; `named`: by an address that the request itself names."""

    url: str
    key: str = ""  # its id; "": whichever key
    named: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A published key: PEM, or a JSON Web Key."""

    id: str
    text: Secret


def asked(provider: Provider, request: Request) -> Mapping[int, Asked]:
    """What is wanted for each recipe whose keys are published, by its position; nothing where the request has none."""
    found: dict[int, Asked] = {}
    for position, recipe in enumerate(provider.recipes):
        if recipe.keys:
            try:
                found[position] = _asked(recipe, recipe.keys, View(request, exact=True))
            except (Unreadable, Refused):
                continue  # without a key nothing proves it
    return found


def within(url: str, hosts: Iterable[str]) -> bool:
    """Whether a URL is plain, and its host, port included, is one of these; `*` stands for one label."""
    found = _URL.fullmatch(url)
    return found is not None and any(_fits(found["host"].lower(), one) for one in hosts)


def published(document: bytes) -> tuple[Key, ...]:
    """The keys of a JSON Web Key Set, of keys in PEM by their ids, or the one in PEM. Raises Malformed."""
    if document.lstrip()[:1] != b"{":
        pem = _PEM.search(document)  # of a chain the first is the signer's
        if pem is None:
            raise Malformed("neither a key set nor PEM", reason="keys")
        return (Key(id="", text=Secret(pem[0].decode("ascii", "replace"))),)
    keys = tuple(_keys(json.loads(document)))
    if not 0 < len(keys) <= MAX_KEYS:
        raise Malformed(f"has {len(keys)} keys, not 1 to {MAX_KEYS}", reason="keys")
    return keys


def usable(recipe: Recipe, wanted: str, keys: Iterable[Key]) -> tuple[Secret, ...]:
    """Those keys that the recipe's algorithm takes, of the wanted id where they have ids."""
    named = [key for key in keys if key.id in ("", wanted) or not wanted]
    return tuple(
        key.text
        for key in named
        if asymmetric.fits(recipe.algorithm, key.text.reveal().encode())
    )


def _asked(recipe: Recipe, keys: KeySource, view: View) -> Asked:
    wanted = ""
    if recipe.scheme == "jwt":
        _, (token, *_) = candidates(recipe, view)
        wanted = jwt.key_id(token)
    elif keys.id:
        wanted = view.octets(keys.id).decode("latin-1")
    if keys.url:
        return Asked(url=keys.url, key=wanted)
    url = view.octets(keys.place).decode("latin-1")
    if not within(url, keys.hosts):
        raise NotVerified("its key is not at a host of the sender", reason="key_url")
    return Asked(url=url, key=wanted, named=True)


def _fits(host: str, pattern: str) -> bool:
    labels, wanted = host.split("."), pattern.lower().split(".")
    return len(labels) == len(wanted) and all(
        one in ("*", label) and label for label, one in zip(labels, wanted)
    )


def _keys(document: Json) -> Iterator[Key]:
    if not isinstance(document, dict):
        return
    listed = document.get("keys", [document] if "kty" in document else [])
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("use", "sig") == "sig":
            yield Key(id=_id(one.get("kid")), text=Secret(json.dumps(one).decode()))
    for id, text in document.items():
        if isinstance(text, str) and text.startswith("-----BEGIN"):
            yield Key(id=id, text=Secret(text))


def _id(value: Json) -> str:
    return value if isinstance(value, str) else ""
