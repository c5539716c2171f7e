"""``tributary deconflict``: which other police agency to contact about one's own victims."""

from __future__ import annotations

from typing import Annotated

import typer

from tributary.cli.console import err, here, out, print_json
from tributary.cli.own_records import By, Identity, Ids, columns, lines


def deconflict(
    contract: Annotated[str, typer.Argument(help="Contract, e.g. county_sheriff.nibrs")],
    ids: Ids = "-",
    by: By = "",
    identity: Identity = None,
    request_only: Annotated[
        bool,
        typer.Option("--request-only", help="Leave the question to the hub's next run."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Ask which other police agency has met the victims of the agency's own records.

    Off unless both agencies' contracts allow it. The answer names agencies and nothing else; the
    other agency is told about its own record, too. Every question is written down, and an agency
    asks about 200 records a day at most. Never name a record on the command line.

    With --request-only the answer comes into the feed's drop folder, deconflict-<request>.json: for
    each line that is not blank, in order, the agencies to contact.

    Example: tributary deconflict county_sheriff.nibrs --json < ids.txt
    """
    from tributary import deconfliction

    asked = deconfliction.ask(here(), contract, lines(ids, identity), columns(by))
    rows = None
    if not request_only:
        deconfliction.answer_waiting(here())
        rows = deconfliction.answer(here(), contract, asked)
    if json:
        print_json({"request_id": asked["request_id"], "rows": rows})
        return
    if rows is None:
        out.print(f"request {asked['request_id']}: asked", highlight=False)
        return
    for row in rows:
        if row["contact"]:
            out.print(f"line {row['row']}: contact {', '.join(row['contact'])}", highlight=False)
    if not any(row["contact"] for row in rows):
        err.print("no other agency to contact")
