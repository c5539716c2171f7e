"""``tributary expunge``: remove records for good, at the request of the agency they came from."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.errors import SettingsError
from tributary.cli.console import err, here, out, print_json


class Unit(StrEnum):
    """What a record is: a person with all that hangs on her, or an event."""

    VICTIM = "victim"
    EVENT = "event"


def expunge(
    contract: Annotated[str, typer.Argument(help="Contract, e.g. county_coc.hmis")],
    unit: Annotated[Unit, typer.Option(help="What the ids are of.")],
    ids: Annotated[
        str,
        typer.Option(
            metavar="FILE.age|-",
            help="The records, one a line: an age file, or - for standard input.",
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

    lines = sys.stdin if ids == "-" else decrypted(Path(ids), identity)
    columns = [name.strip() for name in by.split(",") if name.strip()]
    asked = upkeep.request_expungement(here(), contract, unit.value, lines, columns)
    receipt: dict[str, Any] = {**asked, "status": "requested"}
    if not request_only:
        done = upkeep.expunge_waiting(here())["requests"]
        own = (one for one in done if one["request_id"] == asked["request_id"])
        receipt = {**asked, **next(own, {"status": "requested"})}
    if json:
        print_json(receipt)
    else:
        _print_receipt(receipt)


def decrypted(path: Path, identity: Path | None) -> Iterable[str]:
    """Lines of an age file; plain text is not taken.

    Raises:
        SettingsError: the file cannot be read or opened with the identity.
    """
    import pyrage

    if identity is None:
        raise SettingsError("an encrypted list needs --identity: the age key file that opens it")
    try:
        keys = [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in identity.read_text(encoding="ascii").splitlines()
            if line.strip() and not line.startswith("#")
        ]
        return str(pyrage.decrypt(path.read_bytes(), keys), "utf-8").splitlines()
    except (OSError, ValueError, pyrage.IdentityError, pyrage.DecryptError):
        raise SettingsError(
            "the list cannot be opened: it must be a file encrypted with age to this identity, "
            "UTF-8 inside"
        ) from None


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
