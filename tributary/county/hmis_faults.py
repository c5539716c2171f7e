"""Faults planted in the HMIS export, of the kinds found in real ones (domain.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county import rates
from tributary.county.faults import Planter
from tributary.county.hmis import Hmis
from tributary.county.hmis_consent import Consents
from tributary.county.hmis_sites import RHY, VSP
from tributary.county.seeds import Ints, Mask, chance
from tributary.county.text import Column, day, join, moment

Action = Literal["set", "before_entry", "repeat", "ragged"]


@dataclass(frozen=True)
class Fault:
    """``set`` writes ``value`` into ``field``; ``repeat`` writes the row once more at the end.

    ``rule`` is the project's own code for it. ``rhy``: in rows of RHY projects only, or of others
    only (a client nobody knows has no consent).
    """

    table: str
    name: str
    rule: str
    action: Action
    field: str | None = None
    value: str = ""
    rhy: bool | None = None


CONTRACT: Final = "county_coc.hmis"
FAULTS: Final = (
    Fault("Client", "duplicate_personal_id", "HMIS-007", "repeat", "PersonalID"),
    Fault("Client", "bad_date", "VALUE-BLANKED", "set", "DOB", "1994-02-30"),
    Fault("Client", "illegal_code", "HMIS-050", "set", "White", "7"),
    Fault("Enrollment", "duplicate_enrollment_id", "HMIS-008", "repeat", "EnrollmentID"),
    Fault("Enrollment", "orphan_client", "HMIS-009", "set", "PersonalID", "9999999", rhy=False),
    Fault("Enrollment", "orphan_project", "HMIS-010", "set", "ProjectID", "PRJ999"),
    Fault("Enrollment", "bad_date", "HMIS-011", "set", "EntryDate", "2025-13-45"),
    Fault("Enrollment", "illegal_code", "HMIS-053", "set", "RelationshipToHoH", "7"),
    Fault("Exit", "exit_before_entry", "HMIS-099", "before_entry", "ExitDate"),
    Fault("Exit", "orphan_enrollment", "HMIS-ORPHAN", "set", "EnrollmentID", "9999999"),
    Fault("Exit", "illegal_code", "HMIS-050", "set", "ExchangeForSex", "7", rhy=True),
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
    consents: Consents
    client_deleted: Mask = field(init=False)
    stay_deleted: Mask = field(init=False)

    def __post_init__(self) -> None:
        stays, random = self.hmis.stays, self._stream("deleted")
        self.client_deleted = chance(random, rates.DELETED / 3, len(stays.client))
        chosen = chance(random, rates.DELETED, len(stays.of))
        self.stay_deleted = chosen | self.client_deleted[stays.of]

    @cached_property
    def refused(self) -> dict[str, Mask]:
        """Stays that no lane lets in, by reason."""
        vsp = VSP[self.hmis.stays.site]
        return {"vsp": vsp, "rhy_without_consent": self.consents.lacking(self.hmis.stays) & ~vsp}

    def plan(self, table: str, about: Ints) -> Plan:
        """Choose the rows of ``table``; ``about`` is the stay (for Client: the client) of each row.

        No fault stands in a row that is deleted or refused: nobody would find it there.
        """
        stays, planter = self.hmis.stays, Planter(self._stream("faults", table), len(about), 20)
        out = self.refused["vsp"] | self.refused["rhy_without_consent"]
        if table == "Client":
            deleted, rhy = self.client_deleted, np.zeros(len(about), np.bool_)
            planter.keep_clean(np.bincount(stays.of, out, len(about)) > 0)
        else:
            deleted, rhy = self.stay_deleted[about], RHY[stays.site[about]]
            planter.keep_clean(out[about])
        planter.keep_clean(deleted)
        faults = [fault for fault in FAULTS if fault.table == table]
        return Plan(
            {f: planter.rows(None if f.rhy is None else rhy == f.rhy) for f in faults}, deleted
        )

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
        """Records with one field too many."""
        for fault, chosen in plan.rows.items():
            mask = np.isin(rows, chosen)
            if fault.action == "ragged" and mask.any():
                lines = pc.if_else(pa.array(mask), join(pa.scalar(","), lines), lines)
        return lines

    def repeats(
        self, plan: Plan, columns: Mapping[str, Column], rows: Ints
    ) -> dict[str, Column] | None:
        """Columns of the rows that stand in the file twice, updated on the day of the export."""
        chosen = [found for fault, found in plan.rows.items() if fault.action == "repeat"]
        at = pa.array(np.flatnonzero(np.isin(rows, np.concatenate([*chosen, np.zeros(0, int)]))))
        if not len(at):
            return None
        again = {
            name: c if isinstance(c, (str, int)) else c.take(at) for name, c in columns.items()
        }
        latest = moment(np.full(len(at), self.hmis.county.period.end) + np.timedelta64(5, "h"))
        return again | {"DateUpdated": latest}

    def record(self, file: str, plan: Plan, keys: Mapping[str, pa.Array]) -> None:
        """Write the truth of one file. ``keys``: ids of all its rows, by table.

        Of a row that stands twice the earlier one counts as the fault: it is the one out of date.
        """
        truth = self.hmis.county.truth
        table = next(iter(plan.rows)).table if plan.rows else None
        if table in ("Client", "Enrollment", "Exit"):
            gone = np.flatnonzero(plan.deleted)
            where = {"rows": gone + 1, "keys": keys[table].take(pa.array(gone))}
            truth.faults(
                CONTRACT, file, table, "deleted", "DateDeleted", field="DateDeleted", **where
            )
        if table == "Enrollment":
            for name, rule in (("vsp", "HMIS-VSP"), ("rhy_without_consent", "HMIS-RHY")):
                out = np.flatnonzero(self.refused[name])
                where = {"rows": out + 1, "keys": keys[table].take(pa.array(out))}
                truth.faults(CONTRACT, file, table, name, rule, field="ProjectID", **where)
        for fault, chosen in plan.rows.items():
            truth.faults(
                CONTRACT,
                file,
                fault.table,
                fault.name,
                fault.rule,
                rows=chosen + 1,
                keys=keys[fault.table].take(pa.array(chosen)),
                field=fault.field,
            )

    def _stream(self, *names: str) -> np.random.Generator:
        return self.hmis.county.stream("hmis", *names)

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
