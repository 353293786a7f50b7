"""Whether the connections of a ruleset could sign in, as far as this machine can tell. Calls nobody."""

import ssl
from collections.abc import Iterator

from bridge.errors import ConfigurationError
from bridge.mapping import Ruleset
from bridge.model import Connection
from bridge.outbound import resolve_target
from bridge.outbound.certificate import show
from bridge.sealing import Sealing


def connections(rules: Ruleset) -> list[Connection]:
    """Every connection that may be called: named ones, and those of rules and look-ups."""
    named = {one.name: one for one in rules.connections.values()}
    fetches = [source.fetch.rule for source in rules.sources.values() if source.fetch]
    named |= {
        rule.connection.name: rule.connection for rule in (*rules.rules, *fetches)
    }
    return list(named.values())


def problems(rules: Ruleset, secret_key: str) -> list[str]:
    """One line per connection that could not."""
    return [
        f"{connection.name}: {problem}"
        for connection in connections(rules)
        for problem in _problems(connection, secret_key)
    ]


def _problems(connection: Connection, secret_key: str) -> Iterator[str]:
    try:
        target = resolve_target(connection)
        if target.oauth2 and target.oauth2.refresh_token:
            Sealing(secret_key)
        if target.certificate:
            show(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), target.certificate)
    except ConfigurationError as error:
        yield str(error)
