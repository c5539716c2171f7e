"""The command line. Every verb is a module; errors become exit codes here.

Results go to stdout, progress and errors to stderr. Exit codes are those of ``schemas.errors``.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from rich.text import Text

from schemas.errors import TributaryError, UnexpectedError
from tributary.cli import (
    audit,
    bench,
    bench_linkage,
    contracts,
    deconflict,
    demo,
    dictionary,
    expunge,
    extract,
    generate,
    link,
    linkage,
    publish,
    redact,
    release,
    retain,
    run,
    warehouse,
)
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
app.command("dictionary")(dictionary.dictionary)
app.command("publish")(publish.publish)
app.command("redact")(redact.redact)
app.command("link")(link.link)
app.command("release")(release.release)
app.command("deconflict")(deconflict.deconflict)
app.command("expunge")(expunge.expunge)
app.command("retain")(retain.retain)
app.command("extract")(extract.extract)
bench.app.command("linkage")(bench_linkage.linkage)
app.add_typer(audit.app, name="audit")
app.add_typer(bench.app, name="bench")
app.add_typer(contracts.app, name="contracts")
app.add_typer(linkage.app, name="linkage")
app.add_typer(warehouse.app, name="warehouse")


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except TributaryError as error:
        _say(error)
    except Exception as error:
        # Messages of parsers and drivers quote the value they choked on.
        _say(UnexpectedError.instead_of(error, "unexpected"))


def _say(error: TributaryError) -> NoReturn:
    err.print("[red]error[/red]", Text(str(error)), soft_wrap=True)
    sys.exit(error.exit_code)
