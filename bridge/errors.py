"""Every error the bridge raises on purpose: one tree, each branch naming who must act.

    BridgeError
    ├── ConfigurationError   the operator: environment, mapping files, secrets
    │   ├── SettingsError
    │   ├── MissingSecret
    │   ├── UnknownName
    │   ├── KeysUnavailable
    │   ├── NotConfirmed
    │   ├── StoreUnfit
    │   └── MappingError     carries the findings
    ├── Refused              the sender: this request is not taken, and why (HTTP status)
    │   ├── NotVerified      401
    │   ├── Malformed        400
    │   ├── TooSlow          408
    │   ├── TooLarge         413
    │   └── UnsupportedType  415
    ├── StoreUnavailable     the machine: nothing can be stored now (503), try again
    │   ├── Busy             nobody: so many requests wait that this one may not
    │   ├── StoreGone        the operator: the files of the store are not the ones that were opened
    │   ├── StoreLost        the machine, or what it was given: the database broke off in the middle
    │   └── StoreRefused     a developer: the database is well but does not take this one thing
    ├── CallRefused          the operator: an outgoing call the network policy does not allow
    └── PersonRefused        a person at console, API or terminal: this is not done, and why (HTTP status)
        ├── NotSignedIn      401
        ├── NotAllowed       403
        ├── NotThere         404
        ├── InputRefused     422
        └── TooManyTries     429

Each message is one sentence a person can act on, and never holds a payload value or a secret. `reason` is the short
machine name that logs, metrics and tables use. This module imports nothing of the bridge.
"""

from collections.abc import Sequence


class BridgeError(Exception):
    """The root; `exit_code` is what the command line ends with."""

    reason = "error"
    exit_code = 1


class ConfigurationError(BridgeError):
    """Something the operator wrote cannot be used."""

    reason = "configuration"
    exit_code = 3


class SettingsError(ConfigurationError):
    """An environment variable of the bridge cannot be read."""

    reason = "settings"


class MissingSecret(ConfigurationError):
    """A secret reference points at nothing, or at an empty value."""

    reason = "missing_secret"


class UnknownName(ConfigurationError):
    """A name that is not one of the known ones; the message lists or suggests the valid choices."""

    reason = "unknown_name"


class KeysUnavailable(ConfigurationError):
    """Keys that a sender publishes cannot be had now. Nothing was accepted; the same request may be sent again."""

    reason = "keys_unavailable"


class NotConfirmed(ConfigurationError):
    """A sender wants to be asked back, and could not be asked. It may check the URL again."""

    reason = "not_confirmed"


class StoreUnfit(ConfigurationError):
    """The store that the settings name is not one to do this with: of another shape, not empty, moved away."""

    reason = "store_unfit"


class MappingError(ConfigurationError):
    """The mapping folder has findings; `findings` are model.Diagnostic values."""

    reason = "mapping"

    def __init__(self, message: str, findings: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class Refused(BridgeError):
    """The sender's request is not taken. `status` is the HTTP answer; `reason` is kept, never shown for a 401."""

    status = 400

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason or type(self).reason


class NotVerified(Refused):
    """Nobody proved who sent this. Sender and prober get the same body, the reason stays with us."""

    status = 401
    reason = "not_verified"


class Malformed(Refused):
    """The body or its framing cannot be read."""

    status = 400
    reason = "malformed"


class TooSlow(Refused):
    """The request did not arrive whole within its deadline."""

    status = 408
    reason = "too_slow"


class TooLarge(Refused):
    """The body is longer than the limit."""

    status = 413
    reason = "too_large"


class UnsupportedType(Refused):
    """The content type or content encoding is not one this source takes."""

    status = 415
    reason = "unsupported_type"


class StoreUnavailable(BridgeError):
    """The store cannot take a write now. Nothing was accepted; the same request may be sent again."""

    reason = "store_unavailable"
    exit_code = 4


class Busy(StoreUnavailable):
    """So many requests wait for the store already that this one may not. Nothing was accepted."""

    reason = "busy"


class StoreGone(StoreUnavailable):
    """A file of the store was removed, replaced or moved away under us. Nothing was accepted."""

    reason = "store_gone"


class StoreLost(StoreUnavailable):
    """The database broke off. It may be away; or what it was given was too much, and will be the next time."""

    reason = "store_lost"


class StoreRefused(StoreUnavailable):
    """The database is well and does not take this one thing: trying the same again will not help."""

    reason = "store_refused"


class CallRefused(BridgeError):
    """An outgoing call that the network policy does not allow. Nothing was sent."""

    reason = "call_refused"


class PersonRefused(BridgeError):
    """A person asked for something that is not done. `status` is the HTTP answer."""

    status = 400


class NotSignedIn(PersonRefused):
    """Nobody proved who asks: no session or token, or one that no longer counts."""

    status = 401
    reason = "unauthorized"


class NotAllowed(PersonRefused):
    """This person may not do this."""

    status = 403
    reason = "forbidden"


class NotThere(PersonRefused):
    """No account or token has this name."""

    status = 404
    reason = "not_found"
    exit_code = 5


class InputRefused(PersonRefused):
    """A value that a person gave cannot be used."""

    status = 422
    reason = "invalid_input"
    exit_code = 2


class TooManyTries(PersonRefused):
    """Too many sign-ins failed. `wait` is the number of seconds until the next try."""

    status = 429
    reason = "too_many_tries"

    def __init__(self, message: str, *, wait: int) -> None:
        super().__init__(message)
        self.wait = wait
