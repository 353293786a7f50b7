"""A browser and a bridge whose store has something of everything, for a module's tests."""

import faces
import pytest
from browsing import bind, chromium, serving  # noqa: F401  (fixtures)
from console_world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory, vendors):
    """A store with events and deliveries of every kind."""
    with pytest.MonkeyPatch.context() as patch:
        vendors.reset()
        made = World(tmp_path_factory.mktemp("world"), vendors, patch)
        yield made
        made.close()


@pytest.fixture(scope="module")
def console(world, chromium):  # noqa: F811
    """That store's console in the browser."""
    parts = faces.parts(
        world.database, world.folder, admin_bind=bind(), environment="staging"
    )
    with serving(parts, chromium) as made:
        yield made
