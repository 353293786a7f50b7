"""Fetches again what the console uses of others, as static/vendor/manifest.json names it, and compares hashes.

    python release/assets.py

Needs npm and the network; nothing of a package is run. A file with another hash is not written.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "bridge" / "console" / "static" / "vendor"


def fetched(package: str, version: str, name: str) -> bytes:
    """One file of a package of npm."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{package}@{version}"]
        made = subprocess.run(command, cwd=folder, check=True, capture_output=True)
        archive = Path(folder) / made.stdout.decode().strip().splitlines()[-1]
        with tarfile.open(archive) as packed:
            member = packed.extractfile(f"package/{name}")
            assert member, f"{package} has no {name}"
            return member.read()


def main() -> int:
    """Writes every file that is as the manifest says; 1 if one is not."""
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    wrong = 0
    for name, entry in manifest.items():
        if "file" not in entry:
            print(f"{name}: is built: {entry['built']}")
            continue
        content = fetched(entry["package"], entry["version"], entry["file"])
        same = hashlib.sha256(content).hexdigest() == entry["sha256"]
        if same:
            (VENDOR / name).write_bytes(content)
        wrong += not same
        print(f"{name}: {'as the manifest says' if same else 'has another hash'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
