"""Turns what an agency calls a record into the record's token, as de-identification does.

A line names one record by the values of one or more columns, with a tab between them. Where the
contract derives a unit's identity (``formatOptions.identities``), the same code derives it here; so
a line must hold all the columns the source fills of the chosen way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from anonymize.keys import KeyRing
from anonymize.operators.identity import pseudonym
from anonymize.operators.registry import reads
from connectors.formats.identity import identity
from schemas.contract import Contract, Field, Table
from schemas.errors import ContractError, DeliveryError

_ISO_DATE = "%Y-%m-%d"


@dataclass(frozen=True)
class UnitKey:
    """One way to name a unit: ``columns`` of ``table``, out of which the field's token is made.

    ``derived`` lists the alternatives of a derived identity; it is empty where the field stands in
    the export itself.
    """

    table: Table
    field: Field
    columns: tuple[str, ...]
    derived: tuple[tuple[str, ...], ...] = ()

    @property
    def domain(self) -> str:
        return str(self.field.deidentification.parameters["domain"])


def unit_key(contract: Contract, unit: str, by: Sequence[str] = ()) -> UnitKey:
    """How lines of ids name a ``unit``.

    Args:
        by: the columns a line holds, in any way the contract knows; by default the first way.

    Raises:
        ContractError: the contract knows no such way; the message lists those it knows.
    """
    known = [key for name in contract.units.get(unit, ()) for key in _keys(contract, name)]
    if not known:
        raise ContractError(
            f"contract {contract.name} does not say what names a {unit}; add under "
            f"customProperties: `- {{property: units, value: {{{unit}: [table.field]}}}}`"
        )
    if not by:
        return known[0]
    for key in known:
        if sorted(key.columns) == sorted(by):
            return UnitKey(key.table, key.field, tuple(by), key.derived)
    ways = "; ".join(",".join(key.columns) for key in known)
    raise ContractError(f"contract {contract.name} names a {unit} by one of: {ways}")


def _keys(contract: Contract, name: str) -> Iterable[UnitKey]:
    table_name, _, field_name = name.partition(".")
    table = contract.table(table_name)
    field = table.by_name[field_name]
    derived = _identities(contract, field)
    if not derived:
        return [UnitKey(table, field, reads(field))]
    return [UnitKey(table, field, way, derived) for way in derived]


def _identities(contract: Contract, field: Field) -> tuple[tuple[str, ...], ...]:
    """The alternatives a reader derives the field from; none where it is a column of the export."""
    options = contract.options
    persons = options.get("persons", {})
    ways = options.get("identities", {}).get(field.name, ())
    if persons.get("victimKey") == field.name:
        ways = persons["identities"]
    return tuple(tuple(way) for way in ways)


def identifiers(contract: Contract, key: UnitKey, lines: Iterable[str]) -> list[pa.Array]:
    """What the token of each line is made of; blank lines are left out.

    Raises:
        DeliveryError: a line has too few or too many columns, or one of them is blank. The message
            names the line's number and nothing of it.
    """
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.rstrip("\r\n").split("\t")]
        if len(cells) != len(key.columns) or not all(cells):
            raise DeliveryError("ID-LINE", _expected(key), row=number)
        rows.append(cells)
    given = {
        name: _canonical(key.table.by_name[name], [row[place] for row in rows])
        for place, name in enumerate(key.columns)
    }
    if not key.derived:
        return [given[name] for name in reads(key.field)]
    blank = pa.nulls(len(rows), pa.string())
    columns = {name: given.get(name, blank) for way in key.derived for name in way}
    made = identity(columns, key.derived, contract.options.get("placeholders", ()))
    if made.null_count:
        raise DeliveryError("ID-LINE", "a line holds a placeholder or a date that is none")
    return [made]


def tokens(contract: Contract, key: UnitKey, parts: list[pa.Array], keyring: KeyRing) -> list[str]:
    """The tokens that de-identification gives the same records, each once."""
    return list(dict.fromkeys(token_of_each(contract, key, parts, keyring)))


def token_of_each(
    contract: Contract, key: UnitKey, parts: list[pa.Array], keyring: KeyRing
) -> list[str]:
    """The token of each line, in order."""
    made = pseudonym(parts, keyring.derive("pseudonym", contract.agency, key.domain))
    found: list[str] = made.to_pylist()
    return found


def _canonical(field: Field, values: list[str]) -> pa.Array:
    """Values as the reader hands them on: dates in ISO form."""
    column = pa.array(values, pa.string())
    if field.logical_type != "date":
        return column
    from connectors.formats.dates import iso_dates

    return iso_dates(column, field.formats or (_ISO_DATE,), serials=False)


def _expected(key: UnitKey) -> str:
    names = ", ".join(key.columns)
    return f"each line names one record: {names}, none of them blank, with a tab between them"


def columns_of(contract: Contract, domains: Mapping[str, object]) -> Iterable[tuple[Table, Field]]:
    """Every pseudonym of one of ``domains`` that the contract makes, with its table."""
    for table in contract.tables:
        for field in table.kept:
            decision = field.deidentification
            if decision.operator == "pseudonym" and decision.parameters["domain"] in domains:
                yield table, field
