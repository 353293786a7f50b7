"""Outbound: the one door through which the bridge sends anything.

Adds the credentials, keeps the deadline over everything a call needs, and never follows a redirect, retries, logs or
stores. In sandbox mode, and this is the only place that knows of it, nothing goes anywhere but to the sandbox.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from bridge.errors import CallRefused, ConfigurationError
from bridge.model import Call, Headers, NoReply, Reply
from bridge.outbound.answer import MAX_BODY
from bridge.outbound.coding import Undecodable, decoded
from bridge.outbound.connection import connect, place_of
from bridge.outbound.exchange import Exchange, Failed
from bridge.outbound.masking import masked
from bridge.outbound.names import Names
from bridge.outbound.networks import LOOPBACK, Network, Policy
from bridge.outbound.proxy import Proxy, proxy_at
from bridge.outbound.request import check_base, prepare
from bridge.outbound.sending import perform, silence
from bridge.outbound.target import ClientCredentials, Target
from bridge.outbound.tokens import Tokens
from bridge.outbound.transport import Transport
from bridge.outbound.transports import Transports
from bridge.outbound.vault import Vault
from bridge.settings import Settings

_PATIENCE = 10.0  # seconds for trying whether a host can be reached


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """Within what the exchanges of one call stay. Moments of time.monotonic()."""

    transport: Transport  # shows the connection's own certificate, where it has one
    deadline: float  # the answer must be there
    start_by: float  # the request must have begun to leave


class Outbound:
    """Sends calls. One per process, made after it forked; safe from any number of threads or greenlets.

    `allowed_networks` may be reached besides the public internet. `ca_bundle` is a file of PEM certificates that are
    trusted besides the built-in roots. With `sandbox_url` every call goes to `<sandbox_url>/<vendor><path>`, which
    may be on loopback, and no access token is fetched. `vault` keeps the refresh tokens of clients that have one.
    Through `proxy` go all calls but those to `allowed_networks`.
    """

    def __init__(
        self,
        *,
        allowed_networks: Sequence[Network] = (),
        ca_bundle: str | None = None,
        sandbox_url: str | None = None,
        vault: Vault | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        sandbox = LOOPBACK if sandbox_url else ()
        self._policy = Policy(allowed=(*allowed_networks, *sandbox))
        self._names = Names()
        self._proxy = proxy
        self._transports = Transports(ca_bundle)
        self._sandbox = sandbox_url.rstrip("/") if sandbox_url else None
        self._tokens = Tokens(vault)

    @classmethod
    def of(cls, settings: Settings, vault: Vault | None = None) -> "Outbound":
        """As the settings have it."""
        return cls(
            allowed_networks=settings.allowed_networks,
            ca_bundle=str(settings.ca_bundle) if settings.ca_bundle else None,
            sandbox_url=settings.sandbox_url,
            vault=vault,
            proxy=proxy_at(settings.proxy, settings.proxy_credentials),
        )

    def send(
        self,
        call: Call,
        target: Target,
        *,
        timeout: float = 30.0,
        start_by: float = inf,
    ) -> Reply | NoReply:
        """The answer to one call, or why there is none. Takes `timeout` seconds at most, everything included.

        Nothing leaves after `start_by`, a time.monotonic(): who was held up so long may not send it any more.
        Raises nothing for what a network, a vendor or a payload does. Redirects come back as the Reply they are.
        """
        deadline = time.monotonic() + timeout
        try:
            transport = self._transport(target)
        except ConfigurationError as error:
            why = str(error)
            return NoReply(kind="credentials", message=why, sent=False, elapsed=0.0)
        frame = _Frame(transport=transport, deadline=deadline, start_by=start_by)
        call = target.signed(call)
        if self._sandbox:
            base_url = f"{self._sandbox}/{target.vendor}"
            headers = target.with_token("sandbox") if target.oauth2 else target.headers
            answer = self._exchange(call, base_url, headers, frame)
        elif target.oauth2:
            answer = self._with_token(call, target, target.oauth2, frame)
        else:
            answer = self._exchange(call, target.base_url, target.headers, frame)
        return answer if isinstance(answer, NoReply) else masked(answer, target.secrets)

    def unreachable(self, target: Target) -> str:
        """Why a call to a target could not be begun, in a sentence; "" where it could. Sends nothing.

        Raises ConfigurationError for a client certificate that cannot be read.
        """
        base_url = f"{self._sandbox}/{target.vendor}" if self._sandbox else None
        urls = [base_url or target.base_url]
        if target.oauth2 and not self._sandbox:
            urls.append(target.oauth2.token_url)
        tls = self._transport(target).tls
        for url in urls:
            exchange = self._begun(time.monotonic() + _PATIENCE)
            try:
                exchange.host = check_base(url)
                connect(exchange, place_of(url), tls).close()
            except (CallRefused, Failed) as error:
                return str(error)
        return ""

    def close(self) -> None:
        """Closes idle connections; a call that runs ends in its own time."""
        self._transports.close()

    def _transport(self, target: Target) -> Transport:
        return self._transports.of(None if self._sandbox else target.certificate)

    def _with_token(
        self, call: Call, target: Target, client: ClientCredentials, frame: _Frame
    ) -> Reply | NoReply:
        """Sends with an access token; a 401 means that nothing was done, so one new token is tried."""
        shown: list[str] = []  # a refused token is no less a secret
        for attempt in range(2):
            token = self._tokens.get(
                client,
                lambda call, url, headers: self._exchange(call, url, headers, frame),
                time.monotonic(),
                refused=shown[-1] if shown else "",
                deadline=frame.deadline,
            )
            if isinstance(token, NoReply):
                return token
            headers = target.with_token(token)
            answer = self._exchange(call, target.base_url, headers, frame)
            if isinstance(answer, NoReply):
                return answer
            shown.append(token)
            answer = masked(answer, shown)
            if answer.status != 401:
                break
        return answer

    def _exchange(
        self, call: Call, base_url: str, headers: Headers, frame: _Frame
    ) -> Reply | NoReply:
        exchange = self._begun(frame.deadline, frame.start_by)
        try:
            exchange.host = check_base(base_url)
            request = prepare(call, base_url, headers)
        except CallRefused as refusal:
            return silence(exchange, "policy", str(refusal))
        reply = perform(frame.transport, request, exchange)
        return reply if isinstance(reply, NoReply) else _read(reply, call, exchange)

    def _begun(self, deadline: float, start_by: float = inf) -> Exchange:
        return Exchange(
            host="",
            policy=self._policy,
            names=self._names,
            proxy=self._proxy,
            started=time.monotonic(),
            deadline=deadline,
            start_by=start_by,
        )


def _read(reply: Reply, call: Call, exchange: Exchange) -> Reply | NoReply:
    """An answer without its content coding. One that cannot be decoded says no more than its status, and no success."""
    codings = (reply.headers.get("content-encoding", ""),)
    try:
        body, more = decoded(reply.body, codings, limit=MAX_BODY, cut=reply.truncated)
    except Undecodable:
        if any(first <= reply.status <= last for first, last in call.success):
            coding = "an unrequested content coding that cannot be read"
            message = f"{exchange.host} answered {reply.status} in {coding}"
            return silence(exchange, "coding", message)
        body, more = b"", False
    return replace(reply, body=body, truncated=more)
