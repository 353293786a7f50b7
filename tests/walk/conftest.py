"""The Debian that all walks share: what one installs the next one finds, as on a machine of one's own."""

import pytest
from debian import debian


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    """Booted for the first time."""
    with debian(tmp_path_factory.mktemp("walk") / "debian") as booted:
        yield booted


@pytest.fixture
def walked(machine):
    """Types lines of pages, all of which must succeed, and says how long each took; gives what was typed."""

    def walk(lines, minutes=20):
        done = machine.typed(lines, timeout=60 * minutes)
        for one in done:
            print(f"{one.seconds:7.1f} s  {one.line[:100]}")
        assert [one for one in done if one.code != 0] == []
        assert sum(one.seconds for one in done) < 60 * minutes
        return done

    return walk
