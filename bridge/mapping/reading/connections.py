"""Reads connections, named and inline: the vendor's own options, and one auth scheme by reference."""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from bridge import tenants, vendors
from bridge.errors import UnknownName
from bridge.mapping.findings import split_fix
from bridge.mapping.findings.places import place_at, value_place
from bridge.mapping.functions.ids import REGIONS
from bridge.mapping.reading.known import Known
from bridge.mapping.reading.references import is_reference
from bridge.mapping.values import moments
from bridge.mapping.values.value import ExpressionError
from bridge.model import Advice, Connection, Place, SecretRef
from bridge.strict.yaml import Node, resolve


def declare_connection(key: Node, node: Node, known: Known) -> None:
    """Adds a connection under `connections:`; `key` is the node of its name."""
    name = str(key.value)
    if not known.declare("connection", name, key.place):
        return
    vendor_node = node.get("vendor")
    if vendor_node is None:
        help = f"write vendor: one of {', '.join(vendors.names())}"
        known.findings.add("M103", "missing key 'vendor'", key.place, help)
        return
    try:
        vendor = vendors.get(str(vendor_node.value))
    except UnknownName as error:
        message, help = split_fix(str(error))
        known.findings.add("M105", message, vendor_node.place, help)
        return
    options = _options(node, vendor, known)
    auth_node = node.get("auth")
    auth = _auth(auth_node, vendor, known) if auth_node else {}
    made = Connection(name=name, vendor=vendor.name, options=options, auth=auth)
    known.connections[name] = tenants.named(made, known.environ)


def effective_connection(
    vendor_name: str, node: Node | None, auth_node: Node | None, place: Place, k: Known
) -> Connection | None:
    """What a rule sends through: the connection it names or writes inline, with the rule's own auth laid over it.

    Other credentials make another connection, with a parking of its own: one rule's wrong token must not stop the rules
    that share the address. What belongs to the address is shared: see tenants.py. `place` is the rule's target.
    """
    vendor = vendors.get(vendor_name)
    base = _base(vendor, node, k)
    if base is None:
        return None
    own = _auth(auth_node, vendor, k) if auth_node else None
    if own is None and not base.auth and vendor.auth_required:
        help = f"write auth: {{ {vendor.auth[0].name}: {{ env: NAME }} }}"
        message = f"{vendor.name} needs credentials: auth is missing"
        k.findings.add("A403", message, node.place if node else place, help)
    auth = base.auth if own is None else own
    if base.name and auth == base.auth:
        return base
    content = auth if base.name else {"options": base.options, "auth": auth}
    name = f"{base.name or vendor.name}-{_fingerprint(content)}"
    return tenants.named(replace(base, name=name, auth=auth), k.environ)


def _base(vendor: vendors.Vendor, node: Node | None, known: Known) -> Connection | None:
    """The connection before the rule's auth; an inline one has no name yet."""
    if node is None or isinstance(node.value, dict):
        _refuse_foreign(node, known)
        options = _options(node, vendor, known) if node else {}
        return Connection(name="", vendor=vendor.name, options=options, auth={})
    name = str(node.value)
    if not known.declared("connection", name, node.place):
        return None
    found = known.connections.get(name)
    if found and found.vendor != vendor.name:
        message = f"connection '{name}' belongs to {found.vendor}, but the target belongs to {vendor.name}"
        help = f"name a connection whose vendor is {vendor.name}"
        known.findings.add("M108", message, node.place, help)
        return None
    return found


_ELSEWHERE = {
    "auth": "write auth beside connection, as a key of the rule",
    "vendor": "leave it out: the target names the vendor",
}


def _refuse_foreign(node: Node | None, known: Known) -> None:
    """Keys of a named connection that mean nothing in an inline one: passing over them would lose credentials."""
    for key, help in _ELSEWHERE.items():
        if node is not None and key in node.keys:
            message = f"unknown key '{key}' in an inline connection"
            known.findings.add("M101", message, node.keys[key].place, help)


