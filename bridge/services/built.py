"""Rulesets of the past, by hash, from the texts in the store. Reads only."""

from functools import lru_cache

from bridge import mapping
from bridge.mapping import Ruleset
from bridge.store import Database, rulesets

# Rulesets that a process keeps: pages about neighbouring events need the same ones.
_KEPT = 4


def ruleset(database: Database, hash: str) -> Ruleset | None:
    """The ruleset with this hash; None if it is not stored, or if this release cannot read it."""
    with database.read() as tx:
        texts = rulesets.texts(tx, hash)
    return None if texts is None else _built(hash, tuple(texts.items()))


@lru_cache(maxsize=_KEPT)
def _built(hash: str, texts: tuple[tuple[str, str], ...]) -> Ruleset | None:
    return mapping.build(dict(texts)).ruleset
