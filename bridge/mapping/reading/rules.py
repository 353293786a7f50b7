"""Reads one rule: compiles its expressions, looks its names up, and checks its fields against the operation."""

from collections.abc import Mapping
from typing import Any

from bridge import tenants, vendors
from bridge.errors import UnknownName
from bridge.mapping.findings import split_fix
from bridge.mapping.findings.fixes import within
from bridge.mapping.findings.places import place_at
from bridge.mapping.form.keys_measured import seconds
from bridge.mapping.form.rule_shape import MAX_ITEMS
from bridge.mapping.reading.appending import coalesced
from bridge.mapping.reading.connections import effective_connection
from bridge.mapping.reading.fields import read_fields
from bridge.mapping.reading.formulas import EVENT_NAMES, INSERTION, Writer
from bridge.mapping.reading.known import Known
from bridge.mapping.reading.references import without_references
from bridge.mapping.reading.responses import check_second_looks, read_responses
from bridge.mapping.reading.retries import read_retries
from bridge.mapping.rules.event_types import type_pattern
from bridge.mapping.rules.ruleset import FETCHED, Constant, ForEach, Formula, Rule
from bridge.model import Connection, Place
from bridge.strict.yaml import Node, plain
from bridge.strict.yaml_writing import quoted
from bridge.vendors import Operation

_RESERVED = EVENT_NAMES | {"index", "fields", *FETCHED}


def read_rule(node: Node, source: str | None, known: Known) -> Rule | None:
    """The rule, or None after a finding. The node's shape was checked and its defaults are in it."""
    reader = Reader(node, known, *(FETCHED if source in known.fetching else ()))
    id_node = node.get("id")
    if id_node is None or not known.declare("rule", str(id_node.value), id_node.place):
        return None
    return reader.rule(str(id_node.value), source or "", id_node.place)


