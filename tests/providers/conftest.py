"""Every recording as a fixture; what could not be checked here is said by name at the end of a run."""

import pytest
from corpora import CORPORA
from judges import JUDGES
from provider_cases import cases
from repeating import updates

from bridge import providers


def pytest_terminal_summary(terminalreporter):
    if absent := ", ".join(str(judge) for judge in JUDGES if not judge.installed):
        terminalreporter.write_line(f"not asked, for it is not installed: {absent}")
    if absent := ", ".join(str(corpus) for corpus in CORPORA if not corpus.there):
        terminalreporter.write_line(f"not sent, for it is not there: {absent}")
    for name in providers.names():
        if (said := updates(name)) and said.none:
            line = f"no two updates told apart for {name}: {said.none}"
            terminalreporter.write_line(line)


@pytest.fixture(params=cases(), ids=str)
def case(request):
    """Each recording of an event."""
    return request.param
