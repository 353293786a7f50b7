"""Paths into JSON, split at their points: `data.object.id`, `lines.0.sku`. Providers, recordings and masking walk here.

A part is a key, or a position in a list as its digits. Senders write `event.id` as one key, too: in an object the
first parts that make a key are one. Expressions walk by themselves (mapping's paths), for theirs say how far they went.
"""

from collections.abc import Callable, Mapping

from bridge.model import Json


def dig(value: Json, path: tuple[str, ...]) -> Json:
    """What stands at a path of keys and list positions; None when nothing does."""
    while path:
        if isinstance(value, dict):
            key, path = step(value, path)
            value = value.get(key)
        elif isinstance(value, list) and path[0].isascii() and path[0].isdigit():
            at, path = int(path[0]), path[1:]
            value = value[at] if at < len(value) else None
        else:
            return None
    return value


def change(value: Json, path: tuple[str, ...], new: Json) -> Json:
    """A copy of a tree with `new` at a path of keys and list positions; None takes a key out.

    Without the parents of the place nothing changes.
    """
    if isinstance(value, list) and path and dig(value, path[:1]) is not None:
        at = int(path[0])
        put = change(value[at], path[1:], new) if path[1:] else new
        return [*value[:at], put, *value[at + 1 :]]
    if not path or not isinstance(value, dict):
        return value
    key, rest = step(value, path)
    if rest:
        return {**value, key: change(value[key], rest, new)} if key in value else value
    if new is None:
        return {name: item for name, item in value.items() if name != key}
    return {**value, key: new}


def elements(value: Json, path: tuple[str, ...]) -> list[Json]:
    """What stands at a path of keys, lists met on the way to it, or at its end, being flattened."""
    if isinstance(value, list):
        return [found for one in value for found in elements(one, path)]
    if not path:
        return [value]
    if not isinstance(value, dict):
        return []
    key, rest = step(value, path)
    return elements(value[key], rest) if key in value else []


def everywhere(value: Json, path: tuple[str, ...]) -> bool:
    """Whether a path of keys is there in all elements of the lists on its way; an empty list has no gap."""
    if isinstance(value, list):
        return all(everywhere(one, path) for one in value)
    if not path:
        return True
    if not isinstance(value, dict):
        return False
    key, rest = step(value, path)
    return key in value and everywhere(value[key], rest)


def change_each(
    value: Json, path: tuple[str, ...], changed: Callable[[Json], Json]
) -> Json:
    """A copy of a tree with each of its `elements` at a path changed."""
    if isinstance(value, list):
        return [change_each(one, path, changed) for one in value]
    if not path:
        return changed(value)
    if not isinstance(value, dict):
        return value
    key, rest = step(value, path)
    if key not in value:
        return value
    return {**value, key: change_each(value[key], rest, changed)}


def step(
    value: Mapping[str, Json], path: tuple[str, ...]
) -> tuple[str, tuple[str, ...]]:
    """The first key of a path in an object, and what is left of the path: senders write `event.id` as one key, too."""
    for end in range(1, len(path) + 1):
        key = ".".join(path[:end])
        if key in value:
            return key, path[end:]
    return path[0], path[1:]
