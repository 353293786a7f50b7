"""`bridge cancel ID…|FILTER…`."""

from bridge.cli import steering
from bridge.services import acts, steer

command = steering.command_of(
    acts.CANCEL,
    steer.cancel,
    "Cancel waiting, held or dead deliveries; their lanes continue.",
)
