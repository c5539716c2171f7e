"""``docs/rights.md``: who may do what, written from a running database and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

from warehouse import rights
from warehouse.rights import ROLES, VERBS, Rights

_INTRO = """\
# Who may do what in the warehouse

Written from a running database by `tributary warehouse rights > docs/rights.md`. A test fails where
this page and the database differ; one for each cell of the matrix logs in as the role and tries.

Everyone logs in under a role of his own and is a member of nothing else. An analyst's role is
`tributary_analyst_<agency>`; what all of them may do is the column `analyst`. `own_rows` cannot log
in: it owns the functions that read an agency's own rows for its analysts. The owner of all objects
(`tributary_owner`) runs migrations and nothing else; row-level security is forced on it, too, so
that it sees rows only inside the functions below. Nobody is a superuser or bypasses row-level
security, and nobody but the owner may create objects.
"""
_LEGEND = """\
**S**elect, **I**nsert, **U**pdate, **D**elete, on all rows. S° = only rows of the agency whose
analysts log in. (S) = some columns or rows, given below. Empty = refused.
"""
_KNOWN = """\
## What PostgreSQL tells everybody who may connect

No right can be taken that would hide these, so nothing that must stay secret may be in them:

* the catalogue: names of schemas, tables, columns, roles (and so of member agencies), the text of
  functions and policies;
* about how many rows a table had, over all agencies, when it was last vacuumed or analysed
  (`pg_class.reltuples`), and how many pages one's own query read (`EXPLAIN (ANALYZE, BUFFERS)`);
  never by agency, for no table holds one agency's rows alone;
* who is connected (`pg_stat_activity`: role, database and the name the program gives itself; the
  statement only to the same role), and which locks are held.

Exact counters (`pg_stat_all_tables`, `pg_relation_size`) and advisory locks are closed to members
on the embedded server, and on one's own where a superuser founded the warehouse. The counters would
tell whoever has just loaded one person whether another agency knew her; the locks would let one
member stop the loads and expungements of another. Where an administrator who is no superuser
founded it, have a superuser run there what `warehouse.roles.close_functions` returns, and prepare
again.

Statistics on the values of a column (`pg_stats`, estimates of `EXPLAIN`) need SELECT on the table,
which is why analysts have it on tables of released aggregates alone.
"""


def page(connection: psycopg.Connection[Any]) -> str:
    """The page, of the database ``connection`` is to; any role may write it."""
    found = rights.granted(connection)
    return "\n".join(
        [
            _INTRO,
            *("## Tables", "", _LEGEND),
            *_tables(found, rights.tables(connection)),
            *("", "## Rows that are hidden, whatever else is allowed", ""),
            *_hidden(connection),
            *("", "## Functions", ""),
            *_functions(found),
            *("", "## Schemas and the database", ""),
            *_places(found),
            *("", _KNOWN),
        ]
    )


def _tables(found: Rights, names: Iterable[str]) -> list[str]:
    notes: list[str] = []
    lines = [_row(["table", *ROLES]), _row(["---", *(":-:" for _ in ROLES)])]
    for name in names:
        if name not in rights.UNSECURED:
            cells = [
                _cell(name, role, found.get((name, role), frozenset()), notes) for role in ROLES
            ]
            lines.append(_row([f"`{name}`", *cells]))
    return [*lines, "", *notes] if notes else lines


def _cell(table: str, role: str, given: frozenset[str], notes: list[str]) -> str:
    """``S I U D`` of the rights on a table; what letters cannot say goes to ``notes``."""
    letters = []
    for verb in VERBS:
        if verb in given:
            letters.append(verb[0].upper())
        elif f"own {verb}" in given:
            letters.append(f"{verb[0].upper()}°")
    odd = sorted(given - {scope + verb for verb in VERBS for scope in ("", "own ")})
    if odd:
        notes.append(f"* `{table}`, {role}: {', '.join(odd)}")
        letters.append(f"({odd[0].partition('(')[0].split()[-1][0].upper()})")
    return " ".join(letters)


def _functions(found: Rights) -> list[str]:
    callers: dict[tuple[str, str], list[str]] = {}
    for (place, role), given in found.items():
        for right in given:
            if right.startswith("execute"):
                runs_as = right.removeprefix("execute").removeprefix(" as ") or "its caller"
                callers.setdefault((place, runs_as), []).append(role)
    lines = [_row(["function", "runs as", "may be called by"]), _row(["---", "---", "---"])]
    return lines + [
        _row([f"`{place}`", runs_as, _listed(roles)])
        for (place, runs_as), roles in sorted(callers.items())
    ]


def _places(found: Rights) -> list[str]:
    by_place: dict[tuple[str, str], list[str]] = {}
    for (place, role), given in found.items():
        for right in given & {"usage", "create", "connect", "temporary"}:
            by_place.setdefault((place, right), []).append(role)
    lines = [_row(["place", "right", "roles"]), _row(["---", "---", "---"])]
    return lines + [
        _row([f"`{place}`", right, _listed(roles)])
        for (place, right), roles in sorted(by_place.items())
    ]


def _hidden(connection: psycopg.Connection[Any]) -> list[str]:
    found = connection.execute(
        "SELECT pg_get_expr(polqual, polrelid), polrelid::regclass::text, "
        "ARRAY(SELECT rolname FROM pg_roles WHERE oid = ANY (polroles) ORDER BY 1)::text[] "
        "FROM pg_policy WHERE NOT polpermissive ORDER BY 2"
    )
    by_condition: dict[tuple[str, str], list[str]] = {}
    for condition, table, roles in found.fetchall():
        who = ", ".join(role.removeprefix("tributary_") for role in roles)
        by_condition.setdefault((" ".join(condition.split()), who), []).append(table)
    return [
        f"* {who} see only rows where `{condition}`, in {', '.join(f'`{t}`' for t in tables)}."
        for (condition, who), tables in sorted(by_condition.items())
    ] or ["None."]


def _listed(roles: Iterable[str]) -> str:
    return ", ".join(sorted(roles, key=ROLES.index if set(roles) <= set(ROLES) else None))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def as_json(found: Rights) -> Mapping[str, Mapping[str, list[str]]]:
    """``{place: {role: rights}}``."""
    nested: dict[str, dict[str, list[str]]] = {}
    for (place, role), given in found.items():
        nested.setdefault(place, {})[role] = sorted(given)
    return nested
