"""`bridge release ID…|FILTER…`."""

from bridge.cli import steering
from bridge.services import steer

command = steering.command_of(steer.RELEASE, steer.release, "Let held deliveries go.")
