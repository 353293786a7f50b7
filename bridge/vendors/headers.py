"""Header names and values that a person may set.

A header decides framing, identity and routing of a request, so a name from a mapping file is checked against a list and
its value for anything that could start another header. The rules themselves stand in bridge.strict.outgoing.
"""

from collections.abc import Iterable, Mapping

from bridge.kinds import Names, Problems, Text
from bridge.strict.outgoing import header_name_problem, header_value_problem

_OWN = {
    "authorization": "write it under auth",
    "idempotency-key": "write idempotency_key on the rule",
}


class HeaderMap(Names):
    """Header names to text, without the names that the bridge sets; a name has no capitals, so it stands there once."""

    def __init__(self, title: str, *, example: dict[str, str]) -> None:
        line = Text("value", example="text", check=header_value_problem)
        super().__init__(title, values=line, example=example)

    def problem(self, value: object) -> Problems:
        if isinstance(value, Mapping):
            if problems := _problems(str(name) for name in value):
                return problems
        return super().problem(value)


def _problems(names: Iterable[str]) -> dict[str, str]:
    """The problems of the names, by name."""
    problems: dict[str, str] = {}
    first: dict[str, str] = {}
    for name in names:
        if problem := header_name_problem(name, _OWN):
            problems[name] = problem
        elif first.setdefault(name.lower(), name) != name:
            problems[name] = f"is the same header as {first[name.lower()]}: drop one"
    return problems
