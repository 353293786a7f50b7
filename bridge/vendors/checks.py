"""Checks of fields, connection options and auth against what a vendor declares, before and after rendering.

Each check gives every problem at once, as dotted path to one sentence that says the fix; {} means fine. The path of
something missing is where it would be written. Names are checked the same way in a mapping file and at run time.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from marshmallow import INCLUDE, Schema

from bridge import kinds
from bridge.did_you_mean import did_you_mean, question
from bridge.kinds import Group, Kind, made
from bridge.model import SecretRef
from bridge.vendors.base import CERTIFICATE_OPTIONS, Fields, Operation, Vendor
from bridge.vendors.fields import Value, said

Problems = dict[str, str]

_EXTRA = Value("a field of the tenant", example="text")


def check_names(
    operation: Operation, names: Collection[str], omittable: Collection[str] = ()
) -> Problems:
    """Unknown and missing fields and bad combinations, from names alone.

    `names` are field names; keys of a nested mapping follow as dotted paths (status.label), as field_names gives them.
    Those of `omittable` may be left out by an event, so they clash with nothing yet.
    """
    return dict(_of_names(operation, tuple(names), frozenset(omittable)))


@lru_cache(maxsize=256)
def _of_names(
    operation: Operation, names: tuple[str, ...], omittable: frozenset[str]
) -> Mapping[str, str]:
    """The same, kept: rules resemble each other, and what a rule renders has the same names for every event."""
    extra = operation.extra_fields
    problems = _names(operation.schema, names, "", extra=extra)
    present = set(names).union(*(_parents(name) for name in names if "." in name))
    return {**_combinations(operation, present, omittable), **problems}


def check_fields(operation: Operation, fields: Fields) -> Problems:
    """All problems of rendered fields: names as check_names, and the kind of every value."""
    names = check_names(operation, tuple(field_names(fields)))
    return {**check_values(operation, fields), **names}


def check_values(operation: Operation, fields: Fields) -> Problems:
    """The problems of the values alone.

    The kinds are asked one by one: loading the whole schema took a quarter of the time that routing an event takes.
    """
    known = made(operation.schema).fields
    extra = _EXTRA if operation.extra_fields else None
    problems: Problems = {}
    for name, value in fields.items():
        kind = known.get(name, extra)
        if isinstance(kind, Kind) and (problem := kind.problem_of(value)):
            problems |= _with_fixes(problem, name)
    return problems


def hint_names(operation: Operation, names: Collection[str]) -> Problems:
    """Fields that the vendor may know but the bridge does not: probably a tenant's own, possibly a misspelling."""
    if not operation.extra_fields:
        return {}
    known = made(operation.schema).fields
    unknown = sorted({name.partition(".")[0] for name in names} - set(known))
    note = f"is not a documented field of {operation.name}: it is sent as it is"
    return {name: note + _hint(name, known) for name in unknown}


def check_options(vendor: Vendor, options: Mapping[str, object]) -> Problems:
    """All problems of a connection's own keys. References are not resolved; only text may be one."""
    names = _names(vendor.options, tuple(options), "")
    literal = {key: item for key, item in options.items() if not _refers(item)}
    schema = made(vendor.options, INCLUDE)
    values = schema.validate(literal, partial=True)
    typed = {
        name: f"needs {field.needs}, but a reference gives text: write the value itself"
        for name, field in schema.fields.items()
        if isinstance(options.get(name), SecretRef)
        and isinstance(field, Kind)
        and field.json_type not in ("string", "")
    }
    return {**_alone(options), **_with_fixes(values), **typed, **names}


def _alone(options: Mapping[str, object]) -> Problems:
    """Each part of a client certificate that means nothing without another one."""
    certificate, *rest = CERTIFICATE_OPTIONS
    if certificate not in options:
        why = f"means nothing without {certificate}: add it, or drop this"
        return {name: why for name in rest if name in options}
    address = options.get("base_url")
    if isinstance(address, str) and address.startswith("http://"):
        why = "cannot be used with a plain http base_url: write https"
        return {certificate: why}
    return {}


