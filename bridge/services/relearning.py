"""A secret that was learnt from a sender: a person lets it be replaced, or has it shown. Nothing else does."""

from datetime import UTC, datetime

from bridge.sealing import Sealing
from bridge.secret import Secret
from bridge.store import Database, Transaction, audit, learnt
from bridge.store.audit import By


def relearn(database: Database, reference: str, by: By) -> bool:
    """Lets the next secret replace the old one; False if none was learnt yet, or this was already done."""

    def reopen(tx: Transaction) -> bool:
        done = learnt.reopen(tx, learnt.name_of(reference))
        if done:
            _record(tx, by, "relearn", reference)
        return done

    return database.write(reopen)


def shown(database: Database, reference: str, secret_key: str, by: By) -> Secret | None:
    """The secret, once, for a sender that wants it pasted back; None if none was learnt, or it was already shown.

    Raises ConfigurationError if it cannot be opened with this BRIDGE_SECRET_KEY; it then counts as not shown.
    """
    sealing, name = Sealing(secret_key), learnt.name_of(reference)

    def show(tx: Transaction) -> Secret | None:
        sealed = learnt.show(tx, name, datetime.now(UTC))
        if sealed is None:
            return None
        _record(tx, by, "relearn --show", reference)
        return Secret(sealing.open(sealed, name))

    return database.write(show)


def _record(tx: Transaction, by: By, action: str, reference: str) -> None:
    audit.record(tx, by, action, {"learnt": reference}, datetime.now(UTC))
