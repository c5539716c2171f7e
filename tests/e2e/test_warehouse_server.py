"""The embedded server: bootstrap, crashes, races, and that a password is the only way in."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from schemas.errors import SettingsError
from tests.fixtures_warehouse import stopping
from warehouse import account
from warehouse.bootstrap import member_agencies, prepare
from warehouse.roles import Role, analyst
from warehouse.server import EmbeddedServer

pytestmark = pytest.mark.e2e

#: Every role that can log in.
LOGINS = {str(role) for role in Role} | {analyst(agency) for agency in member_agencies()}
#: The user id of nobody.
NOBODY = 65534
START = """
import sys
from pathlib import Path
from warehouse.server import EmbeddedServer
EmbeddedServer(Path(sys.argv[1]), Path(sys.argv[2])).start()
"""


@pytest.fixture
def home(home_of_servers: Path, request: pytest.FixtureRequest) -> Path:
    made = home_of_servers / f"life-{abs(hash(request.node.name))}"
    made.mkdir()
    return made


@pytest.fixture
def embedded(home: Path) -> Iterator[EmbeddedServer]:
    made = EmbeddedServer(home / "pg", home / "secrets")
    with stopping(made):
        yield made


def starter(embedded: EmbeddedServer, script: str = START) -> subprocess.Popen[bytes]:
    arguments = [str(embedded.directory), str(embedded.credentials.directory)]
    return subprocess.Popen([sys.executable, "-c", script, *arguments])


def answers(embedded: EmbeddedServer) -> bool:
    with embedded.warehouse().connect(Role.OWNER) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def postmaster(embedded: EmbeddedServer) -> int:
    return int((embedded.data / "postmaster.pid").read_text().splitlines()[0])


# --- who gets in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["postgres", "tributary_owner", "tributary_airflow", "root"])
@pytest.mark.parametrize("database", ["tributary", "airflow", "postgres", "template1"])
@pytest.mark.parametrize("password", ["", "postgres", "wrong"])
def test_nobody_gets_in_without_the_password(
    server: EmbeddedServer, user: str, database: str, password: str
) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            host=server.warehouse().place["host"],
            user=user,
            dbname=database,
            password=password,
            passfile="/nonexistent",
        )


def test_no_method_but_scram_is_left(server: EmbeddedServer) -> None:
    rules = [
        line.split()
        for line in (server.data / "pg_hba.conf").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert rules[0] == ["local", "all", "postgres", "reject"]
    assert {rule[-1] for rule in rules} == {"reject", "scram-sha-256"}


def test_passwords_are_stored_as_scram_and_the_superuser_has_none(server: EmbeddedServer) -> None:
    with server.warehouse().connect(Role.OWNER) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM pg_authid")
        known = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolreplication, rolcreatedb FROM pg_roles "
            "WHERE rolcanlogin ORDER BY rolname"
        ).fetchall()
        encryption = connection.execute("SHOW password_encryption").fetchone()
    assert encryption == ("scram-sha-256",)
    ours = [row for row in known if row[0] != "postgres"]
    assert {row[0] for row in ours} == LOGINS
    assert not any(any(row[1:]) for row in ours)


def test_password_files_are_private_and_all_different(server: EmbeddedServer) -> None:
    files = sorted(server.credentials.directory.iterdir())
    assert {file.name for file in files} == LOGINS
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert len({file.read_text() for file in files}) == len(files)
    assert all(len(file.read_text().strip()) >= 40 for file in files)
    files[0].chmod(0o644)
    try:
        with pytest.raises(SettingsError, match="readable by others"):
            server.credentials.password(files[0].name)
    finally:
        files[0].chmod(0o600)


def test_no_password_is_in_the_cluster_or_its_log(server: EmbeddedServer) -> None:
    secrets = [server.credentials.password(role).encode() for role in LOGINS]
    searched = 0
    for path in server.directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            searched += 1
            assert not any(secret in content for secret in secrets), path
    assert searched > 500


def test_it_listens_on_a_socket_only(server: EmbeddedServer) -> None:
    with server.warehouse().connect(Role.OWNER) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert (Path(server.warehouse().place["host"]) / ".s.PGSQL.5432").is_socket()


def test_a_hand_opened_server_is_closed_by_the_next_start(embedded: EmbeddedServer) -> None:
    embedded.start()
    (embedded.data / "pg_hba.conf").write_text("local all all trust\n")
    embedded._control("reload")
    time.sleep(0.5)
    assert embedded._lets_in("postgres")
    embedded.start()
    assert not embedded._lets_in("postgres")


# --- starting -------------------------------------------------------------------------------------


def test_starting_again_changes_nothing(embedded: EmbeddedServer) -> None:
    embedded.start()
    first = postmaster(embedded)
    passwords = {f.name: f.read_text() for f in embedded.credentials.directory.iterdir()}
    embedded.start()
    assert postmaster(embedded) == first
    assert passwords == {f.name: f.read_text() for f in embedded.credentials.directory.iterdir()}


def test_stopped_and_started(embedded: EmbeddedServer) -> None:
    prepare(embedded.start())
    embedded.stop()
    assert not embedded.running()
    embedded.stop()
    prepare(embedded.start())
    assert answers(embedded)


def test_after_the_server_was_killed(embedded: EmbeddedServer) -> None:
    prepare(embedded.start())
    os.kill(postmaster(embedded), signal.SIGKILL)
    embedded.start()
    assert answers(embedded)
    with embedded.warehouse().connect(Role.LOADER) as connection:
        assert connection.execute("SELECT count(*) FROM ops.delivery").fetchone() == (0,)


def test_a_pid_file_that_now_names_another_program(embedded: EmbeddedServer) -> None:
    embedded.start()
    os.kill(postmaster(embedded), signal.SIGKILL)
    time.sleep(1)
    # The pid of a process of the same system user that is no server.
    sleeper = subprocess.Popen(
        ["sleep", "60"], user=embedded._account.uid if embedded._account.other else None
    )
    try:
        content = (embedded.data / "postmaster.pid").read_text().splitlines()
        content[0] = str(sleeper.pid)
        (embedded.data / "postmaster.pid").write_text("\n".join(content) + "\n")
        embedded.start()
        assert answers(embedded)
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


@pytest.mark.parametrize("delay", [0.05, 0.15, 0.3, 0.5, 0.8, 1.2])
def test_after_the_starting_process_was_killed(embedded: EmbeddedServer, delay: float) -> None:
    process = starter(embedded)
    time.sleep(delay)
    process.kill()
    process.wait()
    embedded.start()
    assert answers(embedded)
    assert not list(embedded.directory.glob("bootstrap-*"))


@pytest.mark.parametrize("program", ["initdb", "postgres"])
def test_killed_at_each_step_of_the_bootstrap(embedded: EmbeddedServer, program: str) -> None:
    """The starting process dies right after ``initdb``, or right after the roles were made."""
    script = START.replace(
        "EmbeddedServer(Path",
        textwrap.dedent(f"""
        import os
        run = EmbeddedServer._run
        def then_die(self, program, *arguments, **given):
            run(self, program, *arguments, **given)
            if program == {program!r}:
                os.kill(os.getpid(), 9)
        EmbeddedServer._run = then_die
        EmbeddedServer(Path"""),
    )
    process = starter(embedded, script)
    assert process.wait() == -signal.SIGKILL
    assert list(embedded.directory.glob("bootstrap-*"))
    assert not embedded.data.exists()
    embedded.start()
    assert answers(embedded)
    assert not list(embedded.directory.glob("bootstrap-*"))


def test_many_processes_start_it_at_once(embedded: EmbeddedServer) -> None:
    processes = [starter(embedded) for _ in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert answers(embedded)


def test_many_prepare_it_at_once(embedded: EmbeddedServer) -> None:
    warehouse = embedded.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: prepare(warehouse), range(4)))
    with warehouse.connect(Role.LOADER) as connection:
        assert connection.execute("SELECT count(*) FROM core.event").fetchone() == (0,)


def test_an_agency_that_joins_and_one_that_leaves(embedded: EmbeddedServer) -> None:
    warehouse = embedded.start()
    prepare(warehouse, ["harbor_police", "safe_passage"])
    staying, leaving, coming = (
        analyst(agency) for agency in ("harbor_police", "safe_passage", "new_agency")
    )
    password = embedded.credentials.password(staying)
    with warehouse.connect(leaving) as session:
        session.execute("SELECT FROM own.event")
        prepare(warehouse, ["harbor_police", "new_agency"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT FROM own.event")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(warehouse.conninfo(leaving))
    for login in (staying, coming):
        with warehouse.connect(login) as session:
            session.execute("SELECT FROM own.event")
    assert embedded.credentials.password(staying) == password

    prepare(warehouse, ["harbor_police", "new_agency", "safe_passage"])
    with warehouse.connect(leaving) as session:
        session.execute("SELECT FROM own.event")


def test_lost_passwords_are_made_anew(embedded: EmbeddedServer) -> None:
    prepare(embedded.start())
    old = {role: embedded.credentials.password(role) for role in Role}
    for role in Role:
        (embedded.credentials.directory / role).unlink()
    prepare(embedded.start())
    assert answers(embedded)
    for role in (Role.LOADER, Role.STEWARD, Role.AUDITOR):
        embedded.warehouse().connect(role).close()
    assert not {embedded.credentials.password(role) for role in Role} & set(old.values())


@pytest.mark.parametrize("name", ["x" * 60 + "/" + "y" * 60, "it's a 'place'", "with space", "ü/ñ"])
def test_in_odd_places(home: Path, name: str) -> None:
    embedded = EmbeddedServer(home / name / "pg", home / "secrets")
    with stopping(embedded):
        prepare(embedded.start())
        assert answers(embedded)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_root_runs_it_as_another_user_without_opening_the_way_for_reading(home: Path) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    embedded = EmbeddedServer(private / "pg", private / "secrets")
    with stopping(embedded):
        embedded.start()
        owner = Path(f"/proc/{postmaster(embedded)}").stat().st_uid
        assert owner == pwd.getpwnam(account.NAME).pw_uid != 0
        assert stat.S_IMODE(private.stat().st_mode) == 0o711
        assert stat.S_IMODE(embedded.data.stat().st_mode) == 0o700
        assert stat.S_IMODE(embedded.credentials.directory.stat().st_mode) == 0o700
        assert embedded.credentials.directory.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two system users")
def test_an_ordinary_user_runs_it_as_himself(home: Path) -> None:
    os.chown(home, NOBODY, NOBODY)
    embedded = EmbeddedServer(home / "pg", home / "secrets")
    # Forked with everything imported: the interpreter itself may be out of the user's reach.
    child = multiprocessing.get_context("fork").Process(target=start_as_nobody, args=(embedded,))
    with stopping(embedded):
        child.start()
        child.join()
        assert child.exitcode == 0
        assert Path(f"/proc/{postmaster(embedded)}").stat().st_uid == NOBODY
        # Root then acts as the user whose cluster it is.
        assert answers(EmbeddedServer(embedded.directory, home / "secrets"))


def start_as_nobody(embedded: EmbeddedServer) -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    os.chdir("/")
    embedded.start()
    assert embedded._account.name == "nobody"
    prepare(embedded.warehouse())


def test_a_socket_directory_of_somebody_else_is_refused(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs two system users")
    embedded = EmbeddedServer(home / ("long" * 30) / "pg", home / "secrets")
    trap = embedded._socket_directory
    assert trap.parent == Path("/tmp")
    trap.mkdir()
    os.chown(trap, NOBODY, NOBODY)
    try:
        with pytest.raises(SettingsError, match="belongs to another user"):
            embedded.start()
    finally:
        trap.rmdir()
