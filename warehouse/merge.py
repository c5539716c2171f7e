"""Merges staged rows into ``core``, inside the load's transaction.

What a delivery does to ``core`` (DESIGN.md rule 8):

* A delivered unit (event, victim) is inserted or replaced whole; the parts of a delivered event are
  replaced with it.
* A unit the source deleted goes, with its parts. So does what a delivery of the same plaintext put
  there under an older contract, if this one does not deliver it again.
* A unit absent from a trusted full refresh goes, if its month lies inside the export's period and
  the deletions stay under the contract's share.
* A unit whose newest version was quarantined keeps its last accepted one, marked stale.
* A victim left without any event goes, unless it was delivered itself; and so does an event about
  one person (not an incident) left without that person.
* A unit that stands as a newer export of the feed gave it is not touched by an older one.
* Counts an agency made itself are replaced period by period.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date

from psycopg import sql

from schemas.errors import PermanentError
from warehouse import merge_sql as statements
from warehouse.core_tables import CORE, PARTS, CoreTable
from warehouse.database import translated
from warehouse.models.linkage import UNITS
from warehouse.origin import Connection, Origin
from warehouse.staging import each_once


@dataclass(frozen=True)
class Absence:
    """When a unit that is not delivered counts as deleted: its whole month lies in the period."""

    start: date
    end: date
    max_share: float


@dataclass
class Change:
    """What happened to one table of ``core``, in rows."""

    inserted: int = 0
    replaced: int = 0
    deleted: int = 0
    stale: int = 0


@dataclass
class Merged:
    """What a merge did. Counts of rows that were not loaded stand under their table.

    ``absent`` counts units that an absence would have deleted beyond the allowed share.
    """

    changes: dict[str, Change] = field(default_factory=lambda: {name: Change() for name in CORE})
    older: dict[str, int] = field(default_factory=dict)
    orphans: dict[str, int] = field(default_factory=dict)
    absent: int = 0


class Merge:
    """One delivery's merge; ``run`` does it."""

    def __init__(self, connection: Connection, origin: Origin) -> None:
        self._connection = connection
        self._origin = origin
        self._parameters = origin.parameters
        self._done = Merged()

    def run(self, staged: Mapping[str, int], absence: Absence | None) -> Merged:
        """Merge what ``warehouse.staging`` brought.

        Args:
            staged: rows per staged table.
            absence: null where absence means nothing.

        Raises:
            ContractError: the mapping gives a unit twice.
            PermanentError: a unit belongs to another feed of the agency, or a constraint fails.
        """
        with translated("preparing the merge"):
            self._connection.execute(statements.TABLES)
        for unit in UNITS:
            self._require_own(unit)
            self._leave_newer(unit, staged[unit])
        self._find_gone(absence)
        self._clear_parts()
        for unit in UNITS:
            self._delete_gone(unit)
        for unit in UNITS:
            self._replace(CORE[unit])
        for part in PARTS:
            self._insert_part(CORE[part], staged[part])
        self._file()
        self._replace_counts(staged["reported_count"])
        self._delete_lone()
        for unit in UNITS:
            self._mark_stale(unit)
        return self._done

    # --- steps ----------------------------------------------------------------------------------

    def _require_own(self, unit: str) -> None:
        foreign = self._count(f"comparing feeds of {unit}", statements.FOREIGN, unit)
        if foreign:
            raise PermanentError(
                f"{foreign} units of core.{unit} belong to another feed of {self._origin.agency}; "
                "give the two feeds different pseudonym domains"
            )

    def _leave_newer(self, unit: str, staged: int) -> None:
        if self._origin.as_of is not None:
            self._execute(f"comparing ages of {unit}", statements.LEAVE_NEWER, unit)
        loads = self._count(f"counting {unit}", statements.COUNT_LOADS, unit)
        if loads < staged:
            self._done.older[unit] = staged - loads

    def _find_gone(self, absence: Absence | None) -> None:
        for unit in UNITS:
            self._execute(f"finding deleted {unit}", statements.GONE_BY_SOURCE, unit)
            if self._origin.as_of is not None:
                self._execute(f"marking deleted {unit}", statements.MARK_DELETED, unit)
            if self._origin.predecessors:
                self._execute(f"finding former {unit}", statements.GONE_WITH_OLD_CONTRACT, unit)
        if absence is not None:
            self._find_absent({"start": absence.start, "end": absence.end}, absence.max_share)

    def _find_absent(self, period: Mapping[str, date], max_share: float) -> None:
        present = self._count("counting the period", statements.COUNT_IN_PERIOD, "event", period)
        absent = self._count("counting absent event", statements.COUNT_ABSENT, "event", period)
        if absent > max_share * present:
            self._done.absent = absent
        elif absent:
            self._execute("finding absent event", statements.GONE_BY_ABSENCE, "event", period)

    def _clear_parts(self) -> None:
        cleared = self._execute("finding replaced event", statements.CLEARED, "event")
        self._execute("finding lone event", statements.TOUCHED_EVENT, "event")
        if cleared:
            self._execute("counting replaced event", sql.SQL("ANALYZE pg_temp.cleared"), "")
            self._execute("finding lone victim", statements.TOUCHED_VICTIM, "victim")
            for part in PARTS:
                deleted = self._execute(f"clearing core.{part}", statements.CLEAR, part)
                self._done.changes[part].deleted = deleted

    def _delete_gone(self, unit: str) -> None:
        deleted = self._execute(f"deleting {unit}", statements.DELETE_GONE, unit)
        self._done.changes[unit].deleted = deleted

    def _replace(self, table: CoreTable) -> None:
        unit, change = table.name, self._done.changes[table.name]
        change.replaced = self._count(f"counting {unit}", statements.COUNT_REPLACED, unit)
        statement = statements.upsert(table)
        written = self._execute(f"loading core.{unit}", statement, unit, guard=each_once(unit))
        change.inserted = written - change.replaced

    def _insert_part(self, table: CoreTable, staged: int) -> None:
        name = table.name
        inserted = self._execute(f"loading core.{name}", statements.insert_part(table), name)
        self._done.changes[name].inserted = inserted
        if inserted < staged:
            orphans = self._count(f"counting left {name}", statements.count_orphans(table), name)
            if orphans:
                self._done.orphans[name] = orphans

    def _file(self) -> None:
        change = self._done.changes["filing"]
        known = self._count("counting filings", statements.COUNT_REPLACED_FILINGS, "filing")
        written = self._execute("loading core.filing", statements.FILE, "filing")
        change.replaced, change.inserted = known, written - known

    def _replace_counts(self, staged: int) -> None:
        if not staged:
            return
        doing, table = "loading core.reported_count", "reported_count"
        change = self._done.changes[table]
        if self._origin.as_of is not None:
            older = self._execute(doing, statements.LEAVE_OLDER_COUNTS, table)
            self._done.older |= {table: older} if older else {}
        change.replaced = self._count(doing, statements.COUNT_REPLACED_COUNTS, table)
        cleared = self._execute(doing, statements.CLEAR_COUNTS, table)
        written = self._execute(doing, statements.insert_counts(CORE[table]), table)
        change.deleted, change.inserted = cleared - change.replaced, written - change.replaced

    def _delete_lone(self) -> None:
        for unit, statement in (
            ("event", statements.LONE_EVENT),
            ("victim", statements.LONE_VICTIM),
        ):
            deleted = self._execute(f"deleting lone {unit}", statement, unit)
            self._done.changes[unit].deleted += deleted

    def _mark_stale(self, unit: str) -> None:
        stale = self._execute(f"marking stale {unit}", statements.MARK_STALE, unit)
        self._done.changes[unit].stale = stale

    # --- running --------------------------------------------------------------------------------

    def _execute(
        self,
        doing: str,
        statement: sql.SQL | sql.Composed,
        name: str,
        more: Mapping[str, object] | None = None,
        guard: AbstractContextManager[None] | None = None,
    ) -> int:
        """Run a statement; returns the rows it wrote. ``guard`` sees its errors first."""
        with translated(doing), guard or nullcontext(), self._connection.cursor() as cursor:
            cursor.execute(_filled(statement, name), {**self._parameters, **(more or {})})
            return max(cursor.rowcount, 0)

    def _count(
        self,
        doing: str,
        statement: sql.SQL | sql.Composed,
        name: str,
        more: Mapping[str, object] | None = None,
    ) -> int:
        """The number a query returns."""
        with translated(doing), self._connection.cursor() as cursor:
            cursor.execute(_filled(statement, name), {**self._parameters, **(more or {})})
            row = cursor.fetchone()
        return int(str(row[0])) if row else 0


def _filled(statement: sql.SQL | sql.Composed, name: str) -> sql.SQL | sql.Composed:
    return statement if isinstance(statement, sql.Composed) else statement.format(t=sql.SQL(name))
