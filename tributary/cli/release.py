"""``tributary release``: a table of counts that gives nobody away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tributary.cli.console import out as console
from tributary.cli.console import print_json, progress

_FILE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}


def release(
    table: Annotated[
        Path, typer.Argument(help="Records, one a line: CSV in UTF-8 or Parquet.", **_FILE)
    ],
    dimensions: Annotated[str, typer.Option(help="Columns to count by: a,b,c.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="CSV or Parquet to write.")],
    measure: Annotated[str | None, typer.Option(help="Numeric column to sum as well.")] = None,
    min_cell: Annotated[int, typer.Option(help="Smallest count that is shown.")] = 11,
    margins: Annotated[
        str | None, typer.Option(help="Margins to show, as a,b;a;* - without it, all.")
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(help="Hierarchies, as county:state; without it, seen in the data; '' none."),
    ] = None,
    contributors: Annotated[
        str | None, typer.Option(help="Column of the agencies a record comes from (A;B or a list).")
    ] = None,
    public: Annotated[str, typer.Option(help="Agencies whose records are public: A,B.")] = "",
    previous: Annotated[
        list[Path] | None,
        typer.Option(help="Output or audit of an earlier release of this table.", **_FILE),
    ] = None,
    round_to: Annotated[int, typer.Option(help="Round counts to multiples of this.")] = 1,
    audit: Annotated[
        Path | None, typer.Option(dir_okay=False, help="The steward's audit to write (0600).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print counts as JSON.")] = False,
) -> None:
    """Count records by some columns, and show only what gives nobody away.

    OUT gets a row for each cell, margins included: the dimensions (`*` for all,
    `unknown` for blank), `count` (empty where hidden) and `status`: published,
    zero or suppressed. A suppressed cell counts 1 to 10, or would tell of one
    that does, or of a kind that all of a group are of; it may even be empty.
    A measure's sum is empty too where one record makes up nearly all of it.

    Earlier releases: a count that changed by less than the smallest one shown
    keeps its former value, so that no subtraction finds a person.

    Examples:

        tributary release cases.csv --dimensions county,sex,age_group
        --out cases_released.csv --json

        tributary release persons.parquet --dimensions state,county,year
        --contributors agencies --public STATE_DATA --previous audit_2025.csv
        --margins "state,county;state,year;*" --out counts.csv --audit audit.csv
    """
    from anonymize.disclosure.release import Request
    from tributary.release_file import parse_request, release_file

    request = Request(
        dimensions=tuple(name.strip() for name in dimensions.split(",") if name.strip()),
        min_cell=min_cell,
        contributors=contributors,
        public=frozenset(name.strip() for name in public.split(",") if name.strip()),
        round_to=round_to,
        measure=measure,
    )
    with progress() as display:
        display.add_task("hiding what tells of few", total=None, note="")
        answer = release_file(
            table,
            parse_request(request, margins, within),
            out=out,
            previous=previous or (),
            audit=audit,
        )
    if json:
        print_json(answer)
        return
    console.print(
        f"{answer['cells']:,} cells: {answer['published']:,} published, {answer['zero']:,} zero, "
        f"{answer['suppressed']:,} suppressed ({answer['records_hidden_share']:.2%} of records)"
    )
    console.print(
        f"narrowest interval of a hidden count {answer['narrowest_interval']:.0f}, "
        f"{answer['exactly_recoverable']} exactly recoverable"
    )
