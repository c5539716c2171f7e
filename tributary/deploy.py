"""Prepares a deployment as ``docker-compose.yml`` describes it.

    python -m tributary.deploy host SECRETS DROP   once, as root: secrets and drop folders
    python -m tributary.deploy databases           at every start: roles, tables, Airflow's database
    python -m tributary.deploy healthy PART        exit 0 where a part of Airflow is healthy

What exists is left as it is: a token secret that is made anew would turn every known record into a
new one.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

#: System users of the image (Dockerfile): one for each side of the wall, one for Airflow.
NODE, HUB, AIRFLOW, GROUP = 10001, 10002, 10003, 10000
#: The user of the image ``redis``.
REDIS = 999
_SECRETS = Path("/run/secrets")


@dataclass(frozen=True)
class Owned:
    """Whose a file or directory is. A secret one user reads is closed to all others."""

    user: int
    group: int = GROUP
    mode: int = 0o600

    def give(self, path: Path) -> None:
        os.chown(path, self.user, self.group)
        path.chmod(self.mode)


def host(directory: Path, drop: Path) -> None:
    """Make the secrets and drop folders that are missing."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from schemas.odcs import contracts
    from warehouse.roles import Role

    # The mounts decide who sees which file; what several users read belongs to their group.
    shared = Owned(0, mode=0o640)
    database = {role: _make(directory / "database" / role, _text(), Owned(HUB)) for role in Role}
    _make(directory / "database" / "postgres", _text(), Owned(0))
    redis = _make(directory / "redis_password", _text(), Owned(REDIS))
    url = f"postgresql+psycopg://{Role.AIRFLOW}:{database[Role.AIRFLOW]}@postgres:5432/airflow"
    _make(directory / "airflow" / "metadata_url", url, shared)
    _make(directory / "airflow" / "broker_url", f"redis://:{redis}@redis:6379/0", shared)
    _make(directory / "airflow" / "jwt_secret", secrets.token_urlsafe(64), shared)
    _make(directory / "airflow" / "api_secret_key", _text(), shared)
    fernet = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    _make(directory / "airflow" / "fernet_key", fernet, shared)
    _make(directory / "airflow" / "admin_password", _text(), Owned(0))
    # Where agencies have a node each, `linkage` is one file they made together, the same at all.
    for name in ("kek", "secret", "linkage", "signing"):
        _make(directory / "node" / name, secrets.token_hex(32), Owned(NODE))
    _make(directory / "hub" / "release", secrets.token_hex(32), Owned(HUB))
    signing = bytes.fromhex((directory / "node" / "signing").read_text(encoding="ascii"))
    public = Ed25519PrivateKey.from_private_bytes(signing).public_key().public_bytes_raw()
    trusted = directory / "trusted" / "node.pub"
    trusted.parent.mkdir(exist_ok=True)
    trusted.write_bytes(public)
    for contract in contracts().values():
        feed = drop.joinpath(*contract.name.split("."))
        for name in ("incoming", "taken", "receipts"):
            (feed / name).mkdir(parents=True, exist_ok=True)
            # The agency's own user joins by its SFTP server; the hub gets receipts/ alone mounted.
            Owned(NODE, mode=0o2770).give(feed / name)


def _text() -> str:
    return secrets.token_urlsafe(32)


def _make(path: Path, content: str, owned: Owned) -> str:
    """Write a secret unless there is one; returns the one that stands."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(content)
        owned.give(path)
    return path.read_text(encoding="ascii").strip()


def databases() -> None:
    """Roles, databases and tables of the warehouse; Airflow's tables and its first user."""
    from tributary.settings import settings
    from warehouse.bootstrap import found, prepare
    from warehouse.credentials import Credentials
    from warehouse.database import Warehouse

    here = settings(os.environ)
    credentials = Credentials(here.hub.credentials)
    found(f"postgresql://postgres:{_secret('postgres')}@postgres:5432/postgres", credentials)
    prepare(Warehouse.at(str(here.hub.warehouse_url), credentials))
    subprocess.run(["airflow", "db", "migrate"], check=True)
    person = [
        "--username",
        "admin",
        "--firstname",
        "-",
        "--lastname",
        "-",
        "--email",
        "admin@local",
    ]
    # Asked for twice; on the command line it would stand in the process list.
    subprocess.run(
        ["airflow", "users", "create", "--role", "Admin", *person],
        input=f"{_secret('admin_password')}\n" * 2,
        text=True,
        check=True,
    )


def _secret(name: str) -> str:
    return (_SECRETS / name).read_text(encoding="ascii").strip()


def is_healthy(part: str, address: str) -> bool:
    """Whether Airflow says that ``part`` (scheduler, triggerer, dag_processor) is healthy."""
    url = f"{address}/api/v2/monitor/health"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the deployment's own
        return bool(json.load(answer)[part]["status"] == "healthy")


def main(arguments: list[str]) -> int:
    """Run one of the commands above; returns its exit code."""
    match arguments:
        case ["host", directory, drop]:
            host(Path(directory), Path(drop))
        case ["databases"]:
            databases()
        case ["healthy", part]:
            return 0 if is_healthy(part, "http://airflow-apiserver:8080") else 1
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
