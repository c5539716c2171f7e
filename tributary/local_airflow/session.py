"""Starts the local Airflow, waits for it, and stops it again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from time import monotonic, sleep

import psycopg

from schemas.errors import SettingsError, TransientError
from tributary.local_airflow.api import Api
from tributary.local_airflow.config import USER, Home, free_port, write
from tributary.local_airflow.processes import Processes
from tributary.settings import Settings
from warehouse import roles
from warehouse.database import Warehouse
from warehouse.roles import Role

#: Seconds Airflow gets to become healthy, and to load the DAGs.
_START_SECONDS = 240
_POLL_SECONDS = 0.5
_PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


@contextmanager
def local_airflow(
    settings: Settings,
    warehouse: Warehouse,
    dags: Collection[str],
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Api]:
    """A running Airflow that has loaded ``dags``; it ends with the block.

    Runs that a killed start left unfinished go on: the scheduler takes over the tasks of a
    scheduler whose heart stopped, and every step finds its own earlier work.

    Raises:
        SettingsError: another start is running here, a component ended, a DAG does not load.
    """
    home = Home(settings.home / "airflow")
    home.prepare()
    with _alone(home):
        processes = Processes(home.run, home.logs, home.environment(settings.home))
        processes.sweep()
        port = free_port()
        metadata = warehouse.url(Role.AIRFLOW, roles.AIRFLOW)
        password = write(home, metadata, port)
        api = Api(f"http://127.0.0.1:{port}", USER, password)
        try:
            if not _is_migrated(home, warehouse):
                say("setting up Airflow's database")
                processes.migrate()
                _mark_migrated(home, warehouse)
            say("starting Airflow")
            processes.start()
            _wait(processes, lambda: _is_healthy(api))
            say("loading the DAGs")
            _wait(processes, lambda: _has_loaded(api, dags))
            yield api
        finally:
            api.close()
            processes.stop()


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    handle = os.open(home.lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise SettingsError(
            f"Airflow is already running in {home.directory}; wait for it or end it"
        ) from None
    finally:
        os.close(handle)


def _wait(processes: Processes, is_reached: Callable[[], bool]) -> None:
    until = monotonic() + _START_SECONDS
    while not is_reached():
        processes.require_running()
        if monotonic() > until:
            raise TransientError(f"Airflow was not ready after {_START_SECONDS} seconds")
        sleep(_POLL_SECONDS)


def _is_healthy(api: Api) -> bool:
    health = api.health()
    return all(health.get(part) == "healthy" for part in _PARTS)


def _has_loaded(api: Api, dags: Collection[str]) -> bool:
    if broken := api.broken_files():
        raise SettingsError(f"DAG files that do not load: {', '.join(broken)}")
    return set(dags) <= api.dags()


def _is_migrated(home: Home, warehouse: Warehouse) -> bool:
    """Whether the database is as the installed Airflow left it; asking Airflow costs seconds."""
    stamp = home.directory / "migrated"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _stamp(warehouse)


def _mark_migrated(home: Home, warehouse: Warehouse) -> None:
    (home.directory / "migrated").write_text(_stamp(warehouse), encoding="utf-8")


def _stamp(warehouse: Warehouse) -> str:
    with warehouse.connect(Role.AIRFLOW, roles.AIRFLOW) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
    return f"{version('apache-airflow')} {row[0] if row else 'empty'}"
