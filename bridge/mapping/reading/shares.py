"""Which of a source's secrets each of its proofs takes, and which go by keys that the sender publishes instead."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from bridge.model import SecretRef
from bridge.providers import Provider
from bridge.providers.recipe import Recipe

_NONE = (0, 0)


def shared(provider: Provider, groups: Sequence[Sequence[SecretRef]]) -> Provider:
    """The provider whose recipes each take their own of the secrets; without such, the first ones.

    Secrets go before published keys: an operator who gives a key trusts that one alone.
    """
    main = provider.recipe
    if main is None:
        return provider
    ends = [*accumulate(map(len, groups))]
    own, *spans = [(end - len(group), end) for end, group in zip(ends, groups)]
    recipe = replace(main, span=own, keys=None if groups[0] else main.keys)
    others = tuple(
        _sharing(other, spans[place] if place < len(spans) else _NONE, own, main)
        for place, other in enumerate(provider.others)
    )
    return replace(provider, recipe=recipe, others=others)


def _sharing(
    recipe: Recipe, span: tuple[int, int], first: tuple[int, int], main: Recipe
) -> Recipe:
    if span[0] < span[1]:
        return replace(recipe, span=span, keys=None)
    inherited = recipe.keys == main.keys and first[0] < first[1]
    if recipe.keys and not inherited:
        return replace(recipe, span=_NONE)
    return replace(recipe, span=first, keys=None)
