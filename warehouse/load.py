"""Loads one sealed package into the warehouse: in one transaction, or not at all.

The same delivery twice changes nothing. What a delivery does to ``core`` stands in
``warehouse.merge``. Killed at any point, the transaction is rolled back and the old state stands.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from anonymize.outputs import output_schema
from anonymize.package import Package
from schemas.contract import Contract, Table
from schemas.errors import ContractError, PackageError
from schemas.report import Finding
from warehouse import agreements, ledger
from warehouse.consent import withdraw_releases
from warehouse.core_tables import CORE
from warehouse.database import Warehouse, translated
from warehouse.encodings import hand_over
from warehouse.left_out import LeftOut, leave_out
from warehouse.mapping import Mapped, mapped
from warehouse.merge import Absence, Change, Merge, Merged
from warehouse.models import Delivery, ReportingEntity
from warehouse.models.linkage import UNITS
from warehouse.origin import Connection, Origin
from warehouse.roles import Role
from warehouse.staging import assign_keys, stage, stage_withheld

#: How long a load waits for another load of its agency before it is to be tried again.
_LOCK_TIMEOUT = "10min"


@dataclass(frozen=True)
class Loaded:
    """What became of a package: ``accepted``, ``partial``, ``refused`` or ``duplicate``.

    ``changes`` counts rows per table of ``core``; empty where nothing changed.
    """

    delivery_id: str
    status: str
    changes: Mapping[str, Change]


@dataclass(frozen=True)
class Limits:
    """What the mapping may use; beyond its memory it fails instead of using the disk."""

    memory: str = "1500MB"
    threads: int = 2


def load(
    package: Package,
    contract: Contract,
    warehouse: Warehouse,
    workspace: Path,
    limits: Limits | None = None,
) -> Loaded:
    """Load a verified package.

    Args:
        package: what ``anonymize.package.open_package`` verified.
        contract: the contract it was verified against.
        workspace: directory of the hub's de-identified zone; the package's tables are unpacked
            into it and removed again.

    Raises:
        PackageError: a table holds what its contract does not let out.
        ContractError: the mapping fails, or loses or doubles rows.
        TransientError, PermanentError: the database.
    """
    manifest = package.manifest
    if (manifest.contract, manifest.contract_digest) != (contract.name, contract.digest):
        raise PackageError("the package was sealed under another version of the contract")
    with (
        translated(f"loading {contract.name}"),
        Session(warehouse.engine(Role.LOADER)) as session,
        session.begin(),
    ):
        return _Load(package, contract, session).run(workspace, limits or Limits())


class _Load:
    """One load, inside its transaction."""

    def __init__(self, package: Package, contract: Contract, session: Session) -> None:
        self._package = package
        self._contract = contract
        self._session = session
        self._report = package.manifest.report
        self._entry: Delivery = ledger.entry(contract, package.manifest)
        self._found: list[Finding] = []
        self._left = LeftOut()

    def run(self, workspace: Path, limits: Limits) -> Loaded:
        self._wait_for_turn()
        settled = self._settled()
        if settled is not None:
            return settled
        self._enter_agency()
        attempt = self._session.begin_nested()
        with (
            _unpacked(self._package, self._contract, workspace) as files,
            mapped(
                self._contract, files, memory_limit=limits.memory, threads=limits.threads
            ) as mapping,
        ):
            staged = stage(self._connection, mapping)
            self._reconcile(staged, mapping)
        merged = self._merge(staged)
        if self._blanks_what_it_leaves_out(merged):
            attempt.rollback()
            return self._refused("LOAD-CHANGES-ONLY")
        ledger.record(
            self._session,
            self._entry,
            self._report,
            loaded=self._rows_loaded(merged),
            found=self._found,
            changes=merged.changes,
        )
        return Loaded(self._entry.delivery_id, self._entry.status, merged.changes)

    @property
    def _connection(self) -> Connection:
        """The session's own psycopg connection: COPY has no place in SQLAlchemy."""
        connection = self._session.connection().connection.driver_connection
        assert connection is not None  # noqa: S101 - the session is in a transaction
        return connection  # type: ignore[no-any-return]

    def _wait_for_turn(self) -> None:
        """Loads of one agency run one after the other, whoever starts them.

        Its feeds share units, so that no key is made twice and no unit is deleted under a link.
        """
        self._session.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        self._session.execute(text("SET LOCAL work_mem = '128MB'"))
        lock = func.hashtextextended(f"tributary {self._entry.agency}", 0)
        self._session.execute(select(func.pg_advisory_xact_lock(lock)))

    def _settled(self) -> Loaded | None:
        """The outcome, where there is nothing to load."""
        known = ledger.find(self._session, self._entry.delivery_id)
        if known is not None and known.status != "refused":
            return Loaded(known.delivery_id, "duplicate", {})
        if self._entry.status != "refused":
            if not ledger.superseded(self._session, self._entry):
                return None
            return self._refused("LOAD-SUPERSEDED")
        if known is None:
            ledger.record(self._session, self._entry, self._report, loaded={}, found=self._found)
        return Loaded(self._entry.delivery_id, "refused", {})

    def _refused(self, code: str) -> Loaded:
        """Record the delivery as refused by the loader under ``code``."""
        self._entry.status = "refused"
        self._found = [Finding(code, None, None, 1, ())]
        ledger.record(self._session, self._entry, self._report, loaded={}, found=self._found)
        return Loaded(self._entry.delivery_id, "refused", {})

    def _blanks_what_it_leaves_out(self, merged: Merged) -> bool:
        """Whether a delivery of changes alone took the place of records that were there.

        Such a delivery leaves out what did not change (an enrolment without its exit), so that
        replacing a record by it would make known values unknown.
        """
        replaced = any(change.replaced for change in merged.changes.values())
        return bool(self._package.manifest.scope.get("changes_only")) and replaced

    def _enter_agency(self) -> None:
        contract, feed = self._contract, self._entry.feed
        new = insert(ReportingEntity).values(
            agency=contract.agency,
            name=contract.agency_name,
            sector=contract.sector,
            feeds=[feed],
        )
        feeds = ReportingEntity.feeds
        with_feed = func.array_append(func.array_remove(feeds, feed), feed)
        self._session.execute(
            new.on_conflict_do_update(
                index_elements=[ReportingEntity.agency],
                set_={"name": new.excluded.name, "sector": new.excluded.sector, "feeds": with_feed},
                where=(ReportingEntity.name != new.excluded.name)
                | (ReportingEntity.sector != new.excluded.sector)
                | ~feeds.contains([feed]),
            )
        )
        agreements.record(self._connection, contract)

    def _merge(self, staged: Mapping[str, int]) -> Merged:
        stage_withheld(self._connection, self._withheld())
        staged = self._leave_out(staged)
        entry = self._entry
        origin = Origin(
            entry.agency,
            entry.feed,
            entry.delivery_id,
            entry.as_of,
            ledger.predecessors(self._session, entry),
        )
        assign_keys(self._connection, origin, entry.key_epoch, staged)
        merged = Merge(self._connection, origin).run(staged, self._absence())
        hand_over(self._connection, origin, entry.key_epoch, self._package.encodings())
        withdraw_releases(self._connection, self._package, self._contract, entry.feed)
        self._note_left(merged)
        return merged

    def _leave_out(self, staged: Mapping[str, int]) -> dict[str, int]:
        """Drop what was expunged or is too old to be kept; returns the rows left, by table."""
        before = datetime.now(UTC).date() - timedelta(days=self._contract.retention.core_days)
        told = self._package.manifest.suppressed
        self._left = leave_out(self._connection, self._entry.agency, told, before)
        return {table: rows - self._left.of(table) for table, rows in staged.items()}

    def _reconcile(self, staged: Mapping[str, int], mapping: Mapped) -> None:
        """Every accepted row of a table that ``loads`` came out of the mapping once, or deletes.

        Raises:
            ContractError: rows were lost or doubled; silent loss is the worst that can happen.
        """
        for name in CORE:
            sources = [table for table in self._contract.tables if table.loads == name]
            accepted = sum(self._count(source.name, "accepted") for source in sources)
            given = staged[name] + sum(mapping.deleting(source) for source in sources)
            if sources and given != accepted:
                names = ", ".join(source.name for source in sources)
                raise ContractError(
                    f"contract {self._contract.name}: {accepted} rows of {names} were "
                    f"accepted, but the mapping gives {given} for core.{name}; nothing was loaded"
                )

    def _count(self, table: str, kind: str) -> int:
        counts: Mapping[str, int] = self._report.get("tables", {}).get(table, {})
        return counts.get(kind, 0)

    def _units(self) -> Iterator[Table]:
        """Tables whose rows are units of ``core``."""
        return (table for table in self._contract.tables if table.loads in UNITS)

    def _withheld(self) -> Iterator[tuple[str, pa.Array]]:
        """Units whose newest version was quarantined, by token."""
        for table in self._units():
            for batch in self._package.withheld(table.name):
                for column in batch.columns:
                    yield str(table.loads), column

    def _absence(self) -> Absence | None:
        """When a missing event counts as deleted; null where its absence proves nothing."""
        entry = self._entry
        if not (entry.full_refresh and entry.trusted and entry.scope_start and entry.scope_end):
            return None
        for table in self._units():
            named = sum(batch.num_rows for batch in self._package.withheld(table.name))
            unread = self._count(table.name, "quarantined") - named
            if table.loads == "event" and unread > 0:
                self._found.append(Finding("ABSENCE-UNSURE", table.name, None, unread, ()))
                return None
        share = self._contract.thresholds.max_delete_share
        return Absence(entry.scope_start, entry.scope_end, share)

    def _note_left(self, merged: Merged) -> None:
        """Report what was not loaded, so that nothing is lost in silence."""
        self._found.extend(
            Finding(code, unit, None, n, ()) for (code, unit), n in self._left.units().items()
        )
        for code, counts in (("LOAD-OLDER", merged.older), ("LOAD-ORPHAN", merged.orphans)):
            self._found.extend(Finding(code, name, None, n, ()) for name, n in counts.items())
        if merged.absent:
            self._found.append(Finding("DELETE-SHARE", "event", None, merged.absent, ()))

    def _rows_loaded(self, merged: Merged) -> dict[str, int]:
        """Rows loaded per table of the delivery: the accepted ones, less those left for newer ones.

        Of a table whose every field is dropped nothing leaves the node, so nothing of it is loaded.
        Where several tables fill one table of ``core``, which of them was left cannot be told, and
        the count stands under LOAD-OLDER alone.
        """
        loaded = {}
        for table in self._contract.tables:
            alone = [one.loads for one in self._contract.tables].count(table.loads) == 1
            loads = str(table.loads)
            left = merged.older.get(loads, 0) + self._left.of(loads) if alone else 0
            accepted = self._count(table.name, "accepted") if table.kept else 0
            loaded[table.name] = accepted - left
        return loaded


@contextmanager
def _unpacked(
    package: Package, contract: Contract, workspace: Path
) -> Iterator[dict[str, list[Path]]]:
    """The package's tables as Parquet files, checked while they are written; removed at the end."""
    directory = workspace / f"load-{package.manifest.delivery_id}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700, parents=True)
    try:
        files: dict[str, list[Path]] = {}
        for table in contract.tables:
            path = directory / f"{table.name}.parquet"
            schema: pa.Schema = output_schema(table)
            if not len(schema):
                continue
            with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
                for batch in package.read(table.name):
                    writer.write_batch(batch)
            files[table.name] = [path]
        yield files
    finally:
        shutil.rmtree(directory, ignore_errors=True)
