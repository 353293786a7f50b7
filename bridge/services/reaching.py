"""Whether the bridge can reach its vendors, and the addresses where senders publish keys or confirm requests.

Vendors are sent nothing: only name, network policy, TCP and TLS are tried, as for a call. Keys are fetched as for
verification. An address that only a request will name is listed, but not tried.
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

# Returns what is well, or raises NotWell.
Look = Callable[[], str]


def looks(settings: Settings, rules: Ruleset) -> Iterator[Look]:
    """One check per connection, then one per address that sources need; run each before taking the next."""
    with closing(Outbound.of(settings)) as outbound:
        for connection in connections(rules):
            yield partial(_called, outbound, connection)
    # Senders are asked at their real addresses, even in sandbox mode.
    with closing(Outbound.of(replace(settings, sandbox_url=None))) as outbound:
        for url, name in _by_name(rules, _urls).items():
            yield partial(_keys, outbound, url, name)
        for host, name in _by_name(rules, _hosts).items():
            yield partial(_host, outbound, host, name)


def reach(settings: Settings, connection: Connection) -> str:
    """What is well about one connection. Raises NotWell, and ConfigurationError for a secret that is not set."""
    with closing(Outbound.of(settings)) as outbound:
        return _called(outbound, connection)


def _by_name(
    rules: Ruleset, addresses: Callable[[Source], Iterator[str]]
) -> dict[str, str]:
    """Each address, with a source that needs it."""
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
        raise NotWell(f"{name}: cannot fetch its keys at {url}: {problem}")
    return f"keys of {name}: {len(keys)} at {url}"


def _host(outbound: Outbound, host: str, name: str) -> str:
    if "*" in host:
        return f"{name} names its own addresses at {host}: not tried"
    problem = outbound.unreachable(Target(vendor="http", base_url=f"https://{host}"))
    if problem:
        raise NotWell(f"{name}: {problem}")
    return f"{name} can be asked at {host}"
