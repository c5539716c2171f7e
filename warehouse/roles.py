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
analyst_*  one for each agency (``analyst``): its own rows (schema ``own``), and ``mart``
========== ==================================================================================

Analysts hold no rights of their own: they are members of the group ``ANALYSTS``, which cannot log
in and whose name stands in grants and policies. Which rows are theirs follows from the name they
logged in with (``ops.session_agency()``, migration 0007), which no statement changes. ``OWN_ROWS``,
which cannot log in either, reads these rows for them and owns the functions that do. Nobody is a
member of anything else. Who may do what on each table stands in ``warehouse/rights.yaml``.

An administrator (of the embedded server: single-user mode) creates the owner, Airflow's role and
the databases once. The owner creates the rest, so that later migrations can add roles without an
administrator.
"""

from __future__ import annotations

import re
from enum import StrEnum

from psycopg import sql

from schemas.errors import SettingsError


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
ADMIN_MADE: dict[str, str] = {Role.OWNER: "CREATEROLE", Role.AIRFLOW: "NOCREATEROLE"}
#: Created by the owner before the migrations run, which grant them their rights.
OWNER_MADE = (
    *(Role.LOADER, Role.LINKER, Role.PUBLISHER, Role.EXPUNGER),
    *(Role.STEWARD, Role.AUDITOR, Role.PARTNER),
)

#: The group of all analysts; an analyst's own role is named after it and the agency.
ANALYSTS = "tributary_analyst"
#: Reads the rows of the session's agency; the owner may become it, to give it its functions.
OWN_ROWS = "tributary_own_rows"
#: What the name of an agency may be, so that role names differ where agencies do: PostgreSQL cuts
#: names at 63 bytes.
_AGENCY = re.compile(r"[a-z][a-z0-9_]{0,43}")
#: Connections one agency's analysts may hold; the server has 100 for everybody.
_ANALYST_CONNECTIONS = 10

WAREHOUSE = "tributary"
AIRFLOW = "airflow"
#: Database -> the role that owns it.
DATABASES = {WAREHOUSE: Role.OWNER, AIRFLOW: Role.AIRFLOW}

_NEVER = "LOGIN NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS"


def analyst(agency: str) -> str:
    """The login role of an agency's analysts.

    Raises:
        SettingsError: the agency's name cannot be a part of a role's name.
    """
    if not _AGENCY.fullmatch(agency):
        raise SettingsError(
            f"agency {agency} can have no analysts: its name must be lower-case letters, digits "
            "and underscores, 44 at most, and begin with a letter"
        )
    return f"{ANALYSTS}_{agency}"


def create_role(role: str, secret: str) -> str:
    """CREATE ROLE; ``secret`` is the password or, better, its SCRAM verifier."""
    attributes = f"{_NEVER} {ADMIN_MADE.get(role, 'NOCREATEROLE')}"
    if role.startswith(f"{ANALYSTS}_"):
        attributes += f" CONNECTION LIMIT {_ANALYST_CONNECTIONS}"
    return _statement("CREATE ROLE {} " + attributes + " PASSWORD {}", sql.Identifier(role), secret)


def create_group(group: str) -> str:
    """CREATE ROLE of one that cannot log in."""
    return _statement("CREATE ROLE {} NOLOGIN", sql.Identifier(group))


def let_owner_become(group: str) -> str:
    """Let the owner SET ROLE to ``group`` without having its rights."""
    return _statement(
        "GRANT {} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE", sql.Identifier(group)
    )


def join_group(role: str) -> str:
    """Give an analyst the group's rights; ``SET FALSE``: he never becomes the group itself."""
    return _statement(
        "GRANT {} TO {} WITH INHERIT TRUE, SET FALSE, ADMIN FALSE",
        sql.Identifier(ANALYSTS),
        sql.Identifier(role),
    )


def show_to_analyst(role: str) -> str:
    """ALTER ROLE: what an analyst may read is found without naming its schema."""
    return _statement("ALTER ROLE {} SET search_path = own, mart", sql.Identifier(role))


def leave_group(role: str) -> str:
    """Take the group's rights from an analyst; sessions that are open lose them, too."""
    return _statement("REVOKE {} FROM {}", sql.Identifier(ANALYSTS), sql.Identifier(role))


def lock_out(role: str) -> str:
    """ALTER ROLE that keeps ``role`` from logging in again."""
    return _statement("ALTER ROLE {} NOLOGIN PASSWORD NULL", sql.Identifier(role))


def set_password(role: str, secret: str) -> str:
    """ALTER ROLE that gives ``role`` a new password and lets it log in."""
    return _statement("ALTER ROLE {} LOGIN PASSWORD {}", sql.Identifier(role), secret)


def lend_role(role: str) -> str:
    """Make the administrator a member of ``role`` for as long as it founds the warehouse."""
    return _statement("GRANT {} TO CURRENT_USER", sql.Identifier(role))


def return_role(role: str) -> str:
    return _statement("REVOKE {} FROM CURRENT_USER", sql.Identifier(role))


def create_database(database: str) -> str:
    return _statement(
        "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0",
        sql.Identifier(database),
        sql.Identifier(DATABASES[database]),
    )


def close_database(database: str) -> str:
    """Take every right on a database from PUBLIC; its owner grants CONNECT by name."""
    return _statement("REVOKE ALL ON DATABASE {} FROM PUBLIC", sql.Identifier(database))


def close_functions() -> str:
    """Take built-in functions from PUBLIC that would tell or block too much, in one database.

    * Counters of rows and pages, exact and up to the moment: who loads one person and then asks how
      many rows ``linked.person_change`` has taken would learn whether another agency knows her.
      What tells of sessions (``pg_stat_activity``) stays.
    * Advisory locks: who holds the one of an agency stops its loads and expungements. The owner
      gives them to the roles that take turns (``let_take_turns``).

    They belong to the superuser, and only one can do this.
    """
    return """\
DO $$ DECLARE name text; built_in regprocedure; BEGIN
    FOR name, built_in IN
        SELECT proname, oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND (
            proname ~ '^pg_stat_get_' AND proname !~ '^pg_stat_get_(activity|backend|progress|snap)'
            OR proname ~ '^pg_(try_)?advisory_(xact_)?lock'
            OR proname IN
                ('pg_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_total_relation_size')
        )
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', built_in);
        IF name ~ 'advisory' THEN
            EXECUTE format(
                'GRANT EXECUTE ON FUNCTION %s TO tributary_owner WITH GRANT OPTION', built_in
            );
        ELSE
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO pg_monitor', built_in);
        END IF;
    END LOOP;
END $$"""


def let_take_turns() -> str:
    """GRANT of advisory locks; a warning and nothing else where everybody may take them."""
    return (
        "GRANT EXECUTE ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) TO "
        f"{Role.LOADER}, {Role.LINKER}, {Role.PUBLISHER}, {Role.EXPUNGER}"
    )


def _statement(template: str, *parts: str | sql.Identifier) -> str:
    composed = [part if isinstance(part, sql.Identifier) else sql.Literal(part) for part in parts]
    return sql.SQL(template).format(*composed).as_string(None)
