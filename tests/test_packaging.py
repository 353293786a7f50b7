"""What is installed is the whole of what is written."""

import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from setuptools import find_packages

ROOT = Path(__file__).parents[1]
PAYLOADS = ROOT / "tests" / "payloads"
_COMPILED = ignore_patterns("__pycache__")
# The last version with a fault that a bridge would meet; what they are is in the projects' own notices.
FAULTY = {
    "brotli": "1.1.0",  # a few bytes become any number of them, without a bound
    "certifi": "2024.6.2",  # trusts an issuer that browsers had dropped
    "cryptography": "44.0.0",  # its OpenSSL takes a wrong raw public key for the right one
    "flask": "3.1.0",
    "jinja2": "3.1.5",  # leaves its sandbox
    "requests": "2.32.3",
    "urllib3": "2.6.2",  # a compressed answer of a redirect without a bound
    "werkzeug": "3.1.5",  # takes a device of Windows for a file
}
DATA = {"yaml", "mako"}  # what setup.cfg names as package data
WHOLE = ("console/templates", "console/static")  # folders that it names


def test_every_module_is_in_a_package():
    """A folder without __init__.py would be missing from the installed bridge: migrations were, once."""
    packages = {
        name.replace(".", "/")
        for name in find_packages(ROOT, include=["bridge", "bridge.*"])
    }
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / "bridge").rglob("*.py")
    }
    assert folders - packages == set()


def test_every_other_file_is_package_data():
    """Files that are no modules are installed only if setup.cfg names their kind or folder."""
    others = [
        path
        for path in (ROOT / "bridge").rglob("*.*")
        if path.suffix not in (".py", ".pyc")
        and not any(path.is_relative_to(ROOT / "bridge" / name) for name in WHOLE)
    ]
    assert {path.suffix.removeprefix(".") for path in others if path.is_file()} <= DATA


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """What a wheel of this clone installs, unpacked; an earlier one was built in it."""
    folder = tmp_path_factory.mktemp("wheel")
    left = folder / "build" / "lib" / "bridge" / "providers"
    left.mkdir(parents=True)
    (left / "gone.yaml").touch()
    for name in ("bridge", "mappings", "tests/payloads"):
        copytree(ROOT / name, folder / name, symlinks=True, ignore=_COMPILED)
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        copy(ROOT / name, folder)
    made = subprocess.run(
        [sys.executable, "setup.py", "bdist_wheel", "--dist-dir", "dist"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    [file] = (folder / "dist").glob("*.whl")
    with ZipFile(file) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.slow
def test_a_wheel_works_alone(wheel, tmp_path):
    """Without a clone and make, `bridge demo` in an empty folder brings its own mapping files and recordings."""
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(wheel), "HOME": str(tmp_path)}
    where = "import bridge; print(bridge.__file__)"
    for command, said in (
        (["-c", where], str(wheel)),
        (["-m", "bridge", "demo", "--once"], "calls arrived, and no others"),
    ):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0 and said in done.stdout, done.stderr
    assert [*tmp_path.iterdir()] == []


def test_samples_are_those_of_the_clone(wheel):
    """The mapping files of the demo have one home, and are files in what is built."""
    built = wheel / "bridge" / "sample_mappings"
    files = {
        path.relative_to(ROOT / "mappings")
        for path in (ROOT / "mappings").rglob("*")
        if path.is_file()
    }
    assert {path.relative_to(built) for path in built.rglob("*.*")} == files


def test_recordings_are_installed_and_what_they_read_as_is_not(wheel):
    """`bridge init` takes its samples from the tests' own recordings: one home, and files in what is built."""
    built = wheel / "bridge" / "providers"
    written = {path.relative_to(PAYLOADS) for path in PAYLOADS.rglob("*.http")}
    installed = {path.relative_to(built / "samples") for path in built.rglob("*.http")}
    assert installed == written and not (built / "samples").is_symlink()
    assert [*built.rglob("expected.yaml")] == [] and [*built.rglob("stripe.yaml")]


def test_what_an_earlier_build_left_is_not_installed(wheel):
    """After `git pull` a clone still has build/ of the last installation: a sender that is gone would be back."""
    assert not (wheel / "bridge" / "providers" / "gone.yaml").exists()


def test_public_keys_need_no_extra():
    """No sender of the catalogue needs more than what every bridge has, and nobody is told of another extra."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    assert "cryptography" in config["options"]["install_requires"]
    extras = set(config["options.extras_require"])
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "Dockerfile"]
    pages += [*(ROOT / "docs").rglob("*.md"), *(ROOT / "bridge").rglob("*.py")]
    pages += [*(ROOT / "bridge").rglob("*.yaml")]
    for page in pages:
        for named in re.findall(
            r"(?:bridge|'\.)\[([\w,]+)\]'", page.read_text("utf-8")
        ):
            assert set(named.split(",")) <= extras, (page, named)


def _required():
    """Every requirement of setup.cfg, extras included."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    lists = [config["options"]["install_requires"]]
    lists += config["options.extras_require"].values()
    lines = "\n".join(lists).splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_a_floor_excludes_known_faults(name):
    """Whoever installs the bridge beside older packages is told by pip, wherever the package is asked for."""
    found = [one for one in _required() if one.name == name]
    assert found and not any(one.specifier.contains(FAULTY[name]) for one in found)


def test_what_is_tested_with_is_above_the_floors():
    """constraints.txt and setup.cfg say one thing."""
    text = (ROOT / "constraints.txt").read_text()
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", text.lower(), re.MULTILINE))
    checked = [one for one in _required() if one.name.lower() in pinned]
    assert len(checked) > 20
    for one in checked:
        assert one.specifier.contains(pinned[one.name.lower()]), one
