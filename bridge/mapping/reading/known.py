"""What a ruleset knows by name while it is being read, shared by everything that looks a name up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.mapping.expressions import Table
from bridge.mapping.findings import Findings, suggest
from bridge.mapping.reading.references import References
from bridge.mapping.rules.ruleset import Source
from bridge.model import Connection, Place


@dataclass(kw_only=True, slots=True)
class Known:
    """The names of all files. `places` remembers where a name was declared, to point at both of a pair."""

    findings: Findings
    references: References
    environ: Mapping[str, str]
    sources: dict[str, Source] = field(default_factory=dict)
    fetching: set[str] = field(default_factory=set)  # the sources that write `fetch`
    connections: dict[str, Connection] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    # Keys of a file that could not be read: what they name is not known, and nobody is told that it is missing.
    unread: set[str] = field(default_factory=set)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)

    def declare(self, kind: str, name: str, place: Place, help: str = "") -> bool:
        """Whether this is the first of its name; the second one is a finding that says where the first stands."""
        first = self.places.setdefault((kind, name), place)
        if first is place:
            return True
        message = f"{kind} '{name}' is already declared at {first.file}:{first.line}"
        help = help or "give one of them another name"
        self.findings.add("M104", message, place, help)
        return False

    def declared(self, kind: str, name: str, place: Place) -> bool:
        """Whether a name is declared at all; it is a finding where not."""
        if (kind, name) in self.places:
            return True
        if not self.unread.isdisjoint((kind, f"{kind}s")):
            return False
        choices = [known for of, known in self.places if of == kind]
        help = suggest(name, choices) or f"declare the {kind} first"
        self.findings.add("M105", f"unknown {kind} '{name}'", place, help)
        return False
