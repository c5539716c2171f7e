"""Directory and configuration of the local Airflow.

Secrets stand in files only their owner can read, never in the environment or an argument, which
every task would inherit and every process list show.
"""

from __future__ import annotations

import base64
import os
import secrets
import socket
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sqlalchemy import URL

USER = "demo"
#: Where ``dags/`` stands in a checkout.
DAGS = Path(__file__).resolve().parents[2] / "dags"


@dataclass(frozen=True)
class Home:
    """What stands where below ``AIRFLOW_HOME``."""

    directory: Path

    @property
    def configuration(self) -> Path:
        return self.directory / "airflow.cfg"

    @property
    def passwords(self) -> Path:
        return self.directory / "passwords.json"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    @property
    def run(self) -> Path:
        """Working directory of every process, by which leftovers of a killed start are known."""
        return self.directory / "run"

    @property
    def lock(self) -> Path:
        return self.directory / "lock"

    def prepare(self) -> None:
        for place in (self.directory, self.logs, self.run):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)

    def environment(self, home: Path) -> dict[str, str]:
        """Environment of the components; nothing in the caller's may change their configuration."""
        kept = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name}
        return {
            **kept,
            "AIRFLOW_HOME": str(self.directory),
            "AIRFLOW_CONFIG": str(self.configuration),
            "TRIBUTARY_HOME": str(home),
            "GX_ANALYTICS_ENABLED": "False",
            # Tasks run side by side already: one core each, for the language model too.
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
        }


def free_port() -> int:
    """A port on loopback that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write(home: Home, metadata: URL, port: int) -> str:
    """Write the configuration for one start; returns the password of ``USER``.

    Args:
        home: where.
        metadata: SQLAlchemy URL of Airflow's own database.
        port: of the api-server.
    """
    url = metadata.render_as_string(hide_password=False)
    address = f"http://127.0.0.1:{port}"
    sections = {
        "core": {
            "dags_folder": str(DAGS),
            "executor": "LocalExecutor",
            "parallelism": str(max(2, min(4, os.cpu_count() or 2))),
            "mp_start_method": "fork",
            "load_examples": "False",
            "dags_are_paused_at_creation": "False",
            "fernet_key": _fernet_key(home),
            "execution_api_server_url": f"{address}/execution/",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(home.passwords),
        },
        "database": {"sql_alchemy_conn": url, "sql_alchemy_conn_async": url},
        "api": {
            "host": "127.0.0.1",
            "port": str(port),
            "base_url": address,
            "workers": "1",
            "secret_key": secrets.token_urlsafe(32),
        },
        "api_auth": {"jwt_secret": secrets.token_urlsafe(64)},
        "logging": {
            "base_log_folder": str(home.logs),
            "file_task_handler_new_folder_permissions": "0o700",
            "file_task_handler_new_file_permissions": "0o600",
        },
        # Its first answers take seconds on a small machine that is busy.
        "workers": {"execution_api_timeout": "60"},
        # Tasks of a scheduler that was killed are taken over by the next one this soon.
        "scheduler": {
            "scheduler_health_check_threshold": "20",
            "orphaned_tasks_check_interval": "5",
            "scheduler_idle_sleep_time": "0.5",
            # Runs start when they are asked for, not because it is past six.
            "use_job_schedule": "False",
        },
        "dag_processor": {
            "min_file_process_interval": "3600",
            "dag_version_inflation_check_level": "error",
        },
    }
    parser = ConfigParser(interpolation=None)
    parser.read_dict(
        {
            section: {option: value.replace("%", "%%") for option, value in options.items()}
            for section, options in sections.items()
        }
    )
    with _private(home.configuration) as handle:
        parser.write(handle)
    password = secrets.token_urlsafe(32)
    with _private(home.passwords) as handle:
        handle.write(f'{{"{USER}": "{password}"}}\n')
    return password


def _fernet_key(home: Home) -> str:
    """The key of an earlier start, with which rows of the metadata database are encrypted."""
    before = ConfigParser(interpolation=None)
    before.read(home.configuration)
    new = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return before.get("core", "fernet_key", fallback=new)


def _private(path: Path) -> TextIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(handle, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8")
