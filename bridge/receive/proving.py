"""Who sent a request: by the source's secrets or the keys that its sender publishes; and checks of the URL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge import log, providers
from bridge.errors import NotConfirmed, NotVerified
from bridge.greenlets import computed
from bridge.mapping import UNPROVEN, Source
from bridge.model import NoReply, Reply, Request, Verified
from bridge.outbound import Outbound
from bridge.outbound.fetching import get
from bridge.providers import Answer
from bridge.receive.keyring import Keyring
from bridge.receive.learnt import Learnt
from bridge.secret import Secret, resolve
from bridge.settings import Settings
from bridge.store import Database

_log = log.get("receive")


class Prover:
    """What proving needs: the limits, and the published keys of one process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._learnt = Learnt(database, settings.secret_key)
        self._asks: Outbound | None = None  # made when it is needed
        self._keyring = Keyring(self._get)

    def prove(self, source: Source, received: Request, size: int) -> Verified | Answer:
        """The proven request, or the answer to a check of the URL; `size` is what it takes to read it, in bytes.

        Raises NotVerified, ConfigurationError, and KeysUnavailable where a published key alone could prove it. Does
        nothing that an answer asks for: it may be a stand-in's.
        """
        if not source.provider.fetches_keys:
            return computed(size, lambda: self._proven(source, received, {}))
        keyed = self._keyring.keys_for(source.provider, received)
        try:
            proof = computed(size, lambda: self._proven(source, received, keyed.keys))
        except NotVerified as error:
            raise keyed.problem or error from None
        self._keyring.proven(keyed)
        return proof

    def greeting(
        self, source: Source, received: Request, *, signed: bool
    ) -> Answer | None:
        """The answer to a check of the URL that is signed, or is not; None where this is none."""
        if not signed and len(received.body) > UNPROVEN:
            return None  # it would be read for a stranger, and no check is that long
        token = resolve(source.token) if source.token else None
        return providers.handshake(
            source.provider, received, self._secrets(source), token, signed=signed
        )

    def act(self, source: Source, answer: Answer) -> Answer:
        """The answer to a check of the URL, after what has to be done before it is given.

        Raises NotConfirmed, NotVerified, ConfigurationError, StoreUnavailable.
        """
        if answer.confirm:
            self._confirm(source, answer.confirm)
        told = [one for one in source.secrets if one.kind == "learnt"]
        if answer.learn and told:
            self._learnt.keep(told[0], answer.learn)
            _log.info("secret learnt", source=source.name)
        return answer

    def _confirm(self, source: Source, url: str) -> None:
        """Asks the sender back. It was proven, and the host is one of its own."""
        reply = self._get(url)
        if isinstance(reply, NoReply):
            raise NotConfirmed(f"cannot confirm with the sender: {reply.message}")
        if not 200 <= reply.status <= 299:
            said = f"the sender answered {reply.status} to the confirmation"
            raise NotConfirmed(said)
        _log.info("check of the URL confirmed", source=source.name)

    def _get(self, url: str) -> Reply | NoReply:
        if self._asks is None:
            self._asks = self._outbound()
        return get(self._asks, url)

    def _proven(
        self, source: Source, received: Request, fetched: Mapping[int, Sequence[Secret]]
    ) -> Verified | Answer:
        if answer := self.greeting(source, received, signed=False):
            return answer
        secrets = self._secrets(source)
        if source.secrets and not secrets:
            raise NotVerified(
                "its sender has not sent its secret yet", reason="not_learnt"
            )
        proven = providers.verify(
            source.provider,
            received,
            secrets,
            now=received.received_at,
            public_url=self._settings.public_url,
            fetched=fetched,
        )
        return self.greeting(source, received, signed=True) or proven

    def _secrets(self, source: Source) -> tuple[Secret, ...]:
        """Those that there are: one that its sender tells may be missing."""
        known = (
            self._learnt.get(one) if one.kind == "learnt" else resolve(one)
            for one in source.secrets
        )
        return tuple(one for one in known if one is not None)

    def _outbound(self) -> Outbound:
        """For what senders publish: it is fetched from them in sandbox mode, too."""
        return Outbound.of(replace(self._settings, sandbox_url=None))
