"""Shows what is hidden to a person with the scope `reveal` who says why. The audit trail keeps it."""

from datetime import datetime

from bridge.errors import InputRefused
from bridge.model import Json
from bridge.services.people import Person
from bridge.store import Database, audit


def reveal(
    database: Database, person: Person, subject: Json, reason: str, *, now: datetime
) -> None:
    """Allows a person to see what `subject` names, such as {"events": [17]}.

    Raises NotAllowed without the scope, and InputRefused without a reason.
    """
    person.require("reveal")
    if not reason.strip():
        raise InputRefused(
            "to reveal personal data, give a reason: the audit trail keeps it"
        )
    by = person.by(reason.strip())
    database.write(lambda tx: audit.record(tx, by, "reveal", subject, now))