def _options(node: Node, vendor: vendors.Vendor, known: Known) -> dict[str, object]:
    pairs = node.value.items() if isinstance(node.value, dict) else ()
    own = {key: item for key, item in pairs if key not in ("vendor", "auth")}
    options = known.references.options(replace(node, value=own))
    for path, problem in vendors.check_options(vendor, options).items():
        unknown = problem.startswith("is unknown")
        named = path == "timezone" and isinstance(options.get(path), str)
        if _reported(options, path) or (named and not unknown):  # see _check_zone
            continue
        message, help = split_fix(problem)
        if "|" in help:  # an option is written as it is, so no helper can be added
            help = _without_quotes(vendor, path, options.get(path))
        elif "expression" in help:
            help = _example(vendor, path)
        elif path == "country" and str(options.get(path)).upper() in REGIONS:
            help = Advice(help, str(options[path]).upper())
        message = f"connection option '{path}' {message}"
        place = (place_at if unknown or path not in options else value_place)(
            node, path
        )
        known.findings.add("M101" if unknown else "M102", message, place, help)
    _check_country(node.get("country"), known)
    _check_zone(node.get("timezone"), known)
    return options


def _without_quotes(vendor: vendors.Vendor, path: str, given: object) -> str:
    """The help about a number that is written as text."""
    number = resolve(str(given))
    if isinstance(number, str | bool | None):
        return _example(vendor, path)
    if path in vendors.check_options(vendor, {path: number}):
        return _example(vendor, path)
    return Advice("write it without quotes", str(number))


def _example(vendor: vendors.Vendor, path: str) -> str:
    example = str(vendor.options().fields[path].metadata["example"])
    return Advice(f"write another number, such as {example}", example)


def _check_country(node: Node | None, known: Known) -> None:
    """A finding for a code of two letters, which the option's own form has asked for, that no country has."""
    code = node.value if node else None
    if node and isinstance(code, str) and len(code) == 2 and code.isupper():
        if code not in REGIONS:
            message = (
                "connection option 'country' is not a country with telephone numbers"
            )
            help = "write its ISO 3166 code, such as CL"
            known.findings.add("M102", message, node.place, help)


def _check_zone(node: Node | None, known: Known) -> None:
    """A finding for a name that is no time zone."""
    if node is None or not isinstance(node.value, str):
        return
    try:
        moments.written_zone(node.value)
    except ExpressionError as error:
        message = "connection option 'timezone' is not a time zone"
        known.findings.add("M102", message, node.place, error.help)


def _auth(node: Node, vendor: vendors.Vendor, known: Known) -> dict[str, object]:
    scheme = vendor.auth[0].name
    if not isinstance(node.value, dict) or is_reference(node):
        known.references.hide(node)
        message = "'auth' does not name its scheme"
        help = f"write auth: {{ {scheme}: {{ env: NAME }} }}"
        known.findings.add("A403", message, node.place, help)
        return {scheme: None}  # so that nobody asks for auth, too
    known_schemes = {scheme.name: scheme.keys for scheme in vendor.auth}
    auth = known.references.auth(node, known_schemes)
    for path, problem in vendors.check_auth(vendor, auth).items():
        if path.split(".")[0] in known_schemes and _reported(auth, path):
            continue
        message, help = split_fix(problem)
        message = f"'{path}' {message}" if path else message
        value = node.value.get(path)
        if vendor.auth[0].name == help.removeprefix("use ") and not vendor.auth[0].keys:
            if value and is_reference(value) and len(node.value) == 1:
                help = Advice(help, scheme)
        known.findings.add("A403", message, place_at(node, path), help)
    return auth


def _reported(auth: Mapping[str, object], path: str) -> bool:
    """Whether the reference at a path was refused already, which left None in its place."""
    value: object = auth
    for key in path.split("."):
        value = value.get(key, "") if isinstance(value, Mapping) else ""
    return value is None


def _fingerprint(value: object) -> str:
    text = json.dumps(_plain(value), sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:6]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return {value.kind: value.name} if isinstance(value, SecretRef) else value
