"""What it is to be a judge: a sender's own package that is asked whether it believes a signed request.

Nothing is imported before a judge is asked: what is not installed is known by name.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from provider_cases import NOW, cases

STAMP = str(int(NOW.timestamp()))


@dataclass(frozen=True, kw_only=True)
class Judge:
    """A package. `believes(case, request)` is true; or it is false, or raises one of `refusals`. `signs(case)` is the
    recording as the package would sign it now."""

    package: str
    module: str
    providers: tuple[str, ...]
    believes: Callable
    signs: Callable | None = None
    refusals: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        return find_spec(self.module) is not None

    def cases(self):
        """The recordings that it can judge."""
        return [case for case in cases() if case.name in self.providers]

    def accepts(self, case, request) -> bool:
        """Whether the package believes the request. An error that is no refusal is an error."""
        try:
            return self.believes(case, request) is not False
        except Exception as error:
            if type(error).__name__ not in self.refusals:
                raise
            return False

    def __str__(self) -> str:
        return self.package


def module(name: str):
    """The module; what a package's own code is warned of is not ours to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(name)


def key(case) -> str:
    return case.secret.reveal()


def text(request) -> str:
    return request.body.decode()


def head(request, name: str) -> str:
    return ", ".join(request.values(name))
