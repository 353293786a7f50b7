"""One receiver for all modules that ask what comes of requests, since they leave nothing that others look at."""

import pytest
from rawsockets import LIMIT, NoVendors
from running import MAPPING, bridge, post

from bridge.sandbox import DEFAULT_CREDENTIALS

OLD = "whsec_the_one_before"
ROTATING = MAPPING.replace(
    "{ env: STRIPE_WEBHOOK_SECRET }",
    "[{ env: STRIPE_WEBHOOK_SECRET }, { env: STRIPE_OLD_SECRET }]",
)


@pytest.fixture(scope="session")
def receiver(tmp_path_factory):
    """A bridge that only receives; it takes both secrets of a rotation, and bodies of up to LIMIT bytes."""
    folder = tmp_path_factory.mktemp("receiver")
    with bridge(folder, NoVendors, DEFAULT_CREDENTIALS, ROTATING) as made:
        made.environ |= {"STRIPE_OLD_SECRET": OLD, "BRIDGE_MAX_BODY": str(LIMIT)}
        made.start("--no-worker")
        made.old = OLD
        made.refusal = post(made.url, b"{}", source="nobody").content
        yield made
