"""``tributary contracts``: what the feeds have agreed on."""

from __future__ import annotations

from pathlib import Path
from secrets import token_bytes
from typing import Annotated

import typer
from rich.table import Column
from rich.table import Table as Grid

from schemas.contract import Contract
from schemas.errors import ContractError
from tributary.cli.console import err, out, print_json

app = typer.Typer(
    help="The data contracts: list them, show one, check them all.", no_args_is_help=True
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list")
def list_contracts(json: Json = False) -> None:
    """List the contracts.

    Example: tributary contracts list --json
    """
    from schemas.odcs import contracts

    known = contracts().values()
    if json:
        keys = ("name", "agency", "format", "lane", "version")
        print_json([{key: getattr(contract, key) for key in keys} for contract in known])
        return
    name = Column("contract", no_wrap=True)
    grid = Grid(name, "agency", "format", "lane", "version", "agreement until")
    for contract in known:
        grid.add_row(
            contract.name,
            contract.agency_name,
            contract.format,
            contract.lane,
            contract.version,
            contract.agreement.expires.isoformat(),
        )
    out.print(grid)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Contract, e.g. county_coc.hmis")],
    json: Json = False,
) -> None:
    """Show one contract: every field and what happens to it.

    Example: tributary contracts show county_coc.hmis
    """
    from schemas.odcs import contract

    found = contract(name)
    if json:
        print_json(_as_json(found))
        return
    out.print(f"[bold]{found.name}[/bold] {found.version}: {found.description}")
    out.print(f"{found.agency_name}; lane {found.lane}; {found.legal_basis}")
    out.print(f"agreement {found.agreement.id} until {found.agreement.expires.isoformat()}")
    for table in found.tables:
        grid = Grid("field", "class", "leaves as", "operator", title=table.name)
        for field in table.fields:
            leaves = "" if field.dropped else field.output
            grid.add_row(
                field.name, field.classification, leaves, _operator(field.deidentification)
            )
        out.print(grid)


@app.command("lint")
def lint(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Contract files; default: all that are shipped.")
    ] = None,
    json: Json = False,
) -> None:
    """Check contracts: decisions complete, vocabularies closed, agreement in force.

    Exits with 11 where one does not load.

    Example: tributary contracts lint schemas/contracts/county_coc/hmis.odcs.yaml
    """
    from anonymize.keys import KeyRing
    from anonymize.policy import bind
    from schemas.odcs import load_contract, paths

    answers = []
    for path in files or paths():
        try:
            found = load_contract(path)
            # Binding needs keys of the right epoch; nothing is encoded with these.
            bind(found, KeyRing(token_bytes(32), found.key_epoch))
            answers.append({"file": path.name, "name": found.name, "ok": True, "says": ""})
        except ContractError as error:
            answers.append({"file": path.name, "name": None, "ok": False, "says": str(error)})
    if json:
        print_json(answers)
    else:
        for answer in answers:
            if answer["ok"]:
                out.print(f"[green]ok[/green]   {answer['name']}")
            else:
                err.print(f"[red]fault[/red] {answer['says']}", highlight=False)
    if not all(answer["ok"] for answer in answers):
        raise typer.Exit(ContractError.exit_code)


def _operator(decision: object) -> str:
    operator, parameters = decision.operator, decision.parameters  # type: ignore[attr-defined]
    inside = ", ".join(f"{key}={value}" for key, value in parameters.items())
    return f"{operator}({inside})" if inside else str(operator)


def _as_json(found: Contract) -> dict[str, object]:
    return {
        "name": found.name,
        "version": found.version,
        "agency": found.agency,
        "agency_name": found.agency_name,
        "sector": found.sector,
        "format": found.format,
        "lane": found.lane,
        "custody": found.custody,
        "profile": found.profile,
        "legal_basis": found.legal_basis,
        "statistical_basis": found.statistical_basis,
        "agreement": {"id": found.agreement.id, "expires": found.agreement.expires.isoformat()},
        "digest": found.digest,
        "tables": {
            table.name: [
                {
                    "field": field.name,
                    "classification": field.classification,
                    "operator": field.deidentification.operator,
                    "parameters": dict(field.deidentification.parameters),
                    "leaves_as": None if field.dropped else field.output,
                    "copy_of": field.copy_of,
                    "identifies": field.identifies,
                }
                for field in table.fields
            ]
            for table in found.tables
        },
    }
