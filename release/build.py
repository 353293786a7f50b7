"""`make release`: what is published of a version, in dist/, each part checked; publishes nothing.

The wheel is built from the sdist, so both are whole. It is installed into an environment that has nothing else, far
from the clone, and has to deliver the demo's events there. The list of parts (CycloneDX) is of that environment.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
BARE = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


class NotReleasable(Exception):
    """What has to be put right first, in one sentence."""


def version() -> str:
    """The version, from the one place where it stands."""
    text = (ROOT / "bridge" / "__init__.py").read_text("utf-8")
    [found] = re.findall(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    return found


def changes(changelog: str, wanted: str) -> str:
    """The section of a version. Raises NotReleasable where there is none, or nothing in it."""
    parts = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    for part in parts:
        title, _, text = part.partition("\n")
        if title.split()[0] == wanted and text.strip():
            return f"## {title}\n{text.rstrip()}\n"
    raise NotReleasable(f"CHANGELOG.md says nothing about {wanted}: write a section")


def run(*command: object, **options: object) -> str:
    """What a command prints. Raises NotReleasable with its last lines where it fails."""
    done = subprocess.run(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise NotReleasable(f"{command[0]} failed:\n{tail}")
    return done.stdout


def build() -> Path:
    """The sdist, and the wheel that is made of it; the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    run(sys.executable, "-m", "twine", "check", "--strict", *DIST.iterdir())
    [wheel] = DIST.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """The wheel in an environment of its own, without pip; its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, "--constraint", ROOT / "constraints.txt", wheel)
    return python


def try_out(python: Path, empty: Path, wanted: str) -> None:
    """In an empty folder it says its version, and the demo's events arrive."""
    bridge = python.with_name("bridge")
    environ = {**BARE, "HOME": str(empty)}
    said = run(bridge, "--version", cwd=empty, env=environ)
    if wanted not in said:
        raise NotReleasable(f"the wheel calls itself {said.strip()}, not {wanted}")
    said = run(bridge, "demo", "--once", cwd=empty, env=environ)
    if "calls arrived, and no others" not in said:
        raise NotReleasable(f"the demo of the wheel failed:\n{said}")


def list_parts(python: Path, wanted: str) -> Path:
    """The CycloneDX file of all packages that were installed with the wheel, Bridge as the thing they are parts of."""
    file = DIST / f"bridge-{wanted}.cdx.json"
    cyclonedx = Path(sys.executable).with_name("cyclonedx-py")
    options = [
        "--output-reproducible",
        "--output-format",
        "JSON",
        "--output-file",
        file,
    ]
    run(cyclonedx, "environment", *options, python)
    listed = json.loads(file.read_text("utf-8"))
    [own] = [one for one in listed["components"] if one["name"] == "bridge"]
    listed["components"].remove(own)
    own.pop("externalReferences", None)  # the path of the wheel on this machine
    listed["metadata"]["component"] = {**own, "type": "application"}
    file.write_text(json.dumps(listed, indent=2) + "\n", "utf-8")
    return file


def main() -> None:
    """All of it; the last lines say what is there."""
    wanted = version()
    section = changes((ROOT / "CHANGELOG.md").read_text("utf-8"), wanted)
    print(f"building {wanted} …", flush=True)
    wheel = build()
    with tempfile.TemporaryDirectory(prefix="bridge-release-") as scratch:
        print("installing the wheel into a clean environment …", flush=True)
        python = install(wheel, Path(scratch) / "environment")
        empty = Path(scratch) / "empty"
        empty.mkdir()
        print("running the demo from the wheel …", flush=True)
        try_out(python, empty, wanted)
        list_parts(python, wanted)
    (DIST / f"CHANGES-{wanted}.md").write_text(section, "utf-8")
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(DIST.iterdir())
    ]
    (DIST / "SHA256SUMS").write_text("".join(sums), "utf-8")
    print("".join(f"dist/{path.name}\n" for path in sorted(DIST.iterdir())), end="")
    if "(unreleased)" in section:
        print(f"not to be published yet: CHANGELOG.md calls {wanted} unreleased")


if __name__ == "__main__":
    os.environ.pop("PIP_CONSTRAINT", None)
    try:
        main()
    except NotReleasable as problem:
        sys.exit(f"not releasable: {problem}")
