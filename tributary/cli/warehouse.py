"""``tributary warehouse``: where it is, and a prompt in it."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from tributary.cli.console import here

app = typer.Typer(help="The warehouse: its address, a prompt, its server.", no_args_is_help=True)


class Reader(StrEnum):
    """Who may look from here: stewards at records and the ledger, auditors at the ledger."""

    STEWARD = "steward"
    AUDITOR = "auditor"


RoleOption = Annotated[Reader, typer.Option(help="Database role to log in as.")]


@app.command("url")
def url(role: RoleOption = Reader.STEWARD) -> None:
    """Print a URL for any PostgreSQL client. It holds the role's password.

    Example: psql "$(tributary warehouse url)"
    """
    from tributary.steps import warehouse
    from warehouse.roles import Role

    found = warehouse(here()).url(Role[role.name]).set(drivername="postgresql")
    print(found.render_as_string(hide_password=False))


@app.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context, role: RoleOption = Reader.STEWARD) -> None:
    """Open psql; further arguments are passed on.

    Example: tributary warehouse psql -c 'SELECT count(*) FROM core.event'
    """
    from tributary.steps import embedded_server, warehouse
    from warehouse.roles import Role

    settings = here()
    binary = str(embedded_server(settings).binary("psql")) if settings.is_embedded else "psql"
    found, login_role = warehouse(settings), Role[role.name]
    environ = {**os.environ, "PGPASSWORD": found.credentials.password(login_role)}
    place = [f"{key}={value}" for key, value in found.place.items()]
    login = " ".join([*place, f"dbname={found.database}", f"user={login_role}"])
    os.execvpe(binary, [binary, login, *context.args], environ)  # noqa: S606 - the user asked


@app.command("stop")
def stop() -> None:
    """Stop the embedded server; its data stays."""
    from tributary.steps import embedded_server

    settings = here()
    if settings.is_embedded and settings.hub.embedded.exists():
        embedded_server(settings).stop()
