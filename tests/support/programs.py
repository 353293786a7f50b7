"""Programs of the system that a test runs for real. One that is not installed is named, and its tests are not run."""

import shutil

import pytest

# Debian's package, where it has another name. `make programs` installs them where it may.
PACKAGES = {
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
    "systemd-nspawn": "systemd-container",
}
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def program(name: str) -> str:
    """Its path; a test that needs it is skipped where there is none, with the package's name."""
    found = shutil.which(name, path=PATH)
    if not found:
        pytest.skip(f"not tried, for it is not installed: {PACKAGES.get(name, name)}")
    return found
