"""Whether a contract's decisions are complete and of the closed vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from schemas.catalogue import rules
from schemas.codes import code_list
from schemas.contract import Contract, Field, Table
from schemas.counts import counts_faults
from schemas.errors import ContractError
from schemas.linkage_faults import linkage_faults
from schemas.vocabulary import (
    ALLOWED_FOR_CLASS,
    CLASSIFICATIONS,
    CUSTODIES,
    FORMATS,
    IDENTIFIER_KINDS,
    INVALID,
    LANES,
    LOGICAL_TYPES,
    OPERATORS,
    PRESENCES,
    PROFILES,
    SECTORS,
    TEXT_OPERATORS,
)

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def contract_faults(contract: Contract) -> Iterator[str]:
    """Every fault of a contract, in words that say what to change."""
    if not _NAME.fullmatch(contract.name):
        yield f"contract name {contract.name} must read agency.feed in lower case"
    for word, value, known in (
        ("sector", contract.sector, SECTORS),
        ("format", contract.format, FORMATS),
        ("lane", contract.lane, LANES),
        ("custody", contract.custody, CUSTODIES),
        ("profile", contract.profile, PROFILES),
    ):
        yield from _one_of("contract", word, value, known)
    if not contract.tables:
        yield "contract: no tables under `schema`"
    if not contract.mapping_sql.strip():
        yield "contract: no mapping; add the file <feed>.sql beside it"
    for share in (contract.thresholds.max_quarantined_share, contract.thresholds.max_delete_share):
        if not 0 <= share <= 1:
            yield "contract: thresholds are shares between 0 and 1"
    yield from counts_faults(contract)
    if contract.publication.deconfliction and not contract.may_deconflict:
        yield (
            "contract: deconfliction is between police agencies: the sector must be "
            "law_enforcement and the lane row_level; take it out of publication"
        )
    for table in contract.tables:
        yield from _table_faults(contract, table)
    yield from _unit_faults(contract)
    yield from linkage_faults(contract)


def _unit_faults(contract: Contract) -> Iterator[str]:
    for unit, names in contract.units.items():
        yield from _one_of("units", "a unit", unit, ("event", "victim"))
        for name in names:
            table, _, field = name.partition(".")
            found = (
                contract.by_name[table].by_name.get(field) if table in contract.by_name else None
            )
            if found is None or found.deidentification.operator != "pseudonym":
                yield f"units: {name} is no pseudonym of the contract; write table.field"


def _table_faults(contract: Contract, table: Table) -> Iterator[str]:
    yield from _one_of(table.name, "presence", table.presence, PRESENCES)
    names = [field.name for field in table.fields]
    outputs = [field.output for field in table.kept]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"{table.name}.{name} stands twice"
    for name in sorted({n for n in outputs if outputs.count(n) > 1}):
        yield f"{table.name}: two fields leave as {name}; give one another `encryptedName`"
    for name in table.record:
        if name not in table.by_name:
            yield f"{table.name}: record names {name}, which is not a field"
    for field in table.fields:
        yield from _field_faults(contract, table, field)
    if table.redacts:
        yield from _unsaid_identifiers(table)


def _unsaid_identifiers(table: Table) -> Iterator[str]:
    """A text cannot be cleared of identifiers nobody has named."""
    for field in table.fields:
        if field.classification == "direct-identifier" and field.identifies is None:
            yield (
                f"{table.name}.{field.name}: a text of {table.name} leaves redacted, so say what "
                "this field holds; add `{property: identifies, value: ...}`, one of "
                f"{', '.join(IDENTIFIER_KINDS)}"
            )


def _field_faults(contract: Contract, table: Table, field: Field) -> Iterator[str]:
    where = f"{table.name}.{field.name}"
    yield from _one_of(where, "classification", field.classification, CLASSIFICATIONS)
    yield from _one_of(where, "logicalType", field.logical_type, LOGICAL_TYPES)
    yield from _one_of(where, "invalid", field.invalid, INVALID)
    operator = field.deidentification.operator
    if operator not in OPERATORS:
        yield f"{where}: unknown operator {operator}; known are {', '.join(OPERATORS)}"
        return
    allowed = ALLOWED_FOR_CLASS.get(field.classification)
    if allowed and operator not in allowed:
        choices = " or ".join(allowed)
        yield f"{where}: a {field.classification} may not be `{operator}`; use {choices}"
    if operator in TEXT_OPERATORS and field.classification != "free-text":
        yield f"{where}: `{operator}` is for fields of class free-text"
    if field.identifies is not None:
        yield from _one_of(where, "identifies", field.identifies, IDENTIFIER_KINDS)
    if field.copy_of is not None:
        yield from _copy_faults(where, table, field.copy_of)
    if field.required and field.invalid == "blank":
        yield f"{where}: a required field cannot be blanked; use `invalid: quarantine`"
    yield from _parameter_faults(where, table, field.deidentification.parameters, operator)
    for name in (field.codes, field.deidentification.parameters.get("codes")):
        if name is not None:
            yield from _code_list_faults(where, str(name), field)
    for code in field.rules.values():
        if code not in rules():
            yield f"{where}: rule {code} is not in the catalogue schemas/rules/*.yaml"
    if field.lookup is not None:
        yield from _lookup_faults(where, contract, table, field)


def _parameter_faults(
    where: str, table: Table, given: Mapping[str, object], operator: str
) -> Iterator[str]:
    known = OPERATORS[operator]
    for name in given:
        if name not in known:
            yield (
                f"{where}: operator {operator} has no parameter {name}; "
                f"known are {', '.join(known) or 'none'}"
            )
    for name, parameter in known.items():
        if name not in given:
            if parameter.required:
                yield f"{where}: operator {operator} needs `{name}: ...`"
            continue
        value = given[name]
        if not isinstance(value, parameter.kind):
            yield f"{where}: parameter {name} of {operator} must be {parameter.kind.__name__}"
        elif parameter.choices and value not in parameter.choices:
            choices = ", ".join(str(choice) for choice in parameter.choices)
            yield f"{where}: parameter {name} of {operator} must be one of {choices}"
        elif name in ("with", "reference"):
            for other in [value] if isinstance(value, str) else list(value):  # type: ignore[call-overload]
                if other not in table.by_name:
                    yield f"{where}: {name} names {other}, which is not a field of {table.name}"


def _code_list_faults(where: str, name: str, field: Field) -> Iterator[str]:
    try:
        found = code_list(name)
        column = field.deidentification.parameters.get("column")
        if column is not None and field.deidentification.parameters.get("codes") == name:
            found.column(str(column))
    except ContractError as error:
        yield f"{where}: {error}"


def _copy_faults(where: str, table: Table, source: str) -> Iterator[str]:
    if source not in table.by_name:
        yield f"{where}: copyOf names {source}, which is not a field of {table.name}"
    elif not table.by_name[source].delivered:
        yield f"{where}: copyOf names {source}, which is itself looked up or a copy"


def _lookup_faults(where: str, contract: Contract, table: Table, field: Field) -> Iterator[str]:
    lookup = field.lookup
    assert lookup is not None  # noqa: S101 - narrowed by the caller
    other = contract.by_name.get(lookup.table)
    if other is None:
        yield f"{where}: lookup names table {lookup.table}, which the contract lacks"
        return
    for place, name in ((table, lookup.key), (other, lookup.key), (other, lookup.column)):
        if name not in place.by_name:
            yield f"{where}: lookup names {place.name}.{name}, which is not a field"


def _one_of(where: str, word: str, value: str, known: tuple[str, ...]) -> Iterator[str]:
    if value not in known:
        yield f"{where}: {word} must be one of {', '.join(known)}, not {value or 'blank'}"
