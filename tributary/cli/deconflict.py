"""``tributary deconflict``: which other police agency to contact about one's own victims."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tributary.cli.console import err, here, out, print_json


def deconflict(
    contract: Annotated[str, typer.Argument(help="Contract, e.g. county_sheriff.nibrs")],
    ids: Annotated[
        str,
        typer.Option(
            metavar="FILE.age|-",
            help="Own records, one a line: an age file, or - for standard input.",
        ),
    ] = "-",
    by: Annotated[
        str,
        typer.Option(help="Columns of a line, comma between; default: the contract's first way."),
    ] = "",
    identity: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="age identity file that opens --ids."),
    ] = None,
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
    from tributary.cli.expunge import decrypted

    lines = sys.stdin if ids == "-" else decrypted(Path(ids), identity)
    columns = [name.strip() for name in by.split(",") if name.strip()]
    asked = deconfliction.ask(here(), contract, lines, columns)
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
