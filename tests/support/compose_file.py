"""Reads compose.yaml and the Dockerfile as an engine would, for tests on machines that have no engine."""

import json
import re
import shlex
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$\{(\w+)(?::?-([^}]*))?\}")


def text(**variables: str) -> str:
    """compose.yaml with its variables in place: what `.env` gives, else the default that stands there."""
    source = (ROOT / "compose.yaml").read_text("utf-8")
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), source)


def plain(**variables: str) -> str:
    """The same without anchors and merges, which are YAML's and not of the specification."""
    return yaml.safe_dump(yaml.safe_load(text(**variables)))


def services(**variables: str) -> dict:
    """Every service by its name."""
    return yaml.safe_load(text(**variables))["services"]


def env_file(path: Path) -> dict[str, str]:
    """The variables of an env file; comments and empty lines are passed over."""
    lines = path.read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and line[0] != "#")
    return {name: value for name, _, value in pairs}


def image() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found = (line.split(None, 1) for line in lines.splitlines())
    return [(one[0], one[1]) for one in found if len(one) == 2 and one[0] != "#"]


def image_environment() -> dict[str, str]:
    """What ENV sets."""
    [values] = [rest for word, rest in image() if word == "ENV"]
    return dict(word.split("=", 1) for word in shlex.split(values))


def image_command(word: str) -> list[str]:
    """CMD or HEALTHCHECK, in its exec form."""
    [line] = [rest for name, rest in image() if name == word]
    return json.loads(line[line.index("[") :])
