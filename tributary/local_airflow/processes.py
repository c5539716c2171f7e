"""The components as processes: started, watched, ended, and swept up after a killed start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic

import psutil  # type: ignore[import-untyped]

from schemas.errors import SettingsError

#: Seconds a component gets to end by itself.
_GRACE = 5
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT

COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "api-server": (),
    "dag-processor": (),
    # The log servers are for other machines' readers.
    "scheduler": ("--skip-serve-logs",),
    "triggerer": ("--skip-serve-logs",),
}


class Processes:
    """Processes whose working directory is ``run``; nobody else works there."""

    def __init__(self, run: Path, logs: Path, environ: Mapping[str, str]) -> None:
        self._run, self._logs, self._environ = run, logs, environ
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def migrate(self) -> None:
        """Bring Airflow's database to the installed version.

        Raises:
            SettingsError: it failed.
        """
        if self._spawn("migrate", "db", "migrate").wait():
            raise SettingsError(f"Airflow's database cannot be set up; see {self._log('migrate')}")

    def start(self) -> None:
        for name, arguments in COMPONENTS.items():
            self._running[name] = self._spawn(name, name, *arguments)

    def require_running(self) -> None:
        """Raise ``SettingsError`` where a component has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise SettingsError(f"Airflow's {name} has ended; see {self._log(name)}")

    def stop(self) -> None:
        """End everything: first the components, then whatever they left behind."""
        for process in self._running.values():
            process.terminate()
        until = monotonic() + _GRACE
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - monotonic()))
        self._running.clear()
        self.sweep()

    def sweep(self) -> None:
        """Kill what works in ``run``. A task that is killed so is taken up again by its id."""
        mine = [found for found in psutil.process_iter() if self._is_ours(found)]
        for found in mine:
            found.kill()
        psutil.wait_procs(mine, timeout=_GRACE)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            owner, place = process.uids().real, process.cwd()
        except psutil.Error:
            return False
        mine: bool = owner == os.getuid() and place == str(self._run)
        return mine and process.pid != os.getpid()

    def _spawn(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with os.fdopen(os.open(self._log(name), _APPEND, 0o600), "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tributary.local_airflow.component", *arguments],
                cwd=self._run,
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A Ctrl-C at the terminal is for the one who started them.
                start_new_session=True,
            )

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"
