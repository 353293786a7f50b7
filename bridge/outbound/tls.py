"""TLS as the bridge speaks it: whose certificates it trusts. Opens no connection and knows nothing of HTTP."""

import ssl

from certifi import where

from bridge.errors import SettingsError


def trusting(ca_bundle: str | None) -> ssl.SSLContext:
    """TLS that verifies by the built-in roots, and by the bundle's certificates as well. Raises SettingsError."""
    context = ssl.create_default_context(cafile=where())
    try:
        if ca_bundle:
            context.load_verify_locations(cafile=ca_bundle)
    except OSError:
        raise SettingsError(
            f"BRIDGE_CA_BUNDLE: {ca_bundle} is not a readable file of PEM certificates"
        ) from None
    context.set_alpn_protocols(["http/1.1"])
    # A certificate names its hosts in subjectAltName; its common name is no address.
    context.hostname_checks_common_name = False
    return context
