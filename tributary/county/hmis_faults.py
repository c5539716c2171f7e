"""Faults planted in the HMIS export, of the kinds found in real ones (domain.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county import rates
from tributary.county.faults import Planter
from tributary.county.hmis import Hmis
from tributary.county.seeds import Ints, Mask, chance
from tributary.county.text import Column, day, join

#: HUD's numbers are those of its own data quality checks.
Action = Literal["set", "before_entry", "repeat", "ragged"]


@dataclass(frozen=True)
class Fault:
    """``set`` writes ``value`` into ``field``; ``repeat`` writes the row once more at the end."""

    table: str
    name: str
    rule: str
    action: Action
    field: str | None = None
    value: str = ""


CONTRACT: Final = "county_coc.hmis"
FAULTS: Final = (
    Fault("Client", "duplicate_personal_id", "HUD-7", "repeat", "PersonalID"),
    Fault("Client", "bad_date", "HUD-11", "set", "DOB", "1994-02-30"),
    Fault("Client", "illegal_code", "HUD-13", "set", "VeteranStatus", "7"),
    Fault("Enrollment", "duplicate_enrollment_id", "HUD-8", "repeat", "EnrollmentID"),
    Fault("Enrollment", "orphan_client", "HUD-9", "set", "PersonalID", "9999999"),
    Fault("Enrollment", "orphan_project", "HUD-10", "set", "ProjectID", "PRJ999"),
    Fault("Enrollment", "bad_date", "HUD-11", "set", "EntryDate", "2025-13-45"),
    Fault("Enrollment", "illegal_code", "HUD-53", "set", "RelationshipToHoH", "7"),
    Fault("Exit", "exit_before_entry", "HUD-99", "before_entry", "ExitDate"),
    Fault("Exit", "orphan_enrollment", "HUD-REFERENCE", "set", "EnrollmentID", "9999999"),
    Fault("Exit", "illegal_code", "HUD-13", "set", "Destination", "77"),
    Fault("HealthAndDV", "illegal_code", "LSASampleCode-1006", "set", "WhenOccurred", "0"),
    Fault("Services", "ragged", "ROW-RAGGED", "ragged"),
)


@dataclass
class Plan:
    """Rows of one file that carry a fault, by fault, and the rows marked as deleted."""

    rows: Mapping[Fault, Ints]
    deleted: Mask
    repeated: list[pa.Array] = field(default_factory=list)


@dataclass
class HmisFaults:
    """Plans every file of the export and keeps the truth about it."""

    hmis: Hmis
    client_deleted: Mask = field(init=False)
    stay_deleted: Mask = field(init=False)

    def __post_init__(self) -> None:
        stays, random = self.hmis.stays, self.hmis.county.stream("hmis", "deleted")
        self.client_deleted = chance(random, rates.DELETED / 3, len(stays.client))
        chosen = chance(random, rates.DELETED, len(stays.of))
        self.stay_deleted = chosen | self.client_deleted[stays.of]

    def plan(self, table: str, deleted: Mask) -> Plan:
        """Choose the rows of ``table``."""
        planter = Planter(self.hmis.county.stream("hmis", "faults", table), len(deleted))
        planter.keep_clean(deleted)
        return Plan({f: planter.rows() for f in FAULTS if f.table == table}, deleted)

    def apply(
        self, plan: Plan, columns: dict[str, Column], rows: Ints, stay: Ints
    ) -> dict[str, Column]:
        """``columns`` of the rows ``rows`` with the faults that are set in a cell."""
        for fault, chosen in plan.rows.items():
            if fault.field is None or fault.action not in ("set", "before_entry"):
                continue
            mask = np.isin(rows, chosen)
            if mask.any():
                text = pc.cast(columns[fault.field], pa.string())
                columns[fault.field] = pc.if_else(pa.array(mask), self._value(fault, stay), text)
        return columns

    def spoil(self, plan: Plan, lines: pa.Array, rows: Ints) -> pa.Array:
        """Records with one field too many; records to repeat are remembered."""
        for fault, chosen in plan.rows.items():
            mask = np.isin(rows, chosen)
            if fault.action == "ragged" and mask.any():
                lines = pc.if_else(pa.array(mask), join(pa.scalar(","), lines), lines)
            elif fault.action == "repeat" and mask.any():
                plan.repeated.append(lines.filter(pa.array(mask)))
        return lines

    def record(self, file: str, plan: Plan, keys: Mapping[str, pa.Array], rows: int) -> None:
        """Write the truth of one file. ``keys``: ids of all its rows, by table."""
        truth, at = self.hmis.county.truth, rows
        table = next(iter(plan.rows)).table if plan.rows else None
        if table in ("Client", "Enrollment", "Exit"):
            gone = np.flatnonzero(plan.deleted)
            where = {"rows": gone + 1, "keys": keys[table].take(pa.array(gone))}
            truth.faults(CONTRACT, file, table, "deleted", "DateDeleted", field="DateDeleted", **where)
        for fault, chosen in plan.rows.items():
            numbers = chosen + 1
            if fault.action == "repeat":
                numbers = np.arange(at, at + len(chosen)) + 1
                at += len(chosen)
            truth.faults(
                CONTRACT,
                file,
                fault.table,
                fault.name,
                fault.rule,
                rows=numbers,
                keys=keys[fault.table].take(pa.array(chosen)),
                field=fault.field,
            )

    def _value(self, fault: Fault, stay: Ints) -> Column:
        canary, stays = self.hmis.county.canary, self.hmis.stays
        if fault.action == "before_entry":
            return day(stays.entry[stay] - 5)
        if fault.field == "PersonalID":
            return self.hmis.prefixes["person"] + fault.value
        if fault.field == "EnrollmentID":
            return self.hmis.prefixes["stay"] + fault.value
        if fault.field == "ProjectID":
            return canary.text(fault.value, "BADPROJECT")
        return canary.text(fault.value, "BADDATE" if fault.name == "bad_date" else "BADCODE")
