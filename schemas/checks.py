"""A contract as one flat list of row checks, and the columns a delivery has to be read for.

The list names no engine. ``schemas.expectations`` runs it with Great Expectations; the tests hold a
second evaluator that must agree with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from schemas.catalogue import Rule, rules_of
from schemas.codes import code_list
from schemas.contract import Contract, Field, Table

#: A blank number or date never breaks these; REQUIRED alone speaks about blanks.
ISO_DATE = "%Y-%m-%d"
ISO_DATETIME = "%Y-%m-%d %H:%M:%S"
NUMBER = r"^[+-]?\d+(?:\.\d+)?$"
INTEGER = r"^[+-]?\d+$"


class Kind(StrEnum):
    """What a check looks at; the value is the key of a field's ``rules``."""

    REQUIRED = "required"
    CODES = "codes"
    DATE = "date"
    NUMBER = "number"
    RANGE = "range"
    PATTERN = "pattern"
    LENGTH = "length"


@dataclass(frozen=True)
class Check:
    """One check of one field.

    ``blanks``: a breach makes the value unknown and keeps the row; otherwise the row is
    quarantined. ``argument`` is the code members, date formats, pattern, longest length or
    (minimum, maximum), by kind.
    """

    kind: Kind
    code: str
    table: str
    field: str
    blanks: bool = False
    argument: tuple[str, ...] | tuple[float | None, float | None] | str | int | None = None


def row_checks(contract: Contract) -> Mapping[str, tuple[Check, ...]]:
    """Checks by table, over the columns that are read (``intake_columns``)."""
    read = intake_columns(contract)
    return MappingProxyType(
        {
            table.name: tuple(
                check
                for field in table.fields
                if field.name in read[table.name]
                for check in _checks_of(table, field)
            )
            for table in contract.tables
        }
    )


def _checks_of(table: Table, field: Field) -> Iterator[Check]:
    def check(kind: Kind, argument: object = None) -> Check:
        own = field.rules.get(kind.value)
        blanks = field.invalid == "blank" and kind is not Kind.REQUIRED
        generic = "VALUE-BLANKED" if blanks else kind.value.upper()
        return Check(kind, own or generic, table.name, field.name, blanks, argument)  # type: ignore[arg-type]

    if field.required:
        yield check(Kind.REQUIRED)
    if field.codes is not None:
        yield check(Kind.CODES, code_list(field.codes).members)
    if field.logical_type == "date":
        yield check(Kind.DATE, field.formats or (ISO_DATE,))
    if field.logical_type == "timestamp":
        yield check(Kind.DATE, field.formats or (ISO_DATETIME, ISO_DATE))
    if field.logical_type in ("integer", "number"):
        yield check(Kind.NUMBER, INTEGER if field.logical_type == "integer" else NUMBER)
    if field.minimum is not None or field.maximum is not None:
        yield check(Kind.RANGE, (field.minimum, field.maximum))
    if field.pattern is not None:
        yield check(Kind.PATTERN, field.pattern)
    if field.max_length is not None:
        yield check(Kind.LENGTH, field.max_length)


def applicable_rules(contract: Contract) -> tuple[Rule, ...]:
    """Query rules of the contract's format whose every table and column the contract declares."""
    return tuple(
        rule
        for rule in rules_of(contract.format)
        if all(
            table in contract.by_name and set(columns) <= set(contract.table(table).by_name)
            for table, columns in rule.needs.items()
        )
    )


def intake_columns(contract: Contract) -> Mapping[str, tuple[str, ...]]:
    """Columns a reader yields, by table, in the contract's order.

    A column is read when it leaves in some form, or when an operator, a rule, a look-up or the
    identity of its record needs it, or when a text of its table leaves and has to be cleared of
    what it holds, or when persons are encoded by it for linkage. Everything else stays in the
    landed file.
    """
    needed: dict[str, set[str]] = {table.name: set() for table in contract.tables}
    for rule in applicable_rules(contract):
        for name, columns in rule.needs.items():
            needed[name].update(columns)
    for table in contract.tables:
        needed[table.name].update(table.record, table.primary_key)
        used = {name for field in table.kept for name in _needed_by(field)}
        needed[table.name].update(used)
        if table.redacts:
            needed[table.name].update(field.name for field in table.identifying)
        for lookup in (table.by_name[name].lookup for name in used):
            if lookup is not None:
                needed[table.name].add(lookup.key)
                needed[lookup.table].update((lookup.key, lookup.column))
    if contract.linkage is not None:
        compared = contract.linkage.fields.values()
        sources = {contract.table(contract.linkage.table).by_name[n].source for n in compared}
        needed[contract.linkage.table].update(sources, contract.linkage.where)
    return MappingProxyType(
        {
            table.name: tuple(
                field.name
                for field in table.fields
                if field.name in needed[table.name] and field.delivered
            )
            for table in contract.tables
        }
    )


def _needed_by(field: Field) -> Iterator[str]:
    yield field.name
    yield field.source
    parameters = field.deidentification.parameters
    if "reference" in parameters:
        yield parameters["reference"]
    extra = parameters.get("with", ())
    yield from [extra] if isinstance(extra, str) else extra