def check_auth(vendor: Vendor, auth: Mapping[str, object]) -> Problems:
    """All problems in the shape of auth; whether a reference can be resolved is not looked at."""
    schemes = {scheme.name: scheme for scheme in vendor.auth}
    choices = ", ".join(schemes)
    problems = {
        name: f"is not an auth scheme of {vendor.name}: use {choices}"
        for name in auth
        if name not in schemes
    }
    if problems or not auth and not vendor.auth_required:
        return problems
    if len(auth) != 1:
        return {"": f"{vendor.name} needs exactly one auth scheme: {choices}"}
    [(name, value)] = auth.items()
    keys = schemes[name].keys
    if not keys:
        return {} if _is_secret(value) else {name: "needs a secret reference"}
    given = set(value) if isinstance(value, Mapping) else set()
    wanted = set(keys) - set(schemes[name].optional)
    missing = {f"{name}.{key}": "is required: add it" for key in wanted - given}
    unknown = {
        f"{name}.{key}": f"is unknown{suggest(key, keys)}" for key in given - set(keys)
    }
    literal = {
        f"{name}.{key}": problem
        for key, check in schemes[name].literal.items()
        if isinstance(value, Mapping) and isinstance(text := value.get(key), str)
        if (problem := check(text))
    }
    together = schemes[name].problems(value) if isinstance(value, Mapping) else {}
    clashes = {f"{name}.{key}": problem for key, problem in together.items()}
    return {**clashes, **literal, **missing, **unknown}


def field_names(fields: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    """Every key of nested mappings as a dotted path, in order."""
    for name, value in fields.items():
        yield prefix + name
        if isinstance(value, Mapping):
            yield from field_names(value, f"{prefix}{name}.")


def _hint(name: str, choices: Iterable[str]) -> str:
    """The end of a message about an unknown name: the only choice that it begins, or the closest; or nothing."""
    known = list(choices)
    begun = [choice for choice in known if len(name) > 3 and choice.startswith(name)]
    near = question(begun[0]) if len(begun) == 1 else did_you_mean(name, known)
    return f": {near}" if near else ""


def suggest(name: str, choices: Iterable[str]) -> str:
    """The same, and all choices where none is meant."""
    return _hint(name, choices) or f": use {', '.join(choices)}"


def _names(
    schema: type[Schema], names: Collection[str], prefix: str, *, extra: bool = False
) -> Problems:
    fields = made(schema).fields
    below: dict[str, list[str]] = {}
    for name in names:
        top, _, rest = name.partition(".")
        below.setdefault(top, []).extend([rest] if rest else [])
    problems = {
        prefix + name: "is required: add it"
        for name, field in fields.items()
        if field.required and name not in below
    }
    for top, keys in below.items():
        field = fields.get(top)
        if field is None and not extra:
            problems[prefix + top] = f"is unknown{suggest(top, fields)}"
        if isinstance(field, Group) and keys:
            problems |= _names(field.schema, keys, f"{prefix}{top}.")
    return problems


def _combinations(
    operation: Operation, present: Collection[str], omittable: Collection[str]
) -> Problems:
    problems = {}
    surely = {name for name in present if name not in omittable}
    for group in operation.exactly_one:
        if not any(name in present for name in group):
            problems[group[0]] = f"is missing: give exactly one of {', '.join(group)}"
        given = [name for name in group if name in surely]
        for name in given[1:]:
            problems[name] = f"cannot be combined with {given[0]}: drop one of the two"
    for group in operation.at_least_one:
        if not any(name in present for name in group):
            problems[group[0]] = f"is missing: give at least one of {', '.join(group)}"
    for one, other, why in operation.conflicts:
        if one in surely and other in surely:
            problems[other] = f"cannot be combined with {one}: {why}"
    return problems


def _parents(path: str) -> Iterator[str]:
    """a.b.c → a, a.b, a.b.c."""
    parts = path.split(".")
    return (".".join(parts[: end + 1]) for end in range(len(parts)))


def _with_fixes(problems: kinds.Problems, path: str = "") -> Problems:
    """Nested problems by their dotted paths, each with its fix."""
    return {place: said(problem) for place, problem in kinds.flat(problems, path)}


def _refers(value: object) -> bool:
    """Whether a value is a reference or holds one."""
    if isinstance(value, Mapping):
        return any(_refers(item) for item in value.values())
    return isinstance(value, SecretRef)


def _is_secret(value: object) -> bool:
    return isinstance(value, SecretRef | str)
