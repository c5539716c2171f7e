"""``tributary warehouse``: how to get in, a prompt in it, and who may do what."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from schemas.errors import SettingsError
from tributary.cli.console import here, print_json

app = typer.Typer(help="The warehouse: how to get in, a prompt, its rights.", no_args_is_help=True)


class Reader(StrEnum):
    """Who may look from here.

    Analysts see their own agency's rows and what is published, partners what is published,
    stewards records and the ledger, auditors the ledger.
    """

    STEWARD = "steward"
    AUDITOR = "auditor"
    PARTNER = "partner"
    ANALYST = "analyst"


RoleOption = Annotated[Reader, typer.Option(help="Whom to log in as.")]
AgencyOption = Annotated[str | None, typer.Option(help="Of an analyst: the agency.")]


@app.command("connection")
def connection(
    role: RoleOption = Reader.ANALYST,
    agency: AgencyOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print what an SQL client needs to connect: no password, but the file that holds it.

    The entry goes into ~/.pg_service.conf; psql then connects with `psql service=NAME`, and other
    clients take host, port, dbname and user from it.

    Example: tributary warehouse connection --role analyst --agency harbor_police
    """
    from psycopg.conninfo import make_conninfo

    from tributary.places import warehouse

    settings, login = here(), _login(role, agency)
    found = warehouse(settings)
    place = {**found.place, "dbname": found.database, "user": login}
    found.credentials.password(login)  # there is one, and nobody else may read it
    password = settings.hub.credentials / login
    if json:
        conninfo = make_conninfo("", **place)
        print_json({"conninfo": conninfo, "parameters": place, "password_file": str(password)})
        return
    print(f"[{login}]")
    for name, value in place.items():
        # clients before PostgreSQL 16 do not know it, and stop at what they do not know
        print(f"{'# ' if name == 'require_auth' else ''}{name}={value}")
    print(f"# password: {password}")


@app.command("url")
def url(role: RoleOption = Reader.STEWARD, agency: AgencyOption = None) -> None:
    """Print a URL for any PostgreSQL client. It holds the role's password.

    Example: psql "$(tributary warehouse url)"
    """
    from tributary.places import warehouse

    found = warehouse(here()).url(_login(role, agency)).set(drivername="postgresql")
    print(found.render_as_string(hide_password=False))


@app.command("psql", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    context: typer.Context, role: RoleOption = Reader.STEWARD, agency: AgencyOption = None
) -> None:
    """Open psql; further arguments are passed on. That a steward did is noted in ops.access_log.

    Example: tributary warehouse psql -c 'SELECT count(*) FROM core.event'
    """
    from tributary.places import embedded_server, warehouse
    from warehouse.database import translated

    settings = here()
    binary = str(embedded_server(settings).binary("psql")) if settings.is_embedded else "psql"
    found, login_role = warehouse(settings), _login(role, agency)
    environ = {**os.environ, "PGPASSWORD": found.credentials.password(login_role)}
    if role is Reader.STEWARD:
        with translated("noting access"), found.connect(login_role) as connected:
            connected.execute("SELECT ops.log_access('prompt.open', 'warehouse')")
    place = [f"{key}={value}" for key, value in found.place.items()]
    login = " ".join([*place, f"dbname={found.database}", f"user={login_role}"])
    os.execvpe(binary, [binary, login, *context.args], environ)  # noqa: S606 - the user asked


@app.command("rights")
def rights(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print who may do what on which table, as the running database has it.

    Example: tributary warehouse rights > docs/rights.md
    """
    from tributary.places import warehouse
    from warehouse.database import translated
    from warehouse.rights import granted
    from warehouse.rights_page import as_json, page
    from warehouse.roles import Role

    with (
        translated("reading the rights"),
        warehouse(here()).connect(Role.AUDITOR) as connected,
    ):
        if json:
            print_json(as_json(granted(connected)))
        else:
            print(page(connected), end="")


@app.command("stop")
def stop() -> None:
    """Stop the embedded server; its data stays."""
    from tributary.places import embedded_server

    settings = here()
    if settings.is_embedded and settings.hub.embedded.exists():
        embedded_server(settings).stop()


def _login(role: Reader, agency: str | None) -> str:
    """The login role.

    Raises:
        SettingsError: an analyst without an agency, or somebody else with one.
    """
    from warehouse.roles import Role, analyst

    if role is Reader.ANALYST:
        if agency is None:
            raise SettingsError("whose analyst? name the agency: --agency NAME")
        return analyst(agency)
    if agency is not None:
        raise SettingsError(f"--agency goes with --role analyst, not with {role}")
    return Role[role.name]
