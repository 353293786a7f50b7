"""Where libyaml's nodes stand in their text, and how to walk over them. Knows positions, and changes nothing.

An index counts characters from the start of the text.
"""

from collections.abc import Iterator

import yaml


def entries(node: yaml.Node) -> list[tuple[yaml.Node | int, yaml.Node]]:
    """The keys or indexes of a collection, with their values; none of a scalar."""
    if isinstance(node, yaml.MappingNode):
        return [*node.value]
    return [*enumerate(node.value)] if isinstance(node, yaml.SequenceNode) else []


def name(key: yaml.Node | int) -> object:
    """A key's text, or the index."""
    return key if isinstance(key, int) else key.value


def start(node: yaml.Node | int) -> int:
    """Where a node starts, its anchor included."""
    assert isinstance(node, yaml.Node)
    at: int = node.start_mark.index
    return at


def end(text: str, node: yaml.Node) -> int:
    """Where a node ends. libyaml ends block collections and block text only at what comes after them."""
    at: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode):
        return len(text[:at].rstrip()) if node.style in ("|", ">") else at
    assert isinstance(node, yaml.CollectionNode)
    return at if node.flow_style else end(text, entries(node)[-1][1])


def line_end(text: str, at: int) -> int:
    """Where the line of an index ends, before its CR or LF."""
    found = text.find("\n", at)
    found = len(text) if found < 0 else found
    return found - (text[found - 1 : found] == "\r")


def walk(node: yaml.Node) -> Iterator[yaml.Node]:
    """The node and all below it, keys included."""
    yield node
    for key, value in entries(node):
        if isinstance(key, yaml.Node):
            yield from walk(key)
        yield from walk(value)


def leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    """The scalars, in the order of the text."""
    return (one for one in walk(node) if isinstance(one, yaml.ScalarNode))


def shared(root: yaml.Node) -> set[int]:
    """The nodes that stand at more than one place, each looked into once."""
    seen: set[int] = set()
    twice: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            twice.add(id(node))
            continue
        seen.add(id(node))
        waiting += [item for _, item in entries(node)]
    return twice
