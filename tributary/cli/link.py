"""``tributary link``: which records of two files are one person, compared by encodings alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tributary.cli.console import err, print_json, progress
from tributary.cli.console import out as console

_FILE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}

#: Share of records with a value below which a column is reported; dummies have values, too.
_HARDLY = 0.1


def link(
    left: Annotated[Path, typer.Option(help="CSV file with a header line.", **_FILE)],
    id: Annotated[str, typer.Option(help="Column that names a record.")],  # noqa: A002
    schema: Annotated[Path, typer.Option(help="Linkage schema: columns and their kinds.", **_FILE)],
    secret_file: Annotated[
        Path, typer.Option(help="Secret of the agreement: 32 random bytes, raw or hex.", **_FILE)
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help="CSV of pairs to write.")],
    right: Annotated[
        Path | None, typer.Option(help="The other file; without it, LEFT with itself.", **_FILE)
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="CSV of true pairs, two columns of ids.", **_FILE)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print counts and quality as JSON.")] = False,
) -> None:
    """Link the records of two files without comparing a plain value.

    OUT gets left_id,right_id,score,decision: the probability that the two are
    one person, and `match` or, for somebody to look at, `review`. The threshold
    is chosen without labels: where the expected F1 is highest.

    Delimiter (comma, semicolon, tab, bar) and encoding (UTF-8, UTF-16, Windows-1252) are found out.
    Ids must name one record each.

    Kinds of columns: given_name, surname, full_name, date, year, sex, category,
    postcode, place, address, text, phone, ssn, number, email.

    Examples:

        tributary link --left a.csv --right b.csv --id rec_id --schema s.yaml
        --secret-file key --out pairs.csv

        tributary link --left a.csv --id rec_id --schema s.yaml --secret-file key
        --out duplicates.csv --truth true.csv --json
    """
    from tributary.link_files import link_files

    with progress() as display:
        task = display.add_task("reading", total=None, note="")
        answer = link_files(
            left,
            right,
            id_column=id,
            schema=schema,
            secret_file=secret_file,
            out=out,
            truth=truth,
            say=lambda step: display.update(task, description=step),
        )
    for column in (name for name, share in answer["known"].items() if share < _HARDLY):
        err.print(
            f"warning: {column}: hardly any value reads as the kind that the schema names, so it "
            "says nothing; see how its values are written, or name another kind (text, number)",
            soft_wrap=True,
        )
    if json:
        print_json(answer)
        return
    console.print(
        f"{answer['matches']:,} matches, {answer['review']:,} for review, "
        f"of {answer['candidates']:,} candidates (threshold {answer['threshold']:.3f})"
    )
    quality = answer if truth else answer["expected"]
    console.print(
        f"{'' if truth else 'expected '}precision {quality['precision']:.4f}, "
        f"recall {quality['recall']:.4f}"
    )
