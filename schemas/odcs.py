"""Loads contracts: Open Data Contract Standard v3.1 YAML into frozen ``schemas.contract`` objects.

A contract loads whole or not at all. Every fault is reported at once, each with the line to add.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from open_data_contract_standard.model import (
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

from schemas.contract import Contract
from schemas.decisions import contract_faults
from schemas.errors import ContractError
from schemas.from_odcs import contract_from, properties_of, table_from
from schemas.vocabulary import CONTRACT_PROPERTIES

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
    properties = properties_of(standard.customProperties, CONTRACT_PROPERTIES, "contract", faults)
    tables = tuple(table_from(item, faults) for item in standard.schema_ or ())
    _require(properties, faults)
    if faults:
        raise _refused(path, faults)
    loaded = contract_from(standard, properties, tables, sql, _digest(content, sql))
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


def _require(properties: Mapping[str, Any], faults: list[str]) -> None:
    optional = {"statisticalBasis", "linkage", "formatOptions", "publication", "release", "units"}
    for name in CONTRACT_PROPERTIES:
        if name not in optional and properties.get(name) is None:
            faults.append(
                f"contract: {name} is missing; add under customProperties: "
                f"`- {{property: {name}, value: ...}}`"
            )


def _refused(path: Path, faults: list[str]) -> ContractError:
    return ContractError(f"{path.name} does not load:\n  " + "\n  ".join(faults))
