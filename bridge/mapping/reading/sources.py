"""Reads `source:`: the provider with what the file says about it, where its secrets are, and who may send."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bridge import providers
from bridge.errors import ConfigurationError, UnknownName
from bridge.mapping.findings import split_fix, suggest
from bridge.mapping.findings.places import place_at, value_place
from bridge.mapping.reading.allow import allowed
from bridge.mapping.reading.known import Known
from bridge.mapping.reading.shares import shared
from bridge.mapping.rules.ruleset import Source
from bridge.model import Json, SecretRef
from bridge.strict.yaml import Node, plain

_LEARNT = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def source_name(node: Node | None) -> str | None:
    """The name that a file's `source:` declares or refers to."""
    if node is None:
        return None
    name = node.get("name")
    text = name.value if name else node.value
    return text if isinstance(text, str) else None


def declare_source(node: Node, known: Known) -> None:
    """Adds the source that a file declares. The node's shape was checked."""
    name = source_name(node)
    place = value_place(node, "name")
    same = f"write source: {name} for that one, or give one of them another name"
    if name is None or not known.declare("source", name, place, same):
        return
    if node.get("fetch"):
        known.fetching.add(name)
    verify = node.get("verify")
    provider = _provider(name, node, known)
    keyed = bool(provider and provider.recipe and provider.recipe.keys)
    own = _secrets(node, verify, known, keyed=keyed)
    groups = [own, *_other_secrets(verify, known)]
    secrets = tuple(reference for group in groups for reference in group)
    if provider:
        _check_learnt(provider, groups, verify, known)
    if provider and (any(groups[1:]) or provider.fetches_keys):
        provider = shared(provider, groups)
        _check_shares(provider, groups, verify, known)
    if provider:
        _check_named(provider, node, known)
        known.sources[name] = Source(
            name=name,
            provider=provider,
            secrets=secrets,
            token=_token(verify, provider, known),
            allow=allowed(node, provider, known.findings),
            place=place,
        )


def _secrets(
    node: Node, verify: Node | None, known: Known, *, keyed: bool
) -> tuple[SecretRef, ...]:
    """The references under verify.secret: one, or a list while rotating; none where the sender publishes its keys."""
    secret = verify.get("secret") if verify else None
    if secret is None and (keyed or verify and verify.get("keys")):
        return ()
    if secret is None:
        if verify:
            known.references.hide(verify)  # it may stand where it does not belong
        help = "write verify: { secret: { env: NAME } }"
        place = place_at(node, "verify.secret" if verify else "name")
        message = "a source needs a secret: nothing else proves who sends"
        known.findings.add("A405", message, place, help)
        return ()
    return _references(secret, known)


def _references(secret: Node, known: Known) -> tuple[SecretRef, ...]:
    items = secret.value if isinstance(secret.value, list) else [secret]
    found = (_learnt(item) or known.references.secret(item, "secret") for item in items)
    return tuple(reference for reference in found if reference)


def _learnt(node: Node) -> SecretRef | None:
    """The reference `{ learnt: NAME }`: what a sender tells in its check of the URL, and nobody writes."""
    pairs = node.value if isinstance(node.value, dict) else {}
    name = pairs["learnt"].value if [*pairs] == ["learnt"] else None
    if not isinstance(name, str) or not _LEARNT.fullmatch(name):
        return None
    return SecretRef(kind="learnt", name=name)


def _other_secrets(
    verify: Node | None, known: Known
) -> Iterator[tuple[SecretRef, ...]]:
    """The references of each alternative under verify.or; none where it takes those of the source."""
    for item in verify.items("or") if verify else ():
        secret = item.get("secret")
        yield _references(secret, known) if secret else ()


def _check_learnt(
    provider: providers.Provider,
    groups: Sequence[Sequence[SecretRef]],
    verify: Node | None,
    known: Known,
) -> None:
    """Finds a secret that nobody would ever tell, and one beside others: which of them signs would change."""
    every = [reference for group in groups for reference in group]
    if verify is None or not any(one.kind == "learnt" for one in every):
        return
    secret = verify.get("secret") or verify
    if len(every) > 1:
        message = "a learnt secret must be the only secret of its source"
        known.findings.add("M102", message, secret.place, "remove the others")
    elif not any(one.learn for one in provider.handshake):
        message = "no URL check of this source sends the secret"
        help = "add learn: header.NAME to the source's handshake"
        known.findings.add("M102", message, secret.place, help)


def _check_shares(
    provider: providers.Provider,
    groups: Sequence[Sequence[SecretRef]],
    verify: Node | None,
    known: Known,
) -> None:
    """An alternative without a secret, a key or a first secret to share proves nobody."""
    items = verify.items("or") if verify else []
    for recipe, item in zip(provider.others, items):
        if recipe.span == (0, 0) and not recipe.keys and not groups[0]:
            message = "an alternative needs its own secret if the source has none"
            help = "write secret: { env: NAME } beside its scheme"
            known.findings.add("A405", message, item.place, help)


def _check_named(provider: providers.Provider, node: Node, known: Known) -> None:
    """Warns where nobody said what tells a sender's repetitions from new events."""
    event = node.get("event")
    if provider.event.each_delivery and not (event and event.get("id")):
        place = place_at(node, "event") if event else value_place(node, "name")
        message = (
            "event.id is missing: what this sender sends again counts as a new event"
        )
        help = "name the field that identifies an event: event: { id: body.NAME }, or { id: each } or { id: hash }"
        known.findings.add("W615", message, place, help)


def _token(
    verify: Node | None, provider: providers.Provider, known: Known
) -> SecretRef | None:
    """The reference under verify.token, where the sender checks the URL by one."""
    token = verify.get("token") if verify else None
    if token is None:
        return None
    if not provider.checks_token:
        message = f"'verify.token' is not used by {provider.name}: it does not check the URL with a token"
        known.findings.add("M102", message, token.place, "remove it")
    return known.references.secret(token, "token")


def _provider(name: str, node: Node, known: Known) -> providers.Provider | None:
    """The provider, with the file's own `verify` and `event` laid over its data."""
    given = node.get("provider")
    wanted = str(given.value) if given else name
    try:
        provider = providers.get(wanted)
    except UnknownName:
        help = suggest(wanted, providers.names())
        if not given:
            more = "a source with another name also needs provider: …"
            help = f"{help} Or {more}" if help.endswith("?") else f"{help}; {more}"
        place = value_place(node, "provider" if given else "name")
        known.findings.add("M105", f"unknown provider '{wanted}'", place, help)
        return None
    verify = _without(_own(node, "verify"), "secret", "token")
    if isinstance(others := verify.get("or"), list):
        verify["or"] = [
            _without(one, "secret") if isinstance(one, dict) else one for one in others
        ]
    own: dict[str, Any] = {
        key: plain(node.get(key)) for key in ("handshake", "answer") if node.get(key)
    }
    event = _own(node, "event")
    try:
        return providers.configure(provider, verify=verify, event=event, **own)
    except ConfigurationError as error:
        _report(node, getattr(error, "findings", {}) or {"": str(error)}, known)
        return None


def _without(keys: dict[str, Json], *names: str) -> dict[str, Json]:
    return {key: value for key, value in keys.items() if key not in names}


def _own(node: Node, key: str) -> dict[str, Json]:
    value = plain(node.get(key))
    return value if isinstance(value, dict) else {}


def _report(node: Node, problems: dict[str, str], known: Known) -> None:
    for path, problem in problems.items():
        place = place_at(node, path)
        message, help = split_fix(problem)
        known.findings.add("M102", f"'{path}' {message}", place, help)
