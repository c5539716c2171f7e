"""``tributary retain``: what the daily retention does, now and from here."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tributary.cli.console import here, out, print_json


def retain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; count what would go.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Remove what is kept long enough: landed files, packages, records, feeds without agreement.

    First the agreements are brought up to date: one that was terminated in its contract hides its
    feed's rows from now on. Suppressions and the ledger stay.

    Example: tributary retain --dry-run --json
    """
    from tributary import upkeep

    node = upkeep.retain_node(here(), trial=dry_run)
    hub = upkeep.retain_hub(here(), trial=dry_run)
    if json:
        print_json({"dry_run": dry_run, "node": node, "hub": hub})
    else:
        _print_counts(node, hub, "would go" if dry_run else "removed")


def _print_counts(node: dict[str, Any], hub: dict[str, Any], done: str) -> None:
    out.print(
        f"{node['landed']:,} landed deliveries, {node['unfinished']:,} unfinished ones and "
        f"{hub['packages']:,} packages {done}",
        highlight=False,
    )
    for why, feeds in (("over their time", hub["expired"]), ("agreement ended", hub["ended"])):
        for feed, rows in feeds.items():
            counts = ", ".join(f"{table} {n:,}" for table, n in rows.items() if n)
            out.print(f"{feed} ({why}) {done}: {counts}", highlight=False)
