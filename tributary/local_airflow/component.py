"""One component of the local Airflow: ``python -m tributary.local_airflow.component scheduler``.

The same as the command ``airflow``, and two things more: it ends with its parent, and the scheduler
imports beforehand what every task would import anew. Tasks are forks of it, and Great Expectations
alone takes six seconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from importlib import import_module

from schemas.odcs import contracts

_IMPORTED_BY_STEPS = (
    "great_expectations",
    "anonymize.deidentify",
    "anonymize.encoding.delivery",
    "anonymize.package",
    "connectors.validate",
    "warehouse.load",
    "warehouse.receipt",
)
_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """Have the kernel end this process when its parent ends; Linux knows how to."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended in between
        sys.exit(1)


def _warm_up() -> None:
    for name in _IMPORTED_BY_STEPS:
        import_module(name)
    contracts()  # read from here on from the cache; the demo's do not change


def main() -> None:
    _end_with_parent()
    os.umask(0o077)
    if sys.argv[1] == "scheduler":
        _warm_up()
    from airflow.__main__ import main as airflow

    sys.argv[0] = "airflow"
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
