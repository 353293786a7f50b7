"""Text that the bridge must keep and nobody else may read: sealed by BRIDGE_SECRET_KEY before it goes into the store.

AES-256-GCM with a key that HKDF makes of the setting, so that what is changed or put elsewhere does not open. Keeps
nothing and logs nothing. The package cryptography is imported at first use: most bridges seal nothing.
"""

import os
from typing import Any

from bridge.errors import ConfigurationError

SHORTEST = 16  # characters of BRIDGE_SECRET_KEY
_VERSION = b"\x01"
_NONCE = 12  # bytes


class Sealing:
    """Seals and opens. Raises ConfigurationError, with what to do, where the setting is missing."""

    def __init__(self, secret_key: str) -> None:
        if len(secret_key) < SHORTEST:
            state = "is too short" if secret_key else "is not set"
            raise ConfigurationError(
                f"BRIDGE_SECRET_KEY {state}, but stored secrets are sealed with it: set it to at least "
                f"{SHORTEST} random characters, the same on all hosts"
            )
        self._cipher = _cipher(secret_key.encode("utf-8", "surrogateescape"))

    def seal(self, text: str, about: str) -> bytes:
        """The text for the store. It opens with the same key and the same `about` alone."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, text.encode(), about.encode())
        return _VERSION + nonce + bytes(sealed)

    def open(self, sealed: bytes, about: str) -> str:
        """The text again. Raises ConfigurationError where it was sealed by another key."""
        from cryptography.exceptions import InvalidTag

        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if not sealed.startswith(_VERSION) or len(nonce) < _NONCE:
                raise InvalidTag
            return bytes(self._cipher.decrypt(nonce, rest, about.encode())).decode()
        except InvalidTag:
            raise ConfigurationError(
                "this BRIDGE_SECRET_KEY does not open the secrets in the store: restore the former key"
            ) from None


def _cipher(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bridge sealing 1")
    return AESGCM(derived.derive(secret))
