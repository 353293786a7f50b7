"""New texts for mapping files whose tests should expect what the rules do now. Pure: it writes no file.

Only expected values change. What would lose something that a person wrote is left, with its place and the reason.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.mapping.cases.compare import ABSENT
from bridge.mapping.cases.results import CaseResult, Failure
from bridge.mapping.rules.ruleset import Case, Ruleset
from bridge.model import Place
from bridge.strict.yaml_editing import NOTHING, CannotEdit, edited

_KEPT = "no other expected value would make it pass"


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """A failure that is left as it is."""

    case: Case
    place: Place
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """What rewriting would change, and what it leaves."""

    texts: Mapping[str, str]  # the changed files: relative path → new text
    left: tuple[Left, ...]


def update_cases(ruleset: Ruleset, results: Iterable[CaseResult]) -> Update:
    """The mapping files with the expected values that make these failures go."""
    texts: dict[str, str] = {}
    left = []
    for result in results:
        for failure in result.failures:
            case, file = result.case, result.case.place.file
            text = texts.get(file, ruleset.texts[file])
            try:
                texts[file] = _edited(text, case, failure)
            except CannotEdit as error:
                place = failure.diagnostic.place or case.place
                left.append(Left(case=case, place=place, reason=str(error)))
    return Update(texts=texts, left=tuple(left))


def _edited(text: str, case: Case, failure: Failure) -> str:
    edit = failure.edit
    if edit is None:
        raise CannotEdit(failure.kept or _KEPT)
    path = ("tests", case.position, "expect", *edit.path)
    value = NOTHING if edit.value is ABSENT else edit.value
    return edited(text, path, value)
