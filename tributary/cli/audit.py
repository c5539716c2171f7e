"""``tributary audit``: whether anything is in the warehouse that must not be."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table as Grid

from schemas.errors import LeakError
from tributary.audit import Audit
from tributary.cli.console import err, here, out, print_json

app = typer.Typer(help="Look for what must not be in the warehouse.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Look for what must not be in the warehouse."""


@app.command("leaks")
def leaks(
    json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Search every text of the warehouse for identifiers.

    By patterns (SSN, telephone number, e-mail address, plate), and by names, numbers and contacts
    of deliveries that are still in the landing zone. Says where and how many, never what. Exits
    with 13 where something is found.

    Example: tributary audit leaks --json
    """
    from tributary.audit import leaks as search

    found = search(here())
    if json:
        print_json(found.as_json())
    else:
        _print(found)
    if found.hits:
        raise typer.Exit(LeakError.exit_code)


def _print(found: Audit) -> None:
    where = f"{len(found.columns)} columns of {len(found.tables)} tables, {found.rows:,} rows"
    known = f"{found.identifiers:,} identifiers of {found.deliveries} deliveries in landing"
    hits = f"{sum(found.hits.values()):,} rows with hits"
    out.print(f"{where}, searched by patterns and for {known}: {hits}", highlight=False)
    if found.unread:
        err.print(f"{found.unread} deliveries in landing cannot be read and were not searched for")
    if found.hits:
        grid = Grid("table", "column", "found", "rows")
        for (table, column, what), rows in sorted(found.hits.items()):
            grid.add_row(table, column, what, f"{rows:,}")
        out.print(grid)
