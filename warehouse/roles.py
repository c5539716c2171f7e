"""The login roles of the warehouse and the statements that create them.

None is a superuser, none may bypass row-level security. Role names are global in a PostgreSQL
cluster, hence the prefix.

========== ==================================================================================
owner      owns the database, its schemas and the migrations; may create roles; runs nothing else
loader     writes ``core`` and ``ops``; reaches ``linkage`` through functions alone
linker     writes ``linkage`` and ``linked``; sees nothing of ``core``
publisher  reads ``core`` and ``linked``; writes ``mart`` and the ledger of releases
expunger   deletes, through functions alone
steward    reads ``core``, ``linked``, ``mart`` and ``ops``
auditor    reads ``ops``
partner    reads ``mart``
airflow    owns Airflow's own metadata database and cannot connect to the warehouse
========== ==================================================================================

An administrator (of the embedded server: single-user mode) creates the owner, Airflow's role and
the databases once. The owner creates the rest, so that later migrations can add roles without an
administrator.
"""

from __future__ import annotations

from enum import StrEnum

from psycopg import sql


class Role(StrEnum):
    """Login roles by what they are for."""

    OWNER = "tributary_owner"
    LOADER = "tributary_loader"
    LINKER = "tributary_linker"
    PUBLISHER = "tributary_publisher"
    EXPUNGER = "tributary_expunger"
    PARTNER = "tributary_partner"
    STEWARD = "tributary_steward"
    AUDITOR = "tributary_auditor"
    AIRFLOW = "tributary_airflow"


#: Created by the administrator, with the attributes they need beyond LOGIN.
ADMIN_MADE = {Role.OWNER: "CREATEROLE", Role.AIRFLOW: "NOCREATEROLE"}
#: Created by the owner before the migrations run, which grant them their rights.
OWNER_MADE = (
    *(Role.LOADER, Role.LINKER, Role.PUBLISHER, Role.EXPUNGER),
    *(Role.STEWARD, Role.AUDITOR, Role.PARTNER),
)

WAREHOUSE = "tributary"
AIRFLOW = "airflow"
#: Database -> the role that owns it.
DATABASES = {WAREHOUSE: Role.OWNER, AIRFLOW: Role.AIRFLOW}

_NEVER = "LOGIN NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS"


def create_role(role: Role, secret: str) -> str:
    """CREATE ROLE; ``secret`` is the password or, better, its SCRAM verifier."""
    attributes = f"{_NEVER} {ADMIN_MADE.get(role, 'NOCREATEROLE')}"
    return _statement("CREATE ROLE {} " + attributes + " PASSWORD {}", role, secret)


def set_password(role: Role, secret: str) -> str:
    """ALTER ROLE that gives ``role`` a new password and takes any other attribute back."""
    return _statement("ALTER ROLE {} LOGIN PASSWORD {}", role, secret)


def lend_role(role: Role) -> str:
    """Make the administrator a member of ``role`` for as long as it founds the warehouse."""
    return _statement("GRANT {} TO CURRENT_USER", role)


def return_role(role: Role) -> str:
    return _statement("REVOKE {} FROM CURRENT_USER", role)


def create_database(database: str) -> str:
    return _statement(
        "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0",
        sql.Identifier(database),
        sql.Identifier(DATABASES[database]),
    )


def close_database(database: str) -> str:
    """Take every right on a database from PUBLIC; its owner grants CONNECT by name."""
    return _statement("REVOKE ALL ON DATABASE {} FROM PUBLIC", sql.Identifier(database))


def _statement(template: str, *parts: str | sql.Identifier) -> str:
    composed = [
        part
        if isinstance(part, sql.Identifier)
        else (sql.Identifier(part) if isinstance(part, Role) else sql.Literal(part))
        for part in parts
    ]
    return sql.SQL(template).format(*composed).as_string(None)
