"""``tributary linkage``: who is one person, across agencies, by encodings alone."""

from __future__ import annotations

from typing import Annotated

import typer

from tributary.cli.console import err, here, out, print_json, progress

app = typer.Typer(help="Persons across agencies: link them, keep their keys.", no_args_is_help=True)


@app.command("run")
def run(
    json: Annotated[bool, typer.Option("--json", help="Print counts as JSON.")] = False,
) -> None:
    """Link what has come since the last run with all that stands.

    Counts alone are shown; persons stand in `linked`, for stewards and the publisher.

    Example: tributary linkage run --json
    """
    from tributary.steps import link

    with progress() as display:
        task = display.add_task("linking", total=None, note="")
        done = link(here(), lambda step: display.update(task, description=step))
    if json:
        print_json(done)
        return
    if not done["runs"]:
        out.print("nothing to link has come since the last run")
        return
    out.print(
        f"{done['records_new']:,} new records: {done['matches']:,} pairs match, "
        f"{done['review']:,} would be for somebody to look at; "
        f"{done['merges']:,} merges and {done['splits']:,} splits of persons"
    )


@app.command("rotate")
def rotate() -> None:
    """Give every person a new random key.

    Keys in extracts made before fit nothing any more; which was which is recorded
    nowhere, and the history of merges and splits, which names keys, goes.
    """
    from tributary.places import warehouse
    from warehouse.linking.keys import rotate_person_keys

    rotate_person_keys(warehouse(here()))
    out.print("every person has a new key")


@app.command("end-epoch")
def end_epoch(
    epoch: Annotated[str, typer.Argument(help="Epoch of the linkage keys, e.g. 2026.")],
    version: Annotated[
        int | None, typer.Option(help="Of the linkage schema; without it, all versions.")
    ] = None,
) -> None:
    """Drop the encodings of an epoch that no agency encodes under any more.

    Persons keep their keys. What was not delivered under a newer epoch is compared
    with nothing new from now on.
    """
    from tributary.places import warehouse
    from warehouse.linking.keys import end_epoch as end

    dropped = end(warehouse(here()), epoch, version)
    if not dropped:
        err.print(f"there are no encodings of epoch {epoch}")
        raise typer.Exit(1)
    out.print(f"{dropped:,} encodings dropped")
