"""Loads contracts: Open Data Contract Standard v3.1 YAML into frozen ``schemas.contract`` objects.

A contract loads whole or not at all. Every fault is reported at once, each with the line to add.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

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
from schemas.decisions import contract_faults
from schemas.errors import ContractError
from schemas.release import release_options
from schemas.vocabulary import CONTRACT_PROPERTIES, FIELD_PROPERTIES, TABLE_PROPERTIES

SUFFIX = ".odcs.yaml"


def contracts() -> Mapping[str, Contract]:
    """Every contract shipped in ``schemas/contracts``, by name.

    Raises:
        ContractError: one of them does not load.
    """
    return MappingProxyType({path.name: path for path in _load_all()})


def contract(name: str) -> Contract:
    """The contract called ``name``.

    Raises:
        ContractError: there is none; the message lists the names there are.
    """
    known = contracts()
    if name not in known:
        raise ContractError(f"no contract {name}; there are: {', '.join(sorted(known))}")
    return known[name]


def paths() -> tuple[Path, ...]:
    """Files of all shipped contracts, sorted."""
    with as_file(files("schemas").joinpath("contracts")) as root:
        return tuple(sorted(root.glob(f"*/*{SUFFIX}")))


@cache
def _load_all() -> tuple[Contract, ...]:
    loaded = tuple(load_contract(path) for path in paths())
    names = [contract.name for contract in loaded]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ContractError(f"contract name {', '.join(twice)} stands twice")
    return loaded


def load_contract(path: Path) -> Contract:
    """Load one contract and the mapping beside it (``<feed>.sql``).

    Raises:
        ContractError: the file is not ODCS, or a decision is missing or unknown. The message lists
            every fault and, where something is missing, the line to add.
    """
    content = path.read_bytes()
    standard = _parse(content, path)
    mapping = path.with_name(path.name.removesuffix(SUFFIX) + ".sql")
    sql = mapping.read_text(encoding="utf-8") if mapping.exists() else ""
    faults: list[str] = []
    properties = _custom(standard.customProperties, CONTRACT_PROPERTIES, "contract", faults)
    tables = tuple(_table(item, faults) for item in standard.schema_ or ())
    _require(properties, faults)
    if faults:
        raise _refused(path, faults)
    loaded = _contract(standard, properties, tables, sql, _digest(content, sql))
    faults = list(contract_faults(loaded))
    if faults:
        raise _refused(path, faults)
    return loaded


def _digest(content: bytes, sql: str) -> str:
    return hashlib.sha256(content + b"\0" + sql.encode("utf-8")).hexdigest()


def _parse(content: bytes, path: Path) -> OpenDataContractStandard:
    try:
        raw = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise ContractError(f"{path.name} is not YAML{line}") from None
    if not isinstance(raw, dict) or raw.get("kind") != "DataContract":
        raise ContractError(f"{path.name} is not a data contract: add `kind: DataContract`")
    if not str(raw.get("apiVersion", "")).startswith("v3.1"):
        raise ContractError(f"{path.name}: add `apiVersion: v3.1.0`")
    _refuse_unknown_keys(raw, OpenDataContractStandard, path.name)
    try:
        return OpenDataContractStandard.model_validate(raw)
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in fault["loc"]) for fault in error.errors()})
        raise ContractError(f"{path.name} is not ODCS v3.1 at: {', '.join(places)}") from None


def _refuse_unknown_keys(raw: Mapping[str, Any], model: type, where: str) -> None:
    """The standard's model ignores keys it does not know; a misspelt decision must not pass."""
    known = {field.alias or name for name, field in model.model_fields.items()}  # type: ignore[attr-defined]
    unknown = set(raw) - known
    if unknown:
        raise ContractError(f"{where}: ODCS v3.1 has no key {', '.join(sorted(unknown))}")
    if model is OpenDataContractStandard:
        for table in raw.get("schema") or ():
            _refuse_unknown_keys(table, SchemaObject, f"{where}: {table.get('name')}")
            for item in table.get("properties") or ():
                place = f"{where}: {table.get('name')}.{item.get('name')}"
                _refuse_unknown_keys(item, SchemaProperty, place)


def _custom(
    properties: Iterable[CustomProperty] | None,
    allowed: tuple[str, ...],
    where: str,
    faults: list[str],
) -> dict[str, Any]:
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


def _require(properties: Mapping[str, Any], faults: list[str]) -> None:
    optional = {"statisticalBasis", "linkage", "formatOptions", "publication", "release", "units"}
    for name in CONTRACT_PROPERTIES:
        if name not in optional and properties.get(name) is None:
            faults.append(
                f"contract: {name} is missing; add under customProperties: "
                f"`- {{property: {name}, value: ...}}`"
            )


def _table(item: SchemaObject, faults: list[str]) -> Table:
    custom = _custom(item.customProperties, TABLE_PROPERTIES, str(item.name), faults)
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
    custom = _custom(item.customProperties, FIELD_PROPERTIES, where, faults)
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


def _contract(
    standard: OpenDataContractStandard,
    properties: Mapping[str, Any],
    tables: tuple[Table, ...],
    sql: str,
    digest: str,
) -> Contract:
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


def _refused(path: Path, faults: list[str]) -> ContractError:
    return ContractError(f"{path.name} does not load:\n  " + "\n  ".join(faults))
