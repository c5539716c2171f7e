"""Whether what a contract says about linkage is complete, lawful and within its lane.

Victims and clients are linked, suspects are not; who is of a lane of consent, and runaway and
homeless youth (45 CFR 1351.21(a)), on a recorded basis alone. Each format has a column that tells,
and the contract must say which of its values are encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from schemas.codes import code_list
from schemas.contract import Contract, Field, Linkage, Table
from schemas.errors import ContractError
from schemas.linkage import CLK, agreed_schema
from schemas.vocabulary import AGGREGATE_LANE

#: Column an HMIS reader makes: on what basis a client's rows may be stored (``hmis_lanes``).
RHY_BASIS = "RHYBasis"
NOT_RHY, CONSENT, STATISTICAL = RHY_BASES = ("not_rhy", "consent", "statistical")

_UNIT = "victim"
#: Of fewer fields, one filter for a record still shows the patterns of each (privacy.md 5.2).
_FIELDS_OF_CLK = 6
_EPOCH = re.compile(r"[A-Za-z0-9._-]{1,32}")
#: Classes nobody is recognised by, or whose values must not even be encoded.
_NEVER = ("free-text", "confidential-location", "sensitive")


def linkage_faults(contract: Contract) -> Iterator[str]:
    """Every fault of the contract's ``linkage``, in words that say what to change."""
    linkage = contract.linkage
    if linkage is None:
        return
    if contract.lane == AGGREGATE_LANE:
        yield "linkage: nothing of an aggregate_only source is encoded; take the property out"
    if not linkage.basis.strip():
        yield "linkage: add `basis: <legal basis of linking these persons>`"
    if contract.lane == "row_level_with_consent" and not (linkage.consent or "").strip():
        yield "linkage: a lane of consent needs `consent: <what of the release covers linkage>`"
    if linkage.unit != _UNIT:
        yield f"linkage: unit must be {_UNIT}"
    if not linkage.epochs or len(set(linkage.epochs)) < len(linkage.epochs):
        yield "linkage: add `epoch: ...`, or `epochs: [...]` with each once"
    for epoch in linkage.epochs:
        if not _EPOCH.fullmatch(epoch):
            yield "linkage: an epoch is of letters, digits, dots, - and _"
    table = contract.by_name.get(linkage.table)
    if table is None:
        yield f"linkage: the contract has no table {linkage.table}"
        return
    yield from _token_faults(contract, linkage, table)
    yield from _field_faults(linkage, table)
    yield from _where_faults(linkage, table)
    yield from _gate_faults(contract, linkage)


def _token_faults(contract: Contract, linkage: Linkage, table: Table) -> Iterator[str]:
    """The token must be the one that names persons in core."""
    field = token_field(linkage, table)
    names = contract.units.get(_UNIT, ())
    if field is None or f"{table.name}.{field.name}" not in names:
        yield (
            f"linkage: token {linkage.token} is no pseudonym of {table.name} that names a {_UNIT} "
            "(`units`)"
        )


def token_field(linkage: Linkage, table: Table) -> Field | None:
    """The field that leaves as the person's token."""
    found = (one for one in table.kept if one.output == linkage.token)
    field = next(found, None)
    is_token = field is not None and field.deidentification.operator == "pseudonym"
    return field if is_token else None


def _field_faults(linkage: Linkage, table: Table) -> Iterator[str]:
    try:
        agreed = agreed_schema(linkage.schema)
    except ContractError as error:
        yield f"linkage: {error}"
        return
    kinds = agreed.kinds
    if len(linkage.fields) < 2:
        yield "linkage: name two fields or more; nobody is recognised by one"
    if agreed.mode == CLK and len(linkage.fields) < _FIELDS_OF_CLK:
        yield f"linkage: schema {linkage.schema} is of mode {CLK}; name six fields or more"
    for name, source in linkage.fields.items():
        if name not in kinds:
            yield f"linkage: schema {linkage.schema} has no field {name}; it has {', '.join(kinds)}"
        field = table.by_name.get(source)
        if field is None:
            yield f"linkage: {source} is no field of {table.name}"
        elif field.lookup is not None or field.classification in _NEVER:
            yield f"linkage: {table.name}.{source} ({field.classification}) must not be encoded"


def _where_faults(linkage: Linkage, table: Table) -> Iterator[str]:
    for name, values in linkage.where.items():
        field = table.by_name.get(name)
        if field is None or field.lookup is not None:
            yield f"linkage: where names {name}, which is no field of {table.name}"
        elif field.codes is not None:
            strange = {value for value in values if value is not None}
            if not strange <= set(code_list(field.codes).members):
                yield f"linkage: where of {name} has a value that is not in list {field.codes}"


def _gate_faults(contract: Contract, linkage: Linkage) -> Iterator[str]:
    """Who must never be encoded, by what the format tells of them."""
    match contract.format:
        case "rms_csv":
            persons = contract.options.get("persons", {})
            role, victim = persons.get("role"), persons.get("victim")
            if linkage.where.get(role) != (victim,):
                yield f"linkage: victims alone are linked; add `where: {{{role}: [{victim}]}}`"
        case "hmis_csv":
            bases = linkage.where.get(RHY_BASIS, ())
            if not bases or not set(bases) <= set(RHY_BASES):
                yield (
                    "linkage: runaway and homeless youth are linked on a recorded basis alone; add "
                    f"`where: {{{RHY_BASIS}: [{NOT_RHY}, {CONSENT}]}}`"
                )
            if STATISTICAL in bases and contract.statistical_basis is None:
                yield f"linkage: {RHY_BASIS} `{STATISTICAL}` needs the contract's statisticalBasis"
        case "nibrs_flat":
            yield "linkage: NIBRS holds no names; take the property out"
