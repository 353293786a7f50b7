"""`make first-steps`: a newcomer's first minutes for real, packages out of the index and all; not part of make test.

A clone of what is committed, `make install`, every line of README and a first rule of one's own under test within ten
minutes; then Bridge without make and without a clone, by pip alone.
"""

import subprocess
import sys
import time

import clean_clone
from running import free_port
from test_first_steps import ROOT, printed, typed

MINUTES = 10
OWN_RULE = [
    "bridge init --from github --to kapture own",
    "bridge check own",
    "bridge test own",
]


def test_from_clone_to_a_first_rule(tmp_path):
    """README's lines, then a rule of one's own under test, within ten minutes; only Python and make are needed."""
    folder = tmp_path / "bridge"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    begun = time.monotonic()
    binds = {
        "BRIDGE_BIND": f"127.0.0.1:{free_port()}",
        "BRIDGE_ADMIN_BIND": f"127.0.0.1:{free_port()}",
    }
    python = getattr(sys, "_base_executable", sys.executable)
    steps = [line for line in printed("README.md") if " why " not in line]
    for line, code, said in typed(
        folder, [*steps, *OWN_RULE], PYTHON=python, timeout=60 * MINUTES, **binds
    ):
        assert code == 0, (line, said)
    assert time.monotonic() - begun < 60 * MINUTES


def test_pip_alone(tmp_path):
    """`pip install .` into an environment of its own gives a bridge that works in an empty folder."""
    environment, empty = tmp_path / "env", tmp_path / "empty"
    empty.mkdir()
    python = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([python, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "pip", "install", "--quiet", ROOT]
    subprocess.run(pip, check=True)
    done = subprocess.run(
        [environment / "bin" / "bridge", "demo", "--once"],
        cwd=empty,
        env=clean_clone.bare(empty),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "expected calls arrived, and no others" in done.stdout