class Reader:
    """Reads the keys of one rule. Everything that is wrong is found before it gives up."""

    find = staticmethod(vendors.operation)

    def __init__(self, node: Node, known: Known, *names: str) -> None:
        """`names` are those that its expressions know besides the event's."""
        self.node, self.known, self.findings = node, known, known.findings
        self.write = Writer(known=known).knowing(*names)

    def rule(self, id: str, source: str, place: Place) -> Rule | None:
        """The rule; None where its operation or connection is not known."""
        operation = self.operation()
        expressions = self.expressions(operation)
        connection = self.connection(operation) if operation else None
        if operation is None or connection is None:
            return None
        rule = Rule(
            id=id,
            description=self.text("description"),
            mode=self.text("mode") or "live",
            source=source,
            events=self.events(),
            types=type_pattern(self.events()),
            operation=operation,
            connection=connection,
            options=without_references(connection.options, self.known.environ),
            root=tenants.root(connection, self.known.environ),
            stale=self.text("ordering.stale")
            or ("skip" if operation.replaces else "send"),
            coalesce=coalesced(
                self.node, operation, expressions["fields"], self.findings
            ),
            max_event_age=self.duration("max_event_age"),
            retries=read_retries(self.node, self.findings),
            responses=read_responses(self.node, self.known),
            place=place,
            written=self.written(),
            **expressions,
        )
        check_second_looks(self.node, rule, self.known)
        return rule

    def expressions(self, operation: Operation | None) -> dict[str, Any]:
        """What is evaluated for each event, by the names of Rule; `let` and `for_each` add names for what follows."""
        return {
            "let": self.let(),
            "skip_if_missing": self.skip_if_missing(),
            "when": self.write.condition("when", self.node.get("when")),
            "for_each": self.for_each(),
            "fields": read_fields(self.node, operation, self.write),
            "hold_if": self.hold_if(),
            "lane_key": self.template("ordering.key"),
            "at": self.write.expression("ordering.at", self.node.at("ordering.at")),
            "idempotency_key": self.varying(
                "idempotency_key", "the same for every event, and the same is sent once"
            ),
        }

    def operation(self) -> Operation | None:
        target = self.node.get("target")
        if target is None:
            if "target" in self.node.keys:  # it is there, and what is wrong was said
                return None
            place = place_at(self.node, "id")
            help = "write target: vendor.operation"
            self.findings.add("M103", "missing key 'target'", place, help)
            return None
        try:
            return self.find(str(target.value))
        except UnknownName as error:
            message, help = split_fix(str(error))
            self.findings.add("M105", message, target.place, help)
            return None

    def connection(self, operation: Operation) -> Connection | None:
        return effective_connection(
            operation.vendor,
            self.node.get("connection"),
            self.node.get("auth"),
            self.place("target"),
            self.known,
        )

    def let(self) -> Mapping[str, Formula | Constant]:
        """Names for expressions; each may use those above it, so that no two wait for each other."""
        found: dict[str, Formula | Constant] = {}
        written, pairs = self.node.get("let"), self.node.pairs("let")
        # One that was refused is known all the same.
        if written:
            self.write = self.write.knowing(*written.keys.keys() - pairs.keys())
        for name, node in pairs.items():
            if name in _RESERVED:
                self.reserved(name, place_at(self.node, f"let.{name}"))
                continue
            formula = self.write.template(f"let.{name}", node)
            # A name that does not compile is known all the same: one mistake, one finding.
            self.write = self.write.knowing(name)
            if formula:
                found[name] = formula
        return found

    def skip_if_missing(self) -> tuple[Formula, ...]:
        items = self.node.items("skip_if_missing")
        found = (self.write.expression("skip_if_missing", item) for item in items)
        paths = tuple(formula for formula in found if formula)
        for formula in paths:
            if formula.expression.gives == {bool}:
                message = (
                    "'skip_if_missing' needs paths: true or false is never missing"
                )
                help = "write a condition in when"
                self.findings.add("M102", message, formula.node.place, help)
        return paths

    def for_each(self) -> ForEach | None:
        node = self.node.get("for_each")
        if node is None:
            return None
        items = self.template("for_each.in")
        name = self.text("for_each.as") or "item"
        if name in _RESERVED or name in self.node.pairs("let"):
            self.reserved(name, place_at(self.node, "for_each.as"))
        self.check_list(items)
        self.write = self.write.knowing(name, "index")
        key = self.varying("for_each.key", "the same for every item")
        limit = node.get("max")
        if not isinstance(items, Formula):
            return None
        most = plain(limit) if limit else MAX_ITEMS
        assert isinstance(most, int)
        return ForEach(items=items, name=name, key=key, limit=most)

    def check_list(self, items: Formula | Constant | None) -> None:
        """A finding where for_each is never given a list."""
        if (
            items is None
            or isinstance(items, Formula)
            and list in items.expression.gives
        ):
            return
        help, right = (
            "write one {{ … }} with nothing around it, such as {{ event.tickets | split(',') }}",
            "",
        )
        source = str(items.node.value)
        if isinstance(items, Constant):
            right = f"{{{{ {source} }}}}"
            help = f"write in: {quoted(right)}"
        elif len(alone := INSERTION.findall(source)) == 1 and alone[0] != source:
            right = alone[0]
        fixes = within(items.node, 0, len(source), right) if right else ()
        message = "'for_each.in' needs an expression that gives a list"
        self.findings.add("M110", message, items.node.place, help, fixes)

    def hold_if(self) -> Formula | None:
        write = self.write.knowing("fields")
        return write.condition("hold_if", self.node.get("hold_if"))

    def events(self) -> tuple[str, ...]:
        return tuple(str(item.value) for item in self.node.items("events"))

    def written(self) -> dict[str, Node]:
        """The node of each key, those of `ordering` and `retries` and each entry of `events` too."""
        inner = [(name, self.node.get(name)) for name in ("ordering", "retries")]
        events = enumerate(self.node.items("events"))
        return {
            **self.node.keys,
            **{
                f"{name}.{key}": inside
                for name, part in inner
                for key, inside in (part.keys.items() if part else ())
            },
            **{f"events.{at}": item for at, item in events},
        }

    def reserved(self, name: str, place: Place) -> None:
        message = (
            f"'{name}' is reserved: it already means something else in expressions"
        )
        self.findings.add("M112", message, place, "choose another name")

    def place(self, key: str) -> Place:
        node = self.node.get(key)
        return node.place if node else place_at(self.node, "id")

    def text(self, path: str) -> str:
        node = self.node.at(path)
        return str(node.value) if node else ""

    def duration(self, path: str) -> int | None:
        text = self.text(path)
        return seconds(text) if text else None

    def template(self, path: str) -> Formula | Constant | None:
        return self.write.template(path, self.node.at(path))

    def varying(self, path: str, said: str) -> Formula | Constant | None:
        """A text that must not be the same each time."""
        found = self.template(path)
        if isinstance(found, Constant):
            help = f'write it with an expression: {path.split(".")[-1]}: "{{{{ … }}}}"'
            self.findings.add("M110", f"'{path}' is {said}", found.node.place, help)
        return found
