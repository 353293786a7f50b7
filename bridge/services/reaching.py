"""Whether whom the bridge would call or ask can be reached: vendors, and what senders publish or have confirmed.

Vendors are sent nothing: name, network policy, TCP and TLS as for a call, and no more. Keys are fetched as proving
fetches them. An address that only a request will name is told and not tried.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial

from bridge.mapping import Ruleset, Source
from bridge.model import Connection
from bridge.outbound import Outbound, resolve_target
from bridge.outbound.fetching import get
from bridge.outbound.target import Target
from bridge.receive.keyring import keys_in
from bridge.services.checks import NotWell
from bridge.services.signing_in import connections
from bridge.settings import Settings

Look = Callable[[], str]  # gives what is well, or raises NotWell


def looks(settings: Settings, rules: Ruleset) -> Iterator[Look]:
    """One for each connection, then one for each address that sources ask; each is to be taken before the next."""
    with closing(Outbound.of(settings)) as outbound:
        for connection in connections(rules):
            yield partial(_called, outbound, connection)
    # Senders are asked where they are, in sandbox mode, too.
    with closing(Outbound.of(replace(settings, sandbox_url=None))) as outbound:
        for url, name in _by_name(rules, _urls).items():
            yield partial(_keys, outbound, url, name)
        for host, name in _by_name(rules, _hosts).items():
            yield partial(_host, outbound, host, name)


def _by_name(
    rules: Ruleset, addresses: Callable[[Source], Iterator[str]]
) -> dict[str, str]:
    """Each address with a source that asks it."""
    return {
        address: source.name
        for source in rules.sources.values()
        for address in addresses(source)
    }


def _urls(source: Source) -> Iterator[str]:
    recipes = source.provider.recipes
    yield from (one.keys.url for one in recipes if one.keys and one.keys.url)


def _hosts(source: Source) -> Iterator[str]:
    for recipe in source.provider.recipes:
        yield from recipe.keys.hosts if recipe.keys else ()
    for check in source.provider.handshake:
        yield from check.confirm.hosts if check.confirm else ()


def _called(outbound: Outbound, connection: Connection) -> str:
    if problem := outbound.unreachable(resolve_target(connection)):
        raise NotWell(f"{connection.name}: {problem}")
    return f"{connection.name} can be called"


def _keys(outbound: Outbound, url: str, name: str) -> str:
    keys, problem = keys_in(get(outbound, url))
    if problem:
        raise NotWell(f"{name}: its keys at {url} cannot be had: {problem}")
    return f"keys of {name}: {len(keys)} at {url}"


def _host(outbound: Outbound, host: str, name: str) -> str:
    if "*" in host:
        return f"{name} names addresses at {host} itself: not tried"
    problem = outbound.unreachable(Target(vendor="http", base_url=f"https://{host}"))
    if problem:
        raise NotWell(f"{name}: {problem}")
    return f"{name} can be asked at {host}"
