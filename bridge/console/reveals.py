"""Asks whether the person of a form may see what pages hide, and says why not."""

from datetime import UTC, datetime

from flask import flash, request

from bridge.console.session import parts, who
from bridge.errors import BridgeError
from bridge.model import Json
from bridge.services import revealing


def allowed(subject: Json) -> bool:
    """Whether `subject`, such as {"events": [17]}, may be shown for the form's reason; the audit trail keeps it."""
    reason, now = request.form.get("reason", ""), datetime.now(UTC)
    try:
        revealing.reveal(parts().database, who(), subject, reason, now=now)
    except BridgeError as error:
        flash(str(error), "error")
        return False
    return True
