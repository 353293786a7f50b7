"""The screens, one module each. A module here has a Flask `blueprint`, and a `PLACE` if the navigation shows it.

Pages read the request, call services and fill a template. They decide nothing.
"""

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from flask import Flask


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A link of the navigation. `icon` is the name of a symbol in static/icons.svg."""

    label: str
    # What follows /console/; "" is Home.
    path: str
    icon: str
    # "watch", "steer" or "setup"; admins' pages are in "setup".
    group: str = "watch"
    # Places stand in this order.
    order: int = 50
    # The scope that its page asks for.
    scope: str = "read"
    # The number beside it: the name of a field of services.pulse.Pulse.
    count: str = ""


def install(app: Flask) -> None:
    """Registers every page, and their places in the navigation."""
    places: list[Place] = []
    for found in iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        app.register_blueprint(module.blueprint)
        if hasattr(module, "PLACE"):
            places.append(module.PLACE)
    app.extensions["places"] = sorted(places, key=lambda one: one.order)
