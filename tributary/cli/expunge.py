"""``tributary expunge``: remove records for good, at the request of the agency they came from."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from tributary.cli.console import err, here, out, print_json
from tributary.cli.own_records import By, Identity, Ids, columns, lines


class Unit(StrEnum):
    """What a record is: a person with all that hangs on her, or an event."""

    VICTIM = "victim"
    EVENT = "event"


def expunge(
    contract: Annotated[str, typer.Argument(help="Contract, e.g. county_coc.hmis")],
    unit: Annotated[Unit, typer.Option(help="What the ids are of.")],
    ids: Ids = "-",
    by: By = "",
    identity: Identity = None,
    request_only: Annotated[
        bool,
        typer.Option("--request-only", help="Leave the request to the hub's next run."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")] = False,
) -> None:
    """Expunge records: from core, linkage, staged files and, at once, from what is released.

    Never name a record on the command line: other users of the machine can read it. The ids become
    keyed tokens on this node; a mark of each stays, so that no later delivery brings it back. What
    the node holds of the feed's deliveries is destroyed. The receipt names no one.

    Where a record has several columns, a tab stands between them.

    Examples:

        pass show expunge | tributary expunge county_coc.hmis --unit victim

        tributary expunge county_sheriff.nibrs --unit event --ids ids.age --identity key.txt --json
    """
    from tributary import upkeep

    asked = upkeep.request_expungement(
        here(), contract, unit.value, lines(ids, identity), columns(by)
    )
    receipt: dict[str, Any] = {**asked, "status": "requested"}
    if not request_only:
        done = upkeep.expunge_waiting(here())["requests"]
        own = (one for one in done if one["request_id"] == asked["request_id"])
        receipt = {**asked, **next(own, {"status": "requested"})}
    if json:
        print_json(receipt)
    else:
        _print_receipt(receipt)


def _print_receipt(receipt: dict[str, Any]) -> None:
    out.print(f"request {receipt['request_id']}: {receipt['status']}", highlight=False)
    out.print(f"asked {receipt['asked']:,}, found {receipt.get('found', 'not known yet')}")
    for table, rows in receipt.get("removed", {}).items():
        if rows:
            out.print(f"  {table}: {rows:,} rows removed", highlight=False)
    if receipt["destroyed"]:
        err.print(
            f"{receipt['destroyed']:,} landed deliveries of the feed were destroyed; those that "
            "were not loaded yet have to be sent again"
        )
