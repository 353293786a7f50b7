"""Who sent a request: by the source's secrets or the keys that its sender publishes; and checks of the URL."""

from collections.abc import Mapping, Sequence

from bridge import providers
from bridge.errors import NotVerified
from bridge.greenlets import computed
from bridge.mapping import Source
from bridge.mapping.allow import UNPROVEN
from bridge.model import Request, Verified
from bridge.outbound import Outbound
from bridge.providers import Answer
from bridge.receive.keyring import keyring
from bridge.secret import Secret, resolve
from bridge.settings import Settings


class Prover:
    """What proving needs: the limits, and the published keys of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keyring = keyring(self._outbound)

    def prove(self, source: Source, received: Request, size: int) -> Verified | Answer:
        """The proven request, or the answer to a check of the URL; `size` is what it takes to read it, in bytes.

        Raises NotVerified, ConfigurationError, and KeysUnavailable where a published key alone could prove it.
        """
        if not source.provider.fetches_keys:
            return computed(size, lambda: self._proven(source, received, {}))
        keys, problem = self._keyring.keys_for(source.provider, received)
        try:
            found = computed(size, lambda: self._proven(source, received, keys))
        except NotVerified as error:
            raise problem or error from None
        self._keyring.proven(source.provider, received)
        return found

    def _proven(
        self, source: Source, received: Request, fetched: Mapping[int, Sequence[Secret]]
    ) -> Verified | Answer:
        if answer := greeting(source, received, signed=False):
            return answer
        proven = providers.verify(
            source.provider,
            received,
            _secrets(source),
            now=received.received_at,
            public_url=self._settings.public_url,
            fetched=fetched,
        )
        return greeting(source, received, signed=True) or proven

    def _outbound(self) -> Outbound:
        """For what senders publish: it is fetched from them in sandbox mode, too."""
        bundle = self._settings.ca_bundle
        return Outbound(
            allowed_networks=self._settings.allowed_networks,
            ca_bundle=str(bundle) if bundle else None,
        )


def greeting(source: Source, received: Request, *, signed: bool) -> Answer | None:
    """The answer to a check of the URL that is signed, or is not; None where this is none."""
    if not signed and len(received.body) > UNPROVEN:
        return None  # it would be read for a stranger, and no check is that long
    token = resolve(source.token) if source.token else None
    return providers.handshake(
        source.provider, received, _secrets(source), token, signed=signed
    )


def _secrets(source: Source) -> tuple[Secret, ...]:
    return tuple(resolve(reference) for reference in source.secrets)
