"""Delimited exports of a police records management system (RMS), read by the contract's mapping.

There is no national layout: titles, dates and codes are the contract's (aliases, formats, code
lists). The file holds one row per case, or one per involvement of a person in a case; all of it is
one table. Of persons the contract has no use for (witnesses, officers, reporting parties) every
column that leaves the agency's node in any form is emptied here, before anything is stored; their
names and numbers stay on the node, to be masked where a narrative mentions them. Only victims get
an identity that leaves as a token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.formats.base import ROW, Intake, TableBatch, batch_schema
from connectors.formats.choices import canonical, choices_of
from connectors.formats.csv_rows import read_csv
from connectors.formats.dates import iso_dates
from connectors.formats.identity import identity
from schemas.checks import ISO_DATE
from schemas.contract import Field, Table

TABLE = "involvement"
_NULL = pa.scalar(None, pa.string())

Columns = dict[str, pa.Array]


def read(source: BinaryIO, intake: Intake) -> Iterator[TableBatch]:
    """Rows of the export.

    ``formatOptions`` of the contract: ``delimiter``, ``encodings``, ``required`` (columns the file
    must have), ``excelDates``, ``extract`` (field to a pattern whose group ``value`` is the value),
    ``persons`` (see ``_Persons``) and ``placeholders``.

    Raises:
        DeliveryError: the file cannot be read; see ``read_csv``.
    """
    mapping = _Mapping(intake)
    options = intake.contract.options
    batches = read_csv(
        source,
        table=TABLE,
        columns={
            field.name: field.aliases
            for field in mapping.table.fields
            if field.delivered and field.name not in mapping.made
        },
        wanted=mapping.taken(),
        delimiter=options.get("delimiter", ","),
        encodings=tuple(options.get("encodings", ("utf-8",))),
        report=intake.report,
        required=frozenset(options.get("required", ())),
        expected_absent=frozenset(f.name for f in mapping.table.fields if f.only_identifies),
    )
    for batch in batches:
        yield TableBatch(TABLE, mapping.applied(batch))


@dataclass(frozen=True)
class _Persons:
    """``formatOptions.persons``: what happens to the persons of an export.

    Attributes:
        case: field that names the case.
        role: field that says how the person is involved.
        kept: roles whose persons are kept; of all others no column leaves and none makes a key.
        victim: role whose persons get a token.
        fields: columns that describe the person.
        row_key: made field that tells the rows of a case apart; it stays on the agency node.
        victim_key: made field that names a victim; blank for everybody else.
    """

    case: str
    role: str
    kept: tuple[str, ...]
    victim: str
    fields: tuple[str, ...]
    row_key: str
    victim_key: str

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> _Persons:
        return cls(
            case=options["case"],
            role=options["role"],
            kept=tuple(options["kept"]),
            victim=options["victim"],
            fields=tuple(options["fields"]),
            row_key=options["rowKey"],
            victim_key=options["victimKey"],
        )


class _Mapping:
    """The contract's mapping, applied to batches."""

    def __init__(self, intake: Intake) -> None:
        options = intake.contract.options
        self._intake, self._wanted = intake, intake.columns[TABLE]
        self._excel_dates = bool(options.get("excelDates", False))
        self._extract: Mapping[str, str] = options.get("extract", {})
        self._persons = _Persons.of(options["persons"])
        self._identities: list[list[str]] = options["persons"]["identities"]
        self._placeholders: tuple[str, ...] = tuple(options.get("placeholders", ()))
        #: Fields of the contract that are no columns of the file.
        self.made = {self._persons.row_key, self._persons.victim_key}

    @property
    def table(self) -> Table:
        return self._intake.contract.table(TABLE)

    def taken(self) -> tuple[str, ...]:
        """Columns to take from the file."""
        parts = [name for way in self._identities for name in way]
        names = (*self._wanted, *parts, self._persons.role, self._persons.case)
        return tuple(dict.fromkeys(name for name in names if name not in self.made))

    def applied(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch as the contract wants it: canonical values, made keys, no needless person."""
        columns: Columns = {name: batch.column(name) for name in batch.schema.names}
        for name, pattern in self._extract.items():
            if name in columns:
                columns[name] = _extracted(columns[name], pattern)
        for name in self.taken():
            columns[name] = self._canonical(self.table.by_name[name], columns)
        kept = self._kept_persons(columns)
        self._identify(columns, kept)
        columns |= {name: kept[name] for name in kept if not self.table.by_name[name].dropped}
        arrays = [columns[ROW], *(columns[name] for name in self._wanted)]
        return pa.RecordBatch.from_arrays(arrays, schema=batch_schema(self._wanted))

    def _canonical(self, field: Field, columns: Columns) -> pa.Array:
        """ISO dates, codes of the field's list; what is neither stays for a check to find."""
        column = columns[field.name]
        if field.logical_type == "date":
            return iso_dates(column, field.formats or (ISO_DATE,), serials=self._excel_dates)
        choices = choices_of(field)
        if choices is None:
            return column
        found = canonical(column, *choices)
        if field.codes is None and found.unknown.any():
            rows = columns[ROW].filter(pa.array(found.unknown)).to_pylist()
            self._intake.report.note("RMS-CHOICE", TABLE, field.name, rows)
        return found.codes

    def _kept_persons(self, columns: Columns) -> Columns:
        """The columns that describe persons, empty for everybody who is not kept."""
        role = columns[self._persons.role]
        kept = pc.is_in(role, pa.array(self._persons.kept))
        described, emptied = pa.array(np.zeros(len(role), bool)), {}
        for name in self._persons.fields:
            if name in columns:
                described = pc.or_(described, pc.is_valid(columns[name]))
                emptied[name] = pc.if_else(kept, columns[name], _NULL)
        roleless = columns[ROW].filter(pc.and_(described, pc.is_null(role)))
        if len(roleless):
            rows = roleless.to_pylist()
            self._intake.report.note("RMS-ROLE-MISSING", TABLE, self._persons.role, rows)
        return emptied

    def _identify(self, columns: Columns, persons_kept: Columns) -> None:
        """Fill the made keys; who is not kept has none but the row.

        A person without any identity is known by case and row number: stable for this delivery,
        and when the case is delivered again, the loader replaces its persons anyway.
        """
        persons = self._persons
        role, case = columns[persons.role], columns[persons.case]
        row = pc.binary_join_element_wise(case, columns[ROW].cast(pa.string()), " row ")
        known = {**columns, **persons_kept}
        person = pc.coalesce(identity(known, self._identities, self._placeholders), row)
        named = pc.binary_join_element_wise(pc.fill_null(role, ""), person, " ")
        is_victim = pc.fill_null(pc.equal(role, persons.victim), False)
        columns[persons.row_key] = named
        columns[persons.victim_key] = pc.if_else(is_victim, person, _NULL)


def _extracted(column: pa.Array, pattern: str) -> pa.Array:
    """What the pattern's group ``value`` matches; the whole text where it does not match."""
    return pc.coalesce(pc.struct_field(pc.extract_regex(column, pattern), "value"), column)
