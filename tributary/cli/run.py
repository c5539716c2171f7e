"""``tributary run``: one delivery through the same steps as the DAGs, without a scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as Grid

from schemas.errors import DeliveryError
from tributary.cli.console import err, here, out, print_json, progress


def run(
    contract: Annotated[str, typer.Argument(help="Contract, e.g. county_coc.hmis")],
    path: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="The delivery; without it, the newest landed file the contract retains.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")] = False,
) -> None:
    """Run one delivery through every step and print its receipt.

    The file stays where it is. Exits with 12 where the delivery is refused.

    Examples:

        tributary run county_coc.hmis export.zip

        tributary run county_sheriff.nibrs 2026-10.txt --json
    """
    from tributary.pipeline import run_delivery

    with progress() as display:
        task = display.add_task("starting", total=7, note="")

        def show(step: str) -> None:
            display.update(task, description=step, advance=1)

        receipt = run_delivery(here(), contract, path, show)
    if json:
        print_json(receipt)
    else:
        print_receipt(receipt)
    if receipt["status"] == "refused":
        raise typer.Exit(DeliveryError.exit_code)


def print_receipt(receipt: dict[str, Any]) -> None:
    """A receipt for people: counts per table, then what was found, worst first."""
    out.print(f"[bold]{receipt['contract']}[/bold] {receipt['delivery_id']}: {receipt['status']}")
    grid = Grid("table", "rows in", "accepted", "quarantined", "refused", "loaded")
    for name, count in receipt["tables"].items():
        if count["rows_in"]:
            keys = ("rows_in", "accepted", "quarantined", "refused", "loaded")
            grid.add_row(name, *(f"{count[key]:,}" for key in keys))
    out.print(grid)
    if receipt["gate"]:
        out.print(f"gate: {gate_words(receipt['gate'])}", highlight=False)
    for found in receipt["rules"]:
        place = ".".join(part for part in (found["table"], found["field"]) if part)
        rows = ", ".join(str(row) for row in found["rows"][:8])
        err.print(
            f"{found['code']} ({found['tier']}) {place}: {found['count']:,}"
            f"{f' (rows {rows} ...)' if rows else ''}. {found['says']} {found['fix']}",
            highlight=False,
        )


def gate_words(gate: dict[str, int]) -> str:
    """What the leak gate of a delivery says, in words."""
    return (
        f"{gate['values']:,} values, {gate['texts']:,} texts among them, searched for "
        f"{gate['identifiers']:,} identifiers of the delivery: {gate['hits']:,} found"
    )
