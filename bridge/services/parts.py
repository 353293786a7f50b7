"""What a process of the bridge keeps open, and every face is given."""

from dataclasses import dataclass

from bridge.services.rulesets import Rules
from bridge.settings import Settings
from bridge.store import Database


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The settings, the store and the rules in force."""

    settings: Settings
    database: Database
    rules: Rules
