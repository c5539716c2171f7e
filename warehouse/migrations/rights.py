"""Who sees which rows of a table: row-level security and grants, one line a right.

A migration that makes a table says at once who may use it::

    secure("mart.trend")
    may(Role.PUBLISHER, "mart.trend", "SELECT", "INSERT", "UPDATE", "DELETE")
    readable_by_all_members("mart.trend")      # every analyst and partner reads every row
    steward_reads("mart.trend")

    secure("mart.receipt")                     # an operational table: own agency and steward only
    may(Role.PUBLISHER, "mart.receipt", "SELECT", "INSERT", "DELETE")
    own_rows("mart.receipt")                   # analysts: own.receipt, rows of their agency alone
    steward_reads("mart.receipt")

    secure("linkage.encoding")                 # reached by functions that run as their owner
    through_functions("linkage.encoding", "INSERT")

A right is a grant and a policy: without the one the role may not, without the other it sees no row.
The same lines go into ``warehouse/rights.yaml``, against which the tests hold the database, cell by
cell; ``docs/rights.md`` is then written anew from the database (``tributary warehouse rights``).

Released migrations call these functions, so what one does never changes: a new rule gets a new
name.

Functions that run as their owner see no row of a secured table either, unless ``through_functions``
says so. On a table whose rows ``own_rows`` shows this takes nothing away: another role reads those.
A policy meant to hide rows from analysts (RESTRICTIVE) names ``OWN_ROWS``, not ``ANALYSTS``.
"""

# ruff: noqa: S608 - names of tables, from migrations

from __future__ import annotations

from warehouse.migrations import run

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
#: The group of all analysts, and the role that reads for them (``own_rows``).
ANALYSTS = "tributary_analyst"
OWN_ROWS = "tributary_own_rows"


def secure(table: str) -> None:
    """Close ``table`` (``schema.name``) to everybody, its owner included."""
    run(f"REVOKE ALL ON {table} FROM PUBLIC")
    run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def may(role: str, table: str, *verbs: str) -> None:
    """Grant ``verbs`` on all rows of ``table``; called once per role and table.

    TRUNCATE, REFERENCES and TRIGGER are for nobody: no policy binds them.
    """
    if not verbs or set(verbs) - set(VERBS):
        raise ValueError(f"a role may {', '.join(VERBS)} on {table}, not {verbs}")
    run(f"GRANT {', '.join(verbs)} ON {table} TO {role}")
    _policies(role, table, verbs, "true")


def steward_reads(table: str) -> None:
    """Stewards read every row of ``table``."""
    may("tributary_steward", table, "SELECT")


def auditor_reads(table: str) -> None:
    """Auditors read every row of ``table``."""
    may("tributary_auditor", table, "SELECT")


def readable_by_all_members(table: str) -> None:
    """Analysts of every agency, and partners, read every row: released aggregates."""
    may(ANALYSTS, table, "SELECT")
    may("tributary_partner", table, "SELECT")


def through_functions(table: str, *verbs: str) -> None:
    """Let functions that run as their owner (SECURITY DEFINER) do ``verbs`` on all rows.

    An INSERT that says ON CONFLICT or RETURNING needs SELECT, too, as do most UPDATEs and DELETEs.
    """
    _policies("tributary_owner", table, verbs, "true")


def own_rows(table: str) -> None:
    """Analysts read the rows whose column ``agency`` names the agency they logged in for.

    They read them as ``own.<name>`` and have no right on ``table`` itself. A policy alone would
    hide rows and still give away how many there are: who may SELECT may EXPLAIN, whose estimates
    come from statistics of all agencies' rows (to the exact count, in a small table) and whose
    "Rows Removed by Filter" counts what the policy hid. So a function reads for them, under the
    policy, whose plan nobody is shown.

    The sub-select in the policy runs once a statement and leaves an index on ``agency`` usable. A
    view shows the columns the table had when it was made: a migration that adds one calls
    ``show_own_rows`` again.
    """
    name = table.partition(".")[2]
    run(f"GRANT SELECT ON {table} TO {OWN_ROWS}")
    _policies(OWN_ROWS, table, ("SELECT",), "agency = (SELECT ops.session_agency())")
    run(f"""
        CREATE FUNCTION own.{name}_rows() RETURNS SETOF {table}
        LANGUAGE sql STABLE SECURITY DEFINER ROWS 10000 SET search_path = pg_catalog, pg_temp
        AS 'SELECT * FROM {table}';
        REVOKE ALL ON FUNCTION own.{name}_rows() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION own.{name}_rows() TO {ANALYSTS};
        GRANT CREATE ON SCHEMA own TO {OWN_ROWS};
        ALTER FUNCTION own.{name}_rows() OWNER TO {OWN_ROWS};
        REVOKE CREATE ON SCHEMA own FROM {OWN_ROWS};
    """)
    show_own_rows(table)


def show_own_rows(table: str) -> None:
    """Make the view ``own.<name>``, anew where there is one."""
    name = table.partition(".")[2]
    run(f"""
        DROP VIEW IF EXISTS own.{name};
        CREATE VIEW own.{name} WITH (security_invoker = true) AS
            SELECT * FROM own.{name}_rows();
        GRANT SELECT ON own.{name} TO {ANALYSTS};
    """)


def _policies(role: str, table: str, verbs: tuple[str, ...], rows: str) -> None:
    for verb in verbs:
        using = "" if verb == "INSERT" else f" USING ({rows})"
        check = f" WITH CHECK ({rows})" if verb in ("INSERT", "UPDATE") else ""
        name = f"{role.removeprefix('tributary_')}_{verb.lower()}"
        run(f"CREATE POLICY {name} ON {table} FOR {verb} TO {role}{using}{check}")
