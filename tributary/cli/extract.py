"""``tributary extract``: rows of a file, generalised until nobody stands out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tributary.cli.console import out as console
from tributary.cli.console import print_json, progress

_FILE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}


def extract(
    table: Annotated[Path, typer.Argument(help="CSV (UTF-8, header line) or Parquet.", **_FILE)],
    quasi: Annotated[str, typer.Option(help="Columns others may know a person by: a,b,c.")],
    sensitive: Annotated[str, typer.Option(help="Columns nobody is to learn: s or s,t.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="CSV or Parquet file to write.")],
    k: Annotated[int, typer.Option(min=2, help="Rows of every class.")] = 11,
    l: Annotated[int, typer.Option(min=1, help="Distinct sensitive values in it.")] = 2,  # noqa: E741
    max_suppressed: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of rows that may be left out.")
    ] = 0.05,
    agency: Annotated[
        str | None,
        typer.Option(
            help="Column of the agency a row is from: k and l hold for each, less its own."
        ),
    ] = None,
    hierarchy: Annotated[
        Path | None, typer.Option(help="YAML of coarser forms, beside the usual ones.", **_FILE)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Publish single records: k-anonymous, l-diverse, with the least loss.

    Every quasi-identifier is generalised to one level of its hierarchy; all
    combinations of levels are weighed, and the one that loses least wins (LM,
    suppressed rows counted as lost). Rows that still stand out are left out.

    Columns that are neither are dropped and named in the answer. Exits with 13
    and writes nothing where k and l cannot be reached.

    Examples:

        tributary extract victims.csv --quasi ageBroad,gender,county_fips
        --sensitive isSexualExploit --out extract.csv --json

        tributary extract victims.parquet --quasi ageBroad,citizenship
        --sensitive means --agency agency --k 20 --out extract.parquet
    """
    from anonymize.extracts.extract import ExtractRequest
    from anonymize.extracts.hierarchy import load
    from tributary.extract_file import extract_file

    request = ExtractRequest(
        quasi=_names(quasi),
        sensitive=_names(sensitive),
        k=k,
        l=l,
        max_suppressed=max_suppressed,
        agency=agency,
        hierarchies=load(hierarchy) if hierarchy else {},
    )
    with progress() as display:
        task = display.add_task("reading", total=None, note="")
        answer = extract_file(
            table, request, out, say=lambda step: display.update(task, description=step)
        )
    if json:
        print_json(answer)
        return
    console.print(
        f"{answer['published']:,} of {answer['rows']:,} rows in {answer['classes']:,} classes: "
        f"k = {answer['k']}, l = {answer['l']}, loss {answer['loss']['value']:.3f}"
    )
    for name, level in answer["node"].items():
        console.print(f"  {name}: {level}", markup=False)
    if answer["dropped_columns"]:
        console.print(f"dropped: {', '.join(answer['dropped_columns'])}", markup=False)


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(",") if name.strip())
