"""The command line. Every verb is a module; errors become exit codes here.

Results go to stdout, progress and errors to stderr. Exit codes are those of ``schemas.errors``.
"""

from __future__ import annotations

import sys

import typer

from schemas.errors import TributaryError
from tributary.cli import contracts, demo, generate, run, warehouse
from tributary.cli.console import err

app = typer.Typer(
    name="tributary",
    help="Agencies see human-trafficking patterns together; no raw personal data moves.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("generate")(generate.generate)
app.add_typer(contracts.app, name="contracts")
app.add_typer(warehouse.app, name="warehouse")


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except TributaryError as error:
        err.print(f"[red]error[/red] {error}", highlight=False)
        sys.exit(error.exit_code)
