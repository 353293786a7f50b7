"""A clone as a newcomer has it after `make install`: tracked files, an environment in .venv, and a bare PATH.

The packages are those of the running environment, so nothing is fetched; `make walk` does it with a real one.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What iproute2's program says to our commands.
OTHER = '#!/bin/sh\necho "Object \\"$1\\" is unknown, try \\"bridge help\\"." >&2\nexit 255\n'
SCRIPT = "#!{python}\nimport sys\nfrom bridge.cli import main\nsys.exit(main())\n"


def clone(folder: Path) -> Path:
    """Every file that git knows of here, as it is now, below a folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_symlink() or (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return folder


def install(folder: Path) -> None:
    """What `make install` leaves behind, without asking an index."""
    environment = folder / ".venv"
    made = [sys.executable, "-m", "venv", "--without-pip", str(environment)]
    subprocess.run(made, check=True)
    [packages] = environment.glob("lib/python*/site-packages")
    lent = sysconfig.get_path("purelib")
    # The clone comes first: an editable installation of the running environment names another folder.
    (packages / "lent.pth").write_text(f"{folder}\n{lent}\n")
    script = environment / "bin" / "bridge"
    script.write_text(SCRIPT.format(python=environment / "bin" / "python"))
    script.chmod(0o755)
    (environment / "installed").touch()


def bare(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of a fresh account of a Debian, where iproute2's `bridge` is on the path."""
    system = folder.parent / "sbin"
    system.mkdir(exist_ok=True)
    (system / "bridge").write_text(OTHER)
    (system / "bridge").chmod(0o755)
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    path = os.pathsep.join([str(system), "/usr/bin", "/bin"])
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", **variables}
