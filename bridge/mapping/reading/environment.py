"""What this machine gives to the references of a ruleset: values that are not there, and options that cannot be used.

The only place of this room that resolves references, and only to look: no value is kept, shown or returned.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from bridge import providers, vendors
from bridge.errors import ConfigurationError, MissingSecret
from bridge.mapping.findings import Findings, split_fix
from bridge.mapping.rules.ruleset import Ruleset
from bridge.model import Connection, Diagnostic, SecretRef
from bridge.secret import resolve

SecretCode: TypeAlias = Literal["A402", "W402"]  # an error, a warning


def missing_secrets(
    ruleset: Ruleset,
    environ: Mapping[str, str] | None = None,
    *,
    code: SecretCode = "A402",
) -> tuple[Diagnostic, ...]:
    """One finding for every reference that is unset, empty or unreadable: an error, or a warning as W402.

    The same for a source's secret that proves nothing, and for a refresh token without BRIDGE_SECRET_KEY. W402 for a
    source's secret that could be used and hardly can be meant: a warning always.
    A406 for each plain option of a connection whose reference gives what the vendor cannot take: an error always.
    """
    findings = Findings(ruleset.texts)
    for reference, place in ruleset.references.items():
        try:
            resolve(reference, environ)
        except MissingSecret as error:
            message, help = split_fix(str(error).removeprefix(f"{reference} "))
            findings.add(code, f"{reference.name} {message}", place, help)
    for reference, problem, odd in _unusable(ruleset, environ):
        message, help = split_fix(problem or odd)
        place = ruleset.references[reference]
        findings.add(
            code if problem else "W402", f"{reference.name}: {message}", place, help
        )
    for reference in _unsealed(ruleset, environ):
        message = "BRIDGE_SECRET_KEY is not set, but refresh tokens are sealed with it"
        help = "set it to at least 16 random characters, the same on all hosts"
        findings.add(code, message, ruleset.references[reference], help)
    for connection in _connections(ruleset):
        for reference, option, problem in _unfit(connection, environ):
            message, help = split_fix(problem)
            message = f"connection option '{option}' {message} ({reference.name})"
            findings.add("A406", message, ruleset.references[reference], help)
    return findings.sorted()


def _connections(ruleset: Ruleset) -> Iterator[Connection]:
    """The named ones, and those that rules write inline."""
    yield from ruleset.connections.values()
    yield from (rule.connection for rule in ruleset.rules)
    fetches = (source.fetch for source in ruleset.sources.values())
    yield from (fetch.rule.connection for fetch in fetches if fetch)


def _unusable(
    ruleset: Ruleset, environ: Mapping[str, str] | None
) -> Iterator[tuple[SecretRef, str, str]]:
    """Each secret of a source with why no request can be proven by it, or else with what it seems to be instead."""
    for source in ruleset.sources.values():
        for reference in source.secrets:
            problem = odd = ""
            try:
                secret = resolve(reference, environ)
            except MissingSecret:
                continue
            try:
                providers.check_secret(source.provider, secret)
                odd = providers.odd_secret(source.provider, secret)
            except ConfigurationError as error:
                problem = str(error)
            if problem or odd:
                yield reference, problem, odd


def _unsealed(
    ruleset: Ruleset, environ: Mapping[str, str] | None
) -> Iterator[SecretRef]:
    """Each refresh token, where there is no key to keep those that follow it."""
    given = os.environ if environ is None else environ
    if given.get("BRIDGE_SECRET_KEY") or given.get("BRIDGE_SECRET_KEY_FILE"):
        return
    for connection in _connections(ruleset):
        oauth2 = connection.auth.get("oauth2")
        token = oauth2.get("refresh_token") if isinstance(oauth2, Mapping) else None
        if isinstance(token, SecretRef):
            yield token


def _unfit(
    connection: Connection, environ: Mapping[str, str] | None
) -> Iterator[tuple[SecretRef, str, str]]:
    """Each option that is a reference, with what is wrong with its value."""
    for option, reference in connection.options.items():
        if not isinstance(reference, SecretRef):
            continue
        try:
            value = resolve(reference, environ).reveal()
        except MissingSecret:
            continue
        vendor = vendors.get(connection.vendor)
        problem = vendors.check_options(vendor, {option: value}).get(option)
        if problem:
            yield reference, option, problem
