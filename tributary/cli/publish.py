"""``tributary publish``: a new release of every product."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table as Grid

from schemas.errors import PermanentError
from tributary.cli.console import err, here, out, print_json, progress


def publish(
    allow_loss: Annotated[
        bool,
        typer.Option(help="Publish although far fewer records are there than the last time."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was published as JSON.")] = False,
) -> None:
    """Publish a new release: every product passes disclosure control, then takes its place in mart.

    Exits with 1 where the release gate refuses it; the last release then stands.

    Example: tributary publish --json
    """
    from tributary.publishing import publish as run

    with progress() as display:
        task = display.add_task("publishing", total=3, note="")
        made = run(
            here(),
            allow_loss=allow_loss,
            progress=lambda step: display.update(task, description=step, advance=1),
        )
    if json:
        print_json(made)
    else:
        print_release(made)
    if made["status"] == "refused":
        raise typer.Exit(PermanentError.exit_code)


def print_release(made: dict[str, Any]) -> None:
    """A release for people."""
    out.print(f"release {made['release_id']}: {made['status']}")
    if made["rows"]:
        grid = Grid("product", "rows")
        for product, rows in made["rows"].items():
            grid.add_row(product, f"{rows:,}")
        out.print(grid)
    for found in made["gate"]:
        err.print(f"{found['code']}: {found['says']}", highlight=False)
