"""From an empty server to a warehouse that can be loaded: roles, databases, migrations.

The embedded server bootstraps itself (``warehouse.server``). For a server of your own an
administrator calls ``found`` once; afterwards no administrator is needed. ``prepare`` then brings
roles and tables up to date as the owner and may be called at every start, by several processes.

A server of your own should log no values either; see ``warehouse.server_files.configuration``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from schemas.errors import SettingsError, TransientError
from schemas.odcs import contracts
from warehouse import roles
from warehouse.credentials import Credentials
from warehouse.database import Warehouse, libpq_url, translated
from warehouse.roles import Role

#: Held while roles and tables are brought up to date; any constant number.
_LOCK = 7_428_836
_MIGRATIONS = Path(__file__).parent / "migrations"


def found(admin_url: str, credentials: Credentials) -> None:
    """As administrator: make the owner, Airflow's role and both databases where missing.

    ``admin_url`` is the URL of a role that may create roles and databases. Existing roles get
    the password in ``credentials``, so the call also repairs lost passwords. A superuser also
    takes some built-in functions from everybody (``roles.close_functions``); nobody else can.

    Raises:
        TransientError, PermanentError: the server is away, or the role may not do this.
    """
    credentials.ensure(roles.ADMIN_MADE)
    with (
        translated("founding the warehouse"),
        closing(psycopg.connect(libpq_url(admin_url), autocommit=True)) as connection,
    ):
        for role in roles.ADMIN_MADE:
            _ensure_role(connection, role, credentials)
            # a new database can only be given to a role one is a member of
            connection.execute(roles.lend_role(role))
        for database in roles.DATABASES:
            if not _exists(connection, "pg_database", "datname", database):
                connection.execute(roles.create_database(database))
            connection.execute(roles.close_database(database))
        for role in roles.ADMIN_MADE:
            connection.execute(roles.return_role(role))
        if connection.info.parameter_status("is_superuser") == "on":
            _close_functions(admin_url)


def _close_functions(admin_url: str) -> None:
    place = {**conninfo_to_dict(libpq_url(admin_url)), "dbname": roles.WAREHOUSE}
    with closing(psycopg.connect(make_conninfo("", **place), autocommit=True)) as connection:
        connection.execute(roles.close_functions())


def prepare(warehouse: Warehouse, agencies: Iterable[str] | None = None) -> None:
    """As owner: make the other roles and run the migrations that have not run yet.

    Every agency gets a role for its analysts; that of an agency which is no longer among them
    cannot log in again. So a new agency, or one that left, takes effect with the next call.

    Args:
        warehouse: where.
        agencies: the members; without them, every agency that has a contract.

    Raises:
        SettingsError: an agency's name cannot be a part of a role's name.
        TransientError, PermanentError: the server is away, or a migration failed (nothing of it
            is kept).
    """
    members = member_agencies() if agencies is None else agencies
    analysts = sorted(roles.analyst(agency) for agency in members)
    with translated("preparing roles"), closing(warehouse.connect(Role.OWNER)) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        for group in (roles.ANALYSTS, roles.OWN_ROWS):
            if not _exists(connection, "pg_roles", "rolname", group):
                connection.execute(roles.create_group(group))
        connection.execute(roles.let_owner_become(roles.OWN_ROWS))
        warehouse.credentials.ensure([*roles.OWNER_MADE, *analysts])
        for role in (*roles.OWNER_MADE, *analysts):
            if not _can_log_in(warehouse, role):
                _ensure_role(connection, role, warehouse.credentials)
        _settle_membership(connection, analysts)
        connection.execute(roles.let_take_turns())
        connection.execute("CREATE SCHEMA IF NOT EXISTS ops")
        migrate(warehouse)


def member_agencies() -> frozenset[str]:
    """The agencies that have a contract.

    Raises:
        ContractError: a contract does not load.
    """
    return frozenset(contract.agency for contract in contracts().values())


def _settle_membership(
    connection: psycopg.Connection[tuple[object, ...]], analysts: Sequence[str]
) -> None:
    """The group's members are ``analysts``; one that is no longer among them is locked out."""
    found = connection.execute(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
        "WHERE m.roleid = %s::regrole AND m.inherit_option",
        [roles.ANALYSTS],
    )
    known = {str(name) for (name,) in found.fetchall()}
    for role in sorted(set(analysts) - known):
        connection.execute(roles.join_group(role))
        connection.execute(roles.show_to_analyst(role))
    for role in sorted(known - set(analysts)):
        connection.execute(roles.leave_group(role))
        connection.execute(roles.lock_out(role))


def migrate(warehouse: Warehouse) -> None:
    """Run the migrations that have not run yet, in one transaction."""
    settings = Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    with translated("migrating"), warehouse.engine(Role.OWNER).begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def _ensure_role(
    connection: psycopg.Connection[tuple[object, ...]], role: str, credentials: Credentials
) -> None:
    # The server gets the SCRAM verifier, never the password itself.
    verifier = connection.pgconn.encrypt_password(
        credentials.password(role).encode(), role.encode(), b"scram-sha-256"
    ).decode()
    known = _exists(connection, "pg_roles", "rolname", role)
    statement = roles.set_password if known else roles.create_role
    connection.execute(statement(role, verifier))


def _exists(
    connection: psycopg.Connection[tuple[object, ...]], catalogue: str, column: str, name: str
) -> bool:
    query = psycopg.sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} = %s)").format(
        psycopg.sql.Identifier(catalogue), psycopg.sql.Identifier(column)
    )
    found = connection.execute(query, [name]).fetchone()
    return bool(found and found[0])


def _can_log_in(warehouse: Warehouse, role: str) -> bool:
    try:
        warehouse.connect(role).close()
    except TransientError:
        raise
    except (SettingsError, psycopg.Error):
        return False
    return True
