"""Text that becomes part of an address: checked so that a payload's value cannot lead a call anywhere else.

Only the rule's base URL says which host is called; nothing in a path may leave it, or its folder. The rules
themselves stand in bridge.strict.outgoing.
"""

from bridge.kinds import Problems, Text
from bridge.strict.outgoing import address_problem, path_problem


class Path(Text):
    """A path below the base URL that stays below it, whatever a payload put into it."""

    def problem_of_text(self, text: str) -> str:
        return path_problem(text)


class Address(Text):
    """A URL to call below: scheme, host, perhaps a port and a path."""

    def problem_of_text(self, text: str) -> Problems:
        return super().problem_of_text(text) or address_problem(text)
