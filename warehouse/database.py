"""Connections to the warehouse by role, and database errors without the values they quote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import URL, Engine, NullPool, create_engine
from sqlalchemy.exc import DBAPIError

from schemas.errors import PermanentError, SettingsError, TransientError, TributaryError
from warehouse.credentials import Credentials
from warehouse.roles import WAREHOUSE

#: SQLSTATE classes of faults that pass: connection, rollback (deadlock, serialization), resources,
#: operator intervention (shutdown); and 55P03, a lock not granted in time.
_TRANSIENT_CLASSES = ("08", "40", "53", "57")
_TRANSIENT_STATES = ("55P03",)

#: libpq parameters that are ours to set, whatever the warehouse's URL says.
_OWN = ("user", "password", "dbname", "passfile", "service")


@dataclass(frozen=True)
class Warehouse:
    """Where the warehouse is and how each role gets in.

    ``place`` holds libpq parameters (host, port, sslmode, ...) without user or password.
    """

    place: Mapping[str, str]
    credentials: Credentials = field(repr=False)
    database: str = WAREHOUSE

    @classmethod
    def at(cls, url: str, credentials: Credentials) -> Warehouse:
        """The warehouse an operator's URL names; its user and password, if any, are ignored.

        Raises:
            SettingsError: the URL cannot be parsed.
        """
        try:
            given = conninfo_to_dict(libpq_url(url))
        except psycopg.ProgrammingError:
            raise SettingsError(
                "the warehouse URL is not a PostgreSQL URL; write postgresql://host:port/database"
            ) from None
        place = {name: str(value) for name, value in given.items() if name not in _OWN}
        return cls(MappingProxyType(place), credentials, str(given.get("dbname", WAREHOUSE)))

    def conninfo(self, role: str, database: str | None = None) -> str:
        """libpq connection string of ``role``; holds its password, so never log it."""
        return make_conninfo(
            "",
            **self.place,
            dbname=database or self.database,
            user=role,
            password=self.credentials.password(role),
        )

    def url(self, role: str, database: str | None = None, driver: str = "psycopg") -> URL:
        """SQLAlchemy URL of ``role``; its ``str()`` hides the password."""
        return URL.create(
            f"postgresql+{driver}",
            username=role,
            password=self.credentials.password(role),
            database=database or self.database,
            query=self.place,
        )

    def engine(self, role: str) -> Engine:
        """An engine that keeps no connection and puts no parameter into a message."""
        return create_engine(self.url(role), poolclass=NullPool, hide_parameters=True)

    def connect(self, role: str, database: str | None = None) -> psycopg.Connection[Any]:
        """A psycopg connection in autocommit mode."""
        with translated("connecting"):
            return psycopg.connect(self.conninfo(role, database), autocommit=True)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn database errors into ours. ``doing`` names step and table, never a value.

    Raises:
        TransientError: connection, lock, deadlock, resources, shutdown.
        PermanentError: anything else, by SQLSTATE, table and constraint alone.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _ours(error, doing) from None
    except DBAPIError as error:
        cause = error.orig
        raise _ours(cause if isinstance(cause, psycopg.Error) else None, doing) from None


def _ours(error: psycopg.Error | None, doing: str) -> TributaryError:
    if error is None:
        return PermanentError(f"warehouse: {doing} failed")
    state = error.sqlstate
    if state is None:
        return _connection_fault(error, doing)
    place = " ".join(
        part for part in (error.diag.table_name, error.diag.constraint_name) if part is not None
    )
    message = f"warehouse: {doing} failed with SQLSTATE {state}{f' at {place}' if place else ''}"
    if state.startswith(_TRANSIENT_CLASSES) or state in _TRANSIENT_STATES:
        return TransientError(message)
    return PermanentError(message)


def _connection_fault(error: psycopg.Error, doing: str) -> TributaryError:
    # libpq gives failed connection attempts no SQLSTATE; a refused password will be refused again.
    if "authentication failed" in str(error) or "pg_hba.conf" in str(error):
        return SettingsError(
            f"warehouse: {doing} failed: the server does not accept the role's password; "
            "prepare the warehouse again"
        )
    if isinstance(error, psycopg.OperationalError):
        return TransientError(f"warehouse: {doing} failed: no connection to the server")
    return PermanentError(f"warehouse: {doing} failed: {type(error).__name__}")


def libpq_url(url: str) -> str:
    """``postgresql+psycopg://...`` as libpq knows it."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"
