"""The request of a stored delivery as it goes out, for people: its URL, its headers, its body, without secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.model import Call, Delivery, Headers, SecretRef
from bridge.services.curl import command, headers_of, url_of
from bridge.services.requests import key_header
from bridge.store import Database, specs


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One request; credentials read <secret>."""

    method: str
    url: str
    headers: Headers
    body: bytes | None


def request_of(database: Database, row: Mapping[str, Any]) -> Sent | None:
    """The request of a row of views.delivery; None if it has none, or if it was deleted."""
    call = row["call"]
    if call is None:
        return None
    with database.read() as tx:
        connection = specs.of(tx, row["id"])
    made = Call(
        method=call["method"],
        path=call["path"],
        query=tuple((name, value) for name, value in call["query"]),
        headers=tuple((name, value) for name, value in call["headers"]),
        body=row["body"],
    )
    rendered = Delivery(
        rule=row["rule"],
        key=row["item_key"],
        operation=row["operation"],
        connection=connection,
        fields=row["fields"] or {},
        call=made,
        ticket=row["ticket"],
        lane=row["lane"],
        at=row["at"],
    )
    options = {
        name: value
        for name, value in connection.options.items()
        if not isinstance(value, SecretRef)
    }
    return Sent(
        method=made.method,
        url=url_of(rendered, options),
        headers=(*headers_of(rendered), *key_header(row)),
        body=made.body,
    )


def curl_of(sent: Sent) -> list[str]:
    """The request as the lines of a command to paste; put the credentials in place of <secret>."""
    return command(sent.method, sent.url, sent.headers, sent.body)
