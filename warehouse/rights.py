"""Who may do what: as ``rights.yaml`` declares it, and as a running database has it.

Both are the same flat mapping from a place and a role to rights, so that comparing them is ``==``::

    ("core.event", "loader")            -> {"select", "insert", "update", "delete"}
    ("core.event", "own_rows")          -> {"own select"}
    ("ops.log_access()", "steward")     -> {"execute as owner"}
    ("core", "loader")                  -> {"usage"}
    ("database", "loader")              -> {"connect", "temporary"}

A migration that adds a table, function or schema adds it to ``rights.yaml`` (see
``warehouse.migrations.rights``) and writes ``docs/rights.md`` anew.
"""

# ruff: noqa: S608 - every part of a statement stands in this file

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

import psycopg
import yaml

#: (place, role) -> rights. Roles without their prefix; ``analyst`` is the group.
Rights = Mapping[tuple[str, str], frozenset[str]]

VERBS = ("select", "insert", "update", "delete")
#: Whose rights ``rights.yaml`` declares, in the order of the columns of ``docs/rights.md``. The
#: last reads for analysts and cannot log in.
ROLES = (
    *("loader", "linker", "publisher", "expunger", "steward", "auditor", "partner"),
    *("analyst", "own_rows"),
)
_PREFIX = "tributary_"
#: Alembic's own; its one row is the version of the schema, and the owner must see it.
UNSECURED = frozenset({"ops.alembic_version"})
#: The one policy that tells agencies apart, as PostgreSQL writes it.
_OWN = re.compile(r"\(agency = \( SELECT ops\.session_agency\(\) AS session_agency\)\)")

# --- declared -------------------------------------------------------------------------------------


def declared() -> Rights:
    """The rights ``rights.yaml`` declares."""
    text = files("warehouse").joinpath("rights.yaml").read_text("utf-8")
    return _gathered(_listed(yaml.safe_load(text)))


def _listed(given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for right, roles in given["database"].items():
        yield from (("database", role, right) for role in roles)
    for schema, roles in given["schemas"].items():
        yield from ((schema, role, "usage") for role in roles)
    for block in given["tables"]:
        for name in block["names"]:
            for role, words in block["rights"].items():
                yield from ((name, role, right) for right in _words(words))
    for table in given["own"]:
        name = table.partition(".")[2]
        yield table, "own_rows", "own select"
        yield f"own.{name}", "analyst", "select"
        yield f"own.{name}_rows()", "analyst", "execute as own_rows"
    for block in given["functions"]:
        right = "execute" if block.get("invoker") else "execute as owner"
        for name in block["names"]:
            yield from ((f"{name}()", role, right) for role in block["roles"])


def _words(text: str) -> list[str]:
    """``select(a,b) delete`` -> ``select(a,b)``, ``delete``."""
    return re.findall(r"[a-z]+(?:\([^)]*\))?", text)


def _gathered(listed: Iterable[tuple[str, str, str]]) -> Rights:
    found: dict[tuple[str, str], set[str]] = {}
    for place, role, right in listed:
        found.setdefault((place, role), set()).add(right)
    return {key: frozenset(rights) for key, rights in sorted(found.items())}


# --- granted --------------------------------------------------------------------------------------

_OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
#: Every entry of an access list whose grantee is not the owner; an empty list means the default.
_QUERIES = {
    "database": """
        SELECT 'database', a.grantee, lower(a.privilege_type)
        FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        WHERE d.datname = current_database() AND a.grantee <> d.datdba
    """,
    "schemas": f"""
        SELECT n.nspname, a.grantee, lower(a.privilege_type)
        FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        WHERE {_OURS} AND a.grantee <> n.nspowner
    """,
    "functions": f"""
        SELECT n.nspname || '.' || p.proname || '()', a.grantee,
            lower(a.privilege_type) || CASE WHEN p.prosecdef
                THEN ' as ' || replace(p.proowner::regrole::text, 'tributary_', '') ELSE '' END
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
            aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        WHERE {_OURS} AND a.grantee <> p.proowner
    """,
    "sequences": f"""
        SELECT n.nspname || '.' || c.relname, a.grantee, lower(a.privilege_type)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
            aclexplode(coalesce(c.relacl, acldefault('s', c.relowner))) a
        WHERE {_OURS} AND c.relkind = 'S' AND a.grantee <> c.relowner
    """,
}
_TABLES = f"""
    SELECT c.oid, c.relkind = 'v', n.nspname || '.' || c.relname, a.grantee,
        lower(a.privilege_type), NULL
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
        aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
    WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.grantee <> c.relowner
    UNION ALL
    SELECT c.oid, c.relkind = 'v', n.nspname || '.' || c.relname, a.grantee,
        lower(a.privilege_type), string_agg(t.attname, ',' ORDER BY t.attnum)
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(t.attacl) a
    WHERE {_OURS} AND a.grantee <> c.relowner
    GROUP BY 1, 2, 3, 4, 5
"""
_POLICIES = """
    SELECT polrelid, polroles, polcmd, pg_get_expr(coalesce(polqual, polwithcheck), polrelid)
    FROM pg_policy WHERE polpermissive
"""
_COMMANDS = {"select": "r", "insert": "a", "update": "w", "delete": "d"}


def granted(connection: psycopg.Connection[Any]) -> Rights:
    """The rights of everybody but the owner in a running database, from its catalogue.

    A right on a table none of whose rows a policy shows is written ``no select``; one that depends
    on another condition than the agency, ``some select``. Restrictive policies only take away, and
    are left out.
    """
    names = {0: "PUBLIC"}
    for oid, name in connection.execute("SELECT oid, rolname FROM pg_roles").fetchall():
        names[oid] = name.removeprefix(_PREFIX)
    listed = [
        (place, names[role], right)
        for query in _QUERIES.values()
        for place, role, right in connection.execute(query).fetchall()
    ]
    policies = connection.execute(_POLICIES).fetchall()
    for table, is_view, place, role, verb, columns in connection.execute(_TABLES).fetchall():
        scope = (
            ""
            if is_view
            else _scope(
                condition
                for relation, roles, command, condition in policies
                if relation == table
                and command in ("*", _COMMANDS.get(verb))
                and {role, 0} & set(roles)
            )
        )
        listed.append((place, names[role], scope + verb + (f"({columns})" if columns else "")))
    return _gathered(listed)


def _scope(conditions: Iterable[str]) -> str:
    """Which rows permissive policies show: all (an empty word), those of one's own agency, ..."""
    found = set(conditions)
    if not found:
        return "no "
    if "true" in found:
        return ""
    return "own " if all(_OWN.fullmatch(one) for one in found) else "some "


def unsecured(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """Tables without forced row-level security, and views that read with their owner's rights."""
    found = connection.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE {_OURS} AND (c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND "
        "c.relforcerowsecurity) OR c.relkind IN ('m', 'f') OR c.relkind = 'v' AND NOT "
        "coalesce('security_invoker=true' = ANY (c.reloptions), false))"
    )
    return frozenset(name for (name,) in found.fetchall()) - UNSECURED


def tables(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Every table and view of the warehouse."""
    found = connection.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1"
    )
    return tuple(name for (name,) in found.fetchall())
