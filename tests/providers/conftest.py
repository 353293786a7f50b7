"""Every recording as a fixture; what could not be checked here is said by name at the end of a run."""

import pytest
from provider_cases import cases, usable

from bridge import providers


def pytest_terminal_summary(terminalreporter):
    missing = [name for name in providers.names() if not usable(name)]
    if missing:
        names = ", ".join(missing)
        terminalreporter.write_line(
            f"not checked, for the package cryptography is not installed: {names}"
        )


@pytest.fixture(params=cases(), ids=str)
def case(request):
    """Each recording of an event."""
    return request.param
