"""`bridge cancel ID…|FILTER…`."""

from bridge.cli import steering
from bridge.services import acts, steer

command = steering.command_of(
    acts.CANCEL,
    steer.cancel,
    "Drop deliveries that wait, are held or dead; their lanes go on.",
)
