"""References to secrets in verify, auth and connection: {env: NAME} or {file: PATH}, never the secret itself.

Reads nodes and resolves nothing: environment.py looks up their values.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bridge.mapping.findings import Findings
from bridge.model import Fix, Place, SecretRef
from bridge.strict.yaml import Node, plain, walk
from bridge.vendors.base import CERTIFICATE_OPTIONS

KINDS = frozenset({"env", "file"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_HEADER = re.compile(r"key|token|secret|auth|password|cookie", re.IGNORECASE)
# Parts of a scheme that are no secrets: they may be written as they are.
OPEN_PARTS = frozenset(
    "username name token_url client_id client_auth scope audience".split()
)
_PARAMS = "params"  # a part that holds parts, each open unless its name says otherwise
_SECRET_PARAM = re.compile(
    r"(key|token|secret|password|passcode|assertion)$", re.IGNORECASE
)


@dataclass(kw_only=True, slots=True)
class References:
    """Reads values that may hold references, and remembers each reference with the place where it stands first."""

    findings: Findings
    found: dict[SecretRef, Place] = field(default_factory=dict)

    def secret(self, node: Node, name: str) -> SecretRef | None:
        """A reference, and nothing else: a literal here would be a secret in a file that is committed and shown."""
        if is_reference(node):
            return self._reference(node)
        self.hide(node)
        help = f"write {name}: {{ env: NAME }} and set NAME in the environment"
        message = f"'{name}' is written into the file: refer to the secret instead"
        self.findings.add("A401", message, node.place, help)
        return None

    def hide(self, node: Node) -> None:
        """From now on nothing that is written in a node is shown: it may be the secret itself."""
        for part in walk(node):
            if not isinstance(part.value, dict | list):
                self.findings.hide(part)

    def auth(
        self, node: Node, parts: Mapping[str, Collection[str]]
    ) -> dict[str, object]:
        """The scheme and its reference, or the parts of the scheme. `parts` are those that each scheme takes."""
        return {
            scheme: self._parts(value, scheme, parts.get(scheme, ()))
            for scheme, value in _items(node).items()
        }

    def options(self, node: Node) -> dict[str, object]:
        """A connection's options: plain values, or references for what differs between machines."""
        return {name: self._option(value, name) for name, value in _items(node).items()}

    def _parts(self, node: Node, scheme: str, known: Collection[str]) -> object:
        if not isinstance(node.value, dict) or is_reference(node):
            return self.secret(node, scheme)
        return {
            part: self._known(value, scheme, part, known)
            for part, value in node.value.items()
        }

    def _known(
        self, node: Node, scheme: str, part: str, known: Collection[str]
    ) -> object:
        if known and part not in known:  # a misspelt name is reported without its value
            self.hide(node)
            return ""
        if part == _PARAMS:
            return self._params(node, f"{scheme}.{part}")
        return self._part(node, f"{scheme}.{part}", open=part in OPEN_PARTS)

    def _params(self, node: Node, path: str) -> object:
        """Names with their values; {} for anything else: the scheme reports it."""
        pairs = {} if is_reference(node) else _items(node)
        return {
            name: self._param(value, f"{path}.{name}") for name, value in pairs.items()
        }

    def _param(self, node: Node, path: str) -> object:
        if is_reference(node) or _SECRET_PARAM.search(path):
            return self.secret(node, path)
        return "" if node.value is None else plain(node)

    def _part(self, node: Node, name: str, *, open: bool) -> object:
        if open and isinstance(node.value, str):
            return node.value
        return self.secret(node, name)

    def _option(self, node: Node, name: str) -> object:
        if is_reference(node):
            return self._reference(node)
        if name in CERTIFICATE_OPTIONS:
            return self.secret(node, name)
        if name != "headers" or not isinstance(node.value, dict):
            return plain(node)
        return {
            header: self._part(
                value, f"headers.{header}", open=not _SECRET_HEADER.search(header)
            )
            for header, value in node.value.items()
        }

    def _reference(self, node: Node) -> SecretRef | None:
        [*pairs] = _items(node).items()
        kind, value = pairs[0]
        name = value.value
        alone = len(pairs) == 1 and kind in KINDS  # and not ENV or File
        good = alone and isinstance(name, str) and name.strip()
        if not good or kind == "env" and not _NAME.fullmatch(str(name)):
            self.hide(node)
            help = "write { env: NAME } or { file: /path/to/file }"
            message = "this is not a reference to a secret"
            fixes = _in_small_letters(node, kind, str(name)) if len(pairs) == 1 else ()
            self.findings.add("A404", message, node.place, help, fixes)
            return None
        reference = SecretRef(kind=kind, name=str(name))
        self.found.setdefault(reference, node.place)
        return reference


def _in_small_letters(node: Node, kind: str, name: str) -> tuple[Fix, ...]:
    """The fix of ENV or File; none where what follows may be the secret itself."""
    good = kind.lower() in KINDS and _NAME.fullmatch(name) and name.isupper()
    if kind in KINDS or not good:
        return ()
    return (Fix(place=node.keys[kind].place, text=kind.lower()),)


def is_reference(node: Node) -> bool:
    """Whether a node is meant as a reference: a mapping with an env or file key."""
    kinds = {str(key).lower() for key in _items(node)}
    return not KINDS.isdisjoint(kinds)


def without_references(
    options: Mapping[str, object], environ: Mapping[str, str]
) -> dict[str, object]:
    """Options with the environment's values, and `<NAME>` where one is not set.

    So a folder can be checked and tested where nothing is set; what is sent never uses these, but resolves its own.
    """
    return {key: _readable(value, environ) for key, value in options.items()}


def _readable(value: object, environ: Mapping[str, str]) -> object:
    if isinstance(value, Mapping):
        return without_references(value, environ)
    if not isinstance(value, SecretRef):
        return value
    text = environ.get(value.name, "") if value.kind == "env" else ""
    return text.strip() or f"<{value.name}>"


def _items(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, dict) else {}
