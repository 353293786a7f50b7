"""From texts to a ruleset: reads every file, then looks at all names together, and gives all findings at once.

`load` reads the folder; `build` does the same from texts, as the store keeps them. Neither raises for what a person
wrote.
"""

import gc
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from bridge.did_you_mean import nearest
from bridge.mapping.findings import Findings
from bridge.mapping.form.schema import BARE, FileShape
from bridge.mapping.form.shape import check
from bridge.mapping.reading.appending import appending
from bridge.mapping.reading.cases import read_cases, uncovered
from bridge.mapping.reading.connections import declare_connection
from bridge.mapping.reading.cut_off import check_file
from bridge.mapping.reading.fetches import declare_fetch
from bridge.mapping.reading.folder import read_folder
from bridge.mapping.reading.known import Known
from bridge.mapping.reading.lacking import undated, unfetched
from bridge.mapping.reading.overlaps import overlaps
from bridge.mapping.reading.references import References
from bridge.mapping.reading.rules import read_rule
from bridge.mapping.reading.sharing import share_limits
from bridge.mapping.reading.sources import declare_source, source_name
from bridge.mapping.reading.tables import declare_table
from bridge.mapping.rules.ruleset import Case, Loaded, Rule, Ruleset
from bridge.model import Diagnostic
from bridge.strict.yaml import Node, compose

_WHOLE = frozenset({"connection", "auth"})  # a rule's own replaces the default's
_FILE = FileShape()  # making one takes longer than checking a file with it


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Loaded:
    """What the *.yaml and *.csv files below a folder say. `environ` gives the options that are read from it."""
    texts, unread = read_folder(folder)
    with _uncollected():
        return _build(texts, environ, unread)


def build(texts: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Loaded:
    """The same from texts by relative path."""
    with _uncollected():
        return _build(texts, environ, ())


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: nearly all that is made here stays, and looking through it takes a quarter of
    the time that reading takes."""
    if not gc.isenabled():  # or another thread is reading, and will switch it on
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _build(
    texts: Mapping[str, str],
    environ: Mapping[str, str] | None,
    unread: Iterable[Diagnostic],
) -> Loaded:
    findings = Findings(texts)
    findings.extend(unread)
    known = Known(
        findings=findings,
        references=References(findings=findings),
        environ=os.environ if environ is None else environ,
    )
    files = _compose(texts, findings)
    for file in files:
        known.unread.update(_unread(file))
        _declare(file, texts, known)
    for file in files:
        declare_fetch(file, known)
    read = [rule for file in files for rule in _rules(file, known)]
    rules = share_limits(read, known.sources)
    cases = tuple(case for file in files for case in read_cases(file, known))
    findings.extend(uncovered(rules, cases))
    findings.extend(undated(rules, known.sources))
    findings.extend(unfetched(rules, known.sources, known.fetching))
    findings.extend(appending(rules))
    usable = not findings.errors()
    if usable:  # what a rule with an error does is not known
        findings.extend(overlaps(rules))
    return Loaded(
        ruleset=_ruleset(texts, rules, cases, known) if usable else None,
        findings=findings.sorted(),
        texts=MappingProxyType(dict(texts)),
    )


def _compose(texts: Mapping[str, str], findings: Findings) -> list[Node]:
    """The files that are YAML mappings, by name, without the keys that are wrong."""
    files = []
    for name in sorted(texts):
        if name.endswith(".yaml"):
            node, found = compose(texts[name], name, bare=BARE, fits=_fits)
            findings.extend(found)
            files += [check(_FILE, node, findings)] if node else []
    for file in files:
        check_file(file, findings)
    return files


def _fits(file: Node, line: int) -> bool:
    """Whether the shape of a file has nothing against one of its lines."""
    findings = Findings({})
    check(_FILE, file, findings)
    return all(one.place and one.place.line != line for one in findings.sorted())


def _unread(file: Node) -> Iterator[str]:
    """The keys of a file that are left out because they are wrong, by the names that they were meant to have."""
    for key in file.keys:
        if file.get(key) is None:
            yield nearest(key, _FILE.keys)


def _declare(file: Node, texts: Mapping[str, str], known: Known) -> None:
    """What other files may name: the source, the connections and the tables."""
    source = file.get("source")
    if source and isinstance(source.value, dict):
        declare_source(source, known)
    for key, node in _entries(file, "connections"):
        declare_connection(key, node, known)
    for key, node in _entries(file, "tables"):
        declare_table(key, node, texts, known)


def _rules(file: Node, known: Known) -> Iterable[Rule]:
    source = file.get("source")
    name = source_name(source)
    if source and name and not isinstance(source.value, dict):
        known.declared("source", name, source.place)
    if name is None:
        _check_source(file, known)
    for node in file.items("rules"):
        rule = read_rule(_merged(file.get("defaults"), node), name, known)
        if rule:
            yield rule


def _check_source(file: Node, known: Known) -> None:
    """A finding for rules or tests without a source; a bad source is already reported."""
    parts = [
        (key, items[0]) for key in ("rules", "tests") if (items := file.items(key))
    ]
    if parts and "source" not in file.keys and "source" not in known.unread:
        key, first = parts[0]
        named = first.get("id") or first.get("name") or first
        message = (
            f"the {' and '.join(key for key, _ in parts)} of this file have no source"
        )
        help = f"write source: with the name of the sender above {key}:"
        known.findings.add("M107", message, named.place, help)


def _ruleset(
    texts: Mapping[str, str],
    rules: tuple[Rule, ...],
    cases: tuple[Case, ...],
    known: Known,
) -> Ruleset:
    by_source = {
        name: tuple(rule for rule in rules if rule.source == name)
        for name in known.sources
    }
    return Ruleset(
        hash=_hash(texts),
        texts=MappingProxyType(dict(texts)),
        sources=MappingProxyType(known.sources),
        rules=rules,
        connections=MappingProxyType(known.connections),
        tables=MappingProxyType(known.tables),
        cases=cases,
        references=MappingProxyType(known.references.found),
        by_source=MappingProxyType(by_source),
    )


def _hash(texts: Mapping[str, str]) -> str:
    """SHA-256 over names and texts; the lengths keep two different folders from looking alike."""
    digest = sha256()
    for name in sorted(texts):
        for part in (name.encode(), texts[name].encode()):
            digest.update(b"%d:" % len(part) + part)
    return digest.hexdigest()


def _entries(file: Node, key: str) -> list[tuple[Node, Node]]:
    """The key nodes and values of a mapping."""
    node = file.get(key)
    pairs = file.pairs(key).items()
    return [(node.keys[name], item) for name, item in pairs] if node else []


def _merged(
    defaults: Node | None, rule: Node, *, whole: frozenset[str] = _WHOLE
) -> Node:
    """A rule with what `defaults` say and it does not, mappings key by key. Credentials are never mixed."""
    if defaults is None or not isinstance(defaults.value, dict):
        return rule
    if not isinstance(rule.value, dict):
        return rule
    values = {**defaults.value, **rule.value}
    for key in defaults.value.keys() & rule.value.keys() - whole:
        values[key] = _merged(defaults.value[key], rule.value[key], whole=frozenset())
    return replace(rule, value=values, keys={**defaults.keys, **rule.keys})
