"""Fixtures every kind of test may use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from anonymize.text.redactor import Redactor

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files of agencies, which are not part of the project; absent on most machines."""
    path = Path(os.environ.get("TRIBUTARY_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip("the shared real files are not on this machine (TRIBUTARY_SHARED_DATA)")
    return path


pytest_plugins = ["tests.fixtures_warehouse"]


@pytest.fixture(scope="session")
def redactor() -> Redactor:
    """The free-text engine, once for all tests: its model takes seconds to load."""
    from anonymize.text.redactor import engine

    return engine()
