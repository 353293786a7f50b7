"""Every code a finding can have: what causes it, one wrong and one right example. `bridge explain` prints these.

Codes of expressions (E2xx, E3xx of the language itself) are described next to the language and only joined in here.
"""

from collections.abc import Mapping
from typing import Final

from bridge.errors import UnknownName
from bridge.mapping.expressions import CODES as EXPRESSIONS
from bridge.mapping.expressions import Explanation
from bridge.mapping.findings.codes_files import SECRETS, SHAPE, YAML
from bridge.mapping.findings.codes_running import EVENTS, TESTS, WARNINGS
from bridge.mapping.findings.collecting import suggest

CODES: Final[Mapping[str, Explanation]] = {
    **YAML,
    **SHAPE,
    **SECRETS,
    **EXPRESSIONS,
    **EVENTS,
    **TESTS,
    **WARNINGS,
}


def explain(code: str) -> Explanation:
    """The entry of a code, in any case. Raises UnknownName."""
    found = CODES.get(code.upper())
    if found is None:
        help = suggest(code.upper(), CODES)
        raise UnknownName(f"unknown code '{code}': {help}")
    return found
