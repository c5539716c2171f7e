"""A linkage schema: what all agencies agree to compare persons by, and how it is encoded.

A schema is a YAML file, versioned as a whole: two encodings compare only where name, version and
digest of their schemas are the same::

    name: county-persons
    version: 1
    fields:
      - {column: FirstName, kind: given_name}
      - {column: LastName, kind: surname}
      - {column: DOB, kind: date}
    mode: fields                  # optional; `clk`: one filter for a whole record
    blocks:                       # optional; derived from the kinds where left out
      - [FirstName.sound, DOB.full]

Every block is made of parts of at least two fields: a token of one field alone can be turned back
by its frequency.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from schemas.errors import ContractError


@dataclass(frozen=True)
class Kind:
    """How values of a kind are encoded.

    Attributes:
        bits: bits each n-gram sets in a filter of ``FILTER_BITS``; fewer where values are longer,
            so that no filter fills up (privacy.md 2: a third to a half of the bits set).
        parts: what block tokens may be made of, from sharpest to broadest.
        weight: how much of a record's one filter (``mode: clk``) a value of this kind fills, beside
            the other fields: by how much it tells of a person.
    """

    bits: int
    parts: tuple[str, ...]
    weight: float


#: Bits of the Bloom filter of one field, and of the one filter of a record.
FILTER_BITS, CLK_BITS = 256, 1024
#: The mode of one filter for a record (a cryptographic long-term key), and that filter's name.
CLK = "clk"
MODES = ("fields", CLK)

_NAME = ("sound", "start", "end", "initial")
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "given_name": Kind(18, _NAME, 10),
        "surname": Kind(18, (*_NAME, "last"), 10),
        "full_name": Kind(9, ("last", "sound", "start", "end"), 20),
        "date": Kind(10, ("full", "turned", "month_day", "year_month", "year_day", "year"), 14),
        "year": Kind(24, ("whole",), 5),
        "sex": Kind(32, ("whole",), 3),
        "category": Kind(32, ("whole",), 3),
        "postcode": Kind(12, ("whole", "start"), 7),
        "place": Kind(12, ("sound", "start"), 7),
        "address": Kind(8, ("words", "start"), 8),
        "text": Kind(8, ("sound", "start"), 7),
        "phone": Kind(8, ("last7",), 8),
        "ssn": Kind(8, ("whole", "last4"), 10),
        "number": Kind(16, ("whole",), 4),
        "email": Kind(7, ("whole",), 8),
    }
)
#: Kinds whose values may stand in each other's place.
NAMES = ("given_name", "surname")
_SETTINGS = (
    *("name", "version", "mode", "fields", "blocks"),
    *("one_to_one", "min_precision", "hardening"),
)
_ONE_TO_ONE = ("auto", True, False)


@dataclass(frozen=True)
class LinkageField:
    column: str
    kind: str


@dataclass(frozen=True)
class Part:
    """What a block token takes from one field."""

    column: str
    name: str


@dataclass(frozen=True)
class LinkageSchema:
    """An agreed schema.

    Attributes:
        blocks: composite keys; empty where they are derived from the kinds.
        one_to_one: whether a record of one side has at most one partner on the other; ``auto``
            finds out: more than a few records with several sure partners say no.
        min_precision: expected precision that matches must reach; 0 where the threshold is that of
            the best expected F1.
        mode: ``fields``, a filter for each field; ``clk``, one for the whole record, where the
            linkage zone is trusted less: nothing of a single field leaves the node.
        flip: share of filter bits turned at random (BLIP), in 256ths; 0 to harden nothing.
        dummies: fake records added for each real one.
    """

    name: str
    version: int
    fields: tuple[LinkageField, ...]
    blocks: tuple[tuple[Part, ...], ...]
    one_to_one: str | bool
    min_precision: float
    mode: str
    flip: int
    dummies: float
    digest: str

    @property
    def kinds(self) -> Mapping[str, str]:
        return {field.column: field.kind for field in self.fields}

    @property
    def filters(self) -> Mapping[str, int]:
        """Each filter that a record has, and its bits."""
        return {CLK: CLK_BITS} if self.mode == CLK else dict.fromkeys(self.kinds, FILTER_BITS)


@cache
def agreed_schema(name: str) -> LinkageSchema:
    """The schema ``name`` that is shipped with the contracts (``schemas/linkage_schemas``).

    Raises:
        ContractError: there is none, or it says what no schema says.
    """
    with as_file(files("schemas").joinpath("linkage_schemas")) as root:
        known = sorted(path.stem for path in root.glob("*.yaml"))
        if name not in known:
            raise ContractError(f"no linkage schema {name}; there are: {', '.join(known)}")
        return load_schema(root / f"{name}.yaml")


def load_schema(path: Path) -> LinkageSchema:
    """Read a linkage schema.

    Raises:
        ContractError: the file is missing or says what no schema says; all faults are listed.
    """
    try:
        content = path.read_bytes()
        document = yaml.safe_load(content)
    except OSError:
        raise ContractError(f"linkage schema {path.name} cannot be read") from None
    except yaml.YAMLError:
        raise ContractError(f"linkage schema {path.name} is not YAML") from None
    if not isinstance(document, dict):
        raise ContractError(f"linkage schema {path.name} must be a mapping with `fields`")
    if faults := _faults(document):
        raise ContractError(f"linkage schema {path.name}:\n  " + "\n  ".join(faults))
    hardening = document.get("hardening", {})
    return LinkageSchema(
        name=str(document.get("name", path.stem)),
        version=int(document.get("version", 1)),
        fields=tuple(LinkageField(str(f["column"]), f["kind"]) for f in document["fields"]),
        blocks=tuple(tuple(_part(p) for p in block) for block in document.get("blocks", ())),
        one_to_one=document.get("one_to_one", "auto"),
        min_precision=float(document.get("min_precision", 0)),
        mode=document.get("mode", MODES[0]),
        flip=int(hardening.get("flip", 5)),
        dummies=float(hardening.get("dummies", 0.05)),
        digest=hashlib.sha256(content).hexdigest(),
    )


def _part(text: str) -> Part:
    column, _, name = text.rpartition(".")
    return Part(column, name)


def _faults(document: dict[str, Any]) -> list[str]:
    faults = [f"unknown setting {name}" for name in document if name not in _SETTINGS]
    fields = document.get("fields")
    if not isinstance(fields, list) or len(fields) < 2:
        return [*faults, "fields: at least two, each with column and kind"]
    kinds: dict[str, str] = {}
    for field in fields:
        if not isinstance(field, dict) or set(field) != {"column", "kind"}:
            faults.append("fields: each has a column and a kind and nothing else")
        elif field["kind"] not in KINDS:
            faults.append(f"{field['column']}: kind must be one of {', '.join(KINDS)}")
        elif field["column"] in kinds:
            faults.append(f"{field['column']}: stands twice")
        else:
            kinds[str(field["column"])] = field["kind"]
    for block in document.get("blocks") or ():
        if isinstance(block, list):
            faults += _block_faults([str(part) for part in block], kinds)
        else:
            faults.append("blocks: each is a list of parts, column.part")
    if document.get("mode", MODES[0]) not in MODES:
        faults.append(f"mode: {' or '.join(MODES)}")
    if document.get("one_to_one", "auto") not in _ONE_TO_ONE:
        faults.append("one_to_one: auto, true or false")
    if not _between(document.get("min_precision", 0), 0, 0.999999):
        faults.append("min_precision: 0 to less than 1")
    hardening = document.get("hardening", {})
    if not isinstance(hardening, dict):
        return [*faults, "hardening: flip and dummies"]
    if not _between(hardening.get("flip", 5), 0, 64):
        faults.append("hardening.flip: 0 to 64 of 256 bits")
    if not _between(hardening.get("dummies", 0), 0, 1):
        faults.append("hardening.dummies: 0 to 1 for each record")
    return faults


def _between(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and least <= value <= most


def _block_faults(block: list[str], kinds: Mapping[str, str]) -> list[str]:
    parts = [_part(text) for text in block]
    faults = []
    for part in parts:
        if part.column not in kinds:
            faults.append(f"block {block}: {part.column} is no field")
        elif part.name not in KINDS[kinds[part.column]].parts:
            known = ", ".join(KINDS[kinds[part.column]].parts)
            faults.append(f"block {block}: {part.column} has no part {part.name}; known: {known}")
    if len({part.column for part in parts}) < 2:
        faults.append(f"block {block}: a token needs parts of two fields or more")
    return faults
