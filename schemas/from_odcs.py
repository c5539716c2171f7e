"""What a data contract says, as the standard's model has it, to ``schemas.contract`` objects.

Faults that are one of many are collected; what no contract can be made of is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from open_data_contract_standard.model import (
    CustomProperty,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)

from schemas.contract import (
    Agreement,
    Contract,
    Deidentification,
    Field,
    Linkage,
    Lookup,
    Publication,
    Retention,
    Schedule,
    Table,
    Thresholds,
)
from schemas.errors import ContractError
from schemas.release import release_options
from schemas.vocabulary import FIELD_PROPERTIES, TABLE_PROPERTIES


def properties_of(
    properties: Iterable[CustomProperty] | None,
    allowed: tuple[str, ...],
    where: str,
    faults: list[str],
) -> dict[str, Any]:
    """Custom properties by name. ``where`` they stand is for the faults: an unknown name is one,
    and one that stands twice."""
    found: dict[str, Any] = {}
    for item in properties or ():
        name = item.property or ""
        if name not in allowed:
            faults.append(
                f"{where}: unknown custom property {name}; known are {', '.join(allowed)}"
            )
        elif name in found:
            faults.append(f"{where}: custom property {name} stands twice")
        else:
            found[name] = item.value
    return found


def table_from(item: SchemaObject, faults: list[str]) -> Table:
    """A table with its fields; what is missing in them is added to ``faults``."""
    custom = properties_of(item.customProperties, TABLE_PROPERTIES, str(item.name), faults)
    return Table(
        name=str(item.name),
        description=(item.description or "").strip(),
        fields=tuple(_field(str(item.name), one, faults) for one in item.properties or ()),
        presence=custom.get("presence", "required"),
        record=tuple(custom.get("record", ())),
        loads=custom.get("loads"),
    )


def _field(table: str, item: SchemaProperty, faults: list[str]) -> Field:
    where = f"{table}.{item.name}"
    custom = properties_of(item.customProperties, FIELD_PROPERTIES, where, faults)
    decision = custom.get("deidentification")
    if not isinstance(decision, Mapping) or "operator" not in decision:
        faults.append(
            f"{where}: no de-identification decision; add "
            "`customProperties: [{property: deidentification, value: {operator: drop}}]`"
        )
        decision = {"operator": "drop"}
    options = item.logicalTypeOptions or {}
    lookup = custom.get("lookup")
    return Field(
        name=str(item.name),
        logical_type=item.logicalType or "",
        classification=item.classification or "",
        deidentification=Deidentification(
            decision["operator"],
            MappingProxyType({k: v for k, v in decision.items() if k != "operator"}),
        ),
        description=(item.description or "").strip(),
        required=bool(item.required),
        unique=bool(item.unique),
        primary_key=bool(item.primaryKey),
        output=item.encryptedName or str(item.name),
        aliases=tuple(custom.get("aliases", ())),
        codes=custom.get("codes"),
        pattern=options.get("pattern"),
        max_length=options.get("maxLength"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        formats=tuple(custom.get("formats", ())),
        invalid=custom.get("invalid", "quarantine"),
        rules=MappingProxyType(dict(custom.get("rules", {}))),
        lookup=Lookup(**lookup) if isinstance(lookup, Mapping) else None,
        copy_of=custom.get("copyOf"),
        identifies=custom.get("identifies"),
    )


def _linkage(value: object) -> Linkage | None:
    """``epoch: X`` is short for ``epochs: [X]``.

    Raises:
        ContractError: a part is missing, unknown or of another type.
    """
    if value is None:
        return None
    try:
        given: dict[str, Any] = dict(value)  # type: ignore[call-overload]
        where: Mapping[str, Any] = given.pop("where", {})
        epochs = given.pop("epochs") if "epochs" in given else [given.pop("epoch")]
        return Linkage(
            epochs=tuple(str(epoch) for epoch in epochs),
            fields=MappingProxyType(dict(given.pop("fields"))),
            where=MappingProxyType({name: _texts(values) for name, values in where.items()}),
            **{name: " ".join(str(text).split()) for name, text in given.items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ContractError(
            "linkage needs {schema, epoch, unit, table, token, basis, fields: {<field of the "
            "linkage schema>: <field of the table>}}, and knows {epochs, where, consent}"
        ) from None


def _texts(values: Iterable[object]) -> tuple[str | None, ...]:
    return tuple(None if value is None else str(value) for value in values)


def contract_from(
    standard: OpenDataContractStandard,
    properties: Mapping[str, Any],
    tables: tuple[Table, ...],
    sql: str,
    digest: str,
) -> Contract:
    """The contract of its parts.

    Raises:
        ContractError: a part of its custom properties is missing, unknown or of another type.
    """
    agreement, schedule = properties["agreement"], properties["schedule"]
    retention, limits = properties["retention"], properties["thresholds"]
    description = standard.description
    try:
        return Contract(
            name=str(standard.name or standard.id),
            version=str(standard.version),
            agency=properties["agency"],
            agency_name=properties["agencyName"],
            sector=properties["sector"],
            format=properties["format"],
            lane=properties["lane"],
            custody=properties["custody"],
            profile=properties["profile"],
            legal_basis=properties["legalBasis"],
            statistical_basis=properties.get("statisticalBasis"),
            linkage=_linkage(properties.get("linkage")),
            publication=Publication(**(properties.get("publication") or {})),
            release=release_options(properties.get("release")),
            agreement=_agreement(agreement),
            schedule=Schedule(schedule["cron"], int(schedule["deadlineHours"])),
            retention=Retention(
                int(retention["landingDays"]),
                int(retention["deidentifiedDays"]),
                int(retention["coreDays"]),
            ),
            thresholds=Thresholds(
                float(limits["maxQuarantinedShare"]),
                float(limits["maxDeleteShare"]),
                int(limits["minRows"]),
            ),
            key_epoch=str(properties["keyEpoch"]),
            units=MappingProxyType(
                {unit: tuple(names) for unit, names in (properties.get("units") or {}).items()}
            ),
            tables=tables,
            digest=digest,
            mapping_sql=sql,
            options=MappingProxyType(dict(properties.get("formatOptions") or {})),
            description=(description.purpose or "").strip() if description else "",
        )
    except (KeyError, TypeError, ValueError) as error:
        missing = f": {error.args[0]} is missing" if isinstance(error, KeyError) else ""
        raise ContractError(
            "agreement needs {id, expires} (terminated, graceDays), schedule {cron, "
            "deadlineHours}, retention {landingDays, deidentifiedDays, coreDays}, thresholds "
            "{maxQuarantinedShare, "
            "maxDeleteShare, minRows}, publication {state, county, public, deconfliction}"
            f"{missing}"
        ) from None


def _agreement(given: Mapping[str, Any]) -> Agreement:
    known = {"id", "expires", "terminated", "graceDays"}
    if unknown := sorted(set(given) - known):
        raise ContractError(f"agreement has no key {', '.join(unknown)}")
    terminated = given.get("terminated")
    return Agreement(
        given["id"],
        date.fromisoformat(str(given["expires"])),
        None if terminated is None else date.fromisoformat(str(terminated)),
        int(given.get("graceDays", Agreement.grace_days)),
    )
