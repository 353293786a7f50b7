"""Where a text may be cut: not inside what people see as one sign, which may be several characters.

Follows Unicode's rules for grapheme clusters (UAX 29) as far as the categories of Python's own tables tell them apart.
"""

from typing import Final
from unicodedata import category, combining

from bridge.mapping.values.limits import Budget

_FARTHEST: Final = 64  # characters: nothing that means one sign is longer
_FLAGS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # a flag is two of them
_JOINER: Final = "\u200d"
# Besides marks: skin tones, the letters of a region's flag, and vowels that Unicode does not list as marks.
_ADDED: Final = frozenset(
    map(chr, (0x200C, 0x200D, 0x0E33, 0x0EB3, 0xFF9E, 0xFF9F))
) | frozenset(map(chr, (*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))))
# The combining class of the sign that ties two consonants of India's scripts.
_VIRAMA: Final = 9


def last_cut(text: str, at: int, budget: Budget) -> int:
    """The last place up to `at` that is between two signs. Inside of more marks than any sign has it is `at` itself."""
    for place in range(at, max(at - _FARTHEST, 0), -1):
        budget.spend(1)
        if not _joined(text, place, budget):
            return place
    return at if at > _FARTHEST else 0


def _joined(text: str, place: int, budget: Budget) -> bool:
    """Whether what stands before and after a place belongs together."""
    before, after = text[place - 1 : place], text[place : place + 1]
    if before.isascii() and after.isascii():
        return before + after == "\r\n"
    if after in _ADDED or category(after)[0] == "M" or before == _JOINER:
        return True
    if after in _FLAGS and before in _FLAGS:
        head = text[:place]
        budget.charge_text(len(head), 8)
        return (len(head) - len(head.rstrip(_FLAGS))) % 2 == 1
    if combining(before) == _VIRAMA:
        return category(after) == "Lo"
    return _one_syllable(before, after)


def _one_syllable(before: str, after: str) -> bool:
    """Whether two letters of Korean are parts of one syllable: its parts follow each other as lead, vowel and tail."""
    if "\u1100" <= before <= "\u115f":
        return "\u1100" <= after <= "\u11a7" or "\uac00" <= after <= "\ud7a3"
    if "\u1160" <= after <= "\u11ff":
        return "\u1160" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    return False
