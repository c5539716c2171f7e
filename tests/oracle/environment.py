"""Programs of an environment of their own: their pinned packages do not go with ours.

clkhash needs cryptography before 41. ``make oracle`` makes the environment.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PYTHON = ROOT / ".venv-oracle" / "bin" / "python"
_HERE = Path(__file__).parent


def lacks(*modules: str) -> str:
    """Why a program that needs these modules cannot run here; empty where it can."""
    if not PYTHON.exists():
        return "no environment of the oracle: make oracle"
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    done = subprocess.run(
        [PYTHON, "-W", "ignore", "-c", code, *modules], capture_output=True, text=True, check=False
    )
    return f"the oracle's environment: {done.stderr.splitlines()[-1]}" if done.returncode else ""


def run(program: str, given: Any) -> str:
    """What a program of this folder prints."""
    done = subprocess.run(
        [PYTHON, "-W", "ignore", _HERE / program],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout
