"""What in a body is an event: a document in it, the elements of its batch, and what is not as its sender writes it."""

from collections.abc import Iterator
from itertools import islice

from bridge.errors import TooLarge
from bridge.model import Json
from bridge.providers.digest import Part, around, shared, whole
from bridge.providers.recipe import Reading
from bridge.providers.source import Source, Unreadable
from bridge.providers.unwrap import unwrapped
from bridge.providers.view import View
from bridge.strict.paths import change, dig, elements, everywhere

MAX_ITEMS = 1_000
MAX_REPEATED = 200_000


def document(view: View, reading: Reading) -> tuple[Json, str]:
    """What holds the event: the body, or a document in it; and what was looked for in vain. Raises Malformed."""
    if reading.unwrap is None:
        return view.body, ""
    try:
        return unwrapped(view, reading.unwrap), ""
    except Unreadable as error:
        return None, str(error)


def odd(body: Json, reading: Reading) -> str:
    """What a batch does not have although its sender's batches do; "" where all is as usual."""
    if reading.items is None:
        return ""
    lacks = body == [] and reading.items.path
    if lacks or not everywhere(body, reading.items.path):
        return f"there is no {reading.items} in the body, or not in all of it"
    if not all(isinstance(item, dict) for item in elements(body, reading.items.path)):
        return f"{reading.items} has an element that is not an object"
    return ""


def parts(body: Json, reading: Reading) -> list[Part]:
    """The events of a batch, or the body itself where there is none. Raises TooLarge."""
    if reading.items is None:
        return [whole(body, reading)]
    found = elements(body, reading.items.path)
    items = [item for item in found if isinstance(item, dict)]
    if sum(_repeated(item, reading) for item in items) > MAX_REPEATED:
        message = f"the events of the batch repeat over {MAX_REPEATED} keys around them"
        raise TooLarge(message, reason="batch_size")
    made = (part for item in items for part in _split(item, reading))
    some = list(islice(made, MAX_ITEMS + 1))  # the others are not even made
    if len(some) > MAX_ITEMS:
        raise TooLarge(f"the batch has over {MAX_ITEMS} events", reason="batch_size")
    return some


def _split(item: Json, reading: Reading) -> Iterator[Part]:
    """The item once for each element of its lists, alone with what stands around them; else as it is."""
    held = [(source, one) for source in reading.each for one in _list(item, source)]
    if not held:
        yield whole(item, reading)
        return
    about = around(item, reading)
    for source, one in held:
        alone = item
        for other in reading.each:
            alone = change(alone, other.path, [one] if other is source else None)
        yield shared(alone, source.path, [one], about, reading)


def _repeated(item: Json, reading: Reading) -> int:
    """How many keys stand around the parts of an item, counted for each of them: so many are copied."""
    if not reading.each:
        return 0
    ways = {way.path[:end] for way in reading.each for end in range(len(way.path))}
    held = [dig(item, way) for way in ways]
    keys = sum(len(one) for one in held if isinstance(one, dict | list))
    return keys * sum(len(_list(item, source)) for source in reading.each)


def _list(item: Json, source: Source) -> list[Json]:
    found = dig(item, source.path)
    return found if isinstance(found, list) else []
