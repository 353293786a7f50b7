"""`bridge release ID…|FILTER…`."""

from bridge.cli import steering
from bridge.services import acts, steer

command = steering.command_of(acts.RELEASE, steer.release, "Release held deliveries.")
