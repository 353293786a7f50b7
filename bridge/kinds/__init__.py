"""The kinds of value that people write: in mapping files, in the data of a provider, in the fields of a vendor.

A kind says what is wrong with a value, calls itself by one name in every message, and is written as JSON Schema by
itself. It is strict: "5" is not 5, "yes" is not true, nothing is changed. marshmallow declares kinds in schemas and
loads what holds several. A room adds the kinds that it alone has.

    kind.py (what all share) ─▶ scalars.py (text, whole numbers, true or false) ─▶ holding.py (lists, mappings)
"""

from bridge.kinds.holding import (
    Forms,
    Group,
    List,
    Names,
    flat,
    keys_of,
    list_help,
    made,
    problems_of,
)
from bridge.kinds.kind import (
    ANY,
    NULL,
    WORDS,
    Form,
    Kind,
    Problem,
    Problems,
    kind_of,
    needs,
    type_of,
    whole,
    write,
)
from bridge.kinds.scalars import Choice, Flag, Integer, Text

__all__ = [
    "ANY",
    "NULL",
    "WORDS",
    "Choice",
    "Flag",
    "Form",
    "Forms",
    "Group",
    "Integer",
    "Kind",
    "List",
    "Names",
    "Problem",
    "Problems",
    "Text",
    "flat",
    "keys_of",
    "kind_of",
    "list_help",
    "made",
    "needs",
    "problems_of",
    "type_of",
    "whole",
    "write",
]
