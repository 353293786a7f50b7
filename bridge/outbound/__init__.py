"""The only outgoing I/O: calls to vendors, within a network policy, with their own credentials, bounded in every way.

    Connection ──resolve_target──▶ Target ┐
                                   Call ──┴─▶ Outbound.send ─▶ Reply | NoReply

client.py is the door. request.py refuses what must not leave, networks.py and dial.py refuse addresses that a call must
not reach, transport.py and sending.py bound time and size. Nothing here decides what an answer means, whether to try
again, or when.
"""

from bridge.outbound.client import Outbound
from bridge.outbound.target import Target, resolve_target
from bridge.outbound.vault import Vault

__all__ = ["Outbound", "Target", "Vault", "resolve_target"]
