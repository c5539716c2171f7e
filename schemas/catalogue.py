"""The rules: one entry each in ``schemas/rules/<family>.yaml``, found here by their stable code.

An entry says what the rule demands, what to do about a breach and what a breach decides:

* ``row``: the row is quarantined,
* ``record``: every row of the record it belongs to is quarantined,
* ``delivery``: the whole delivery is refused,
* ``note``: nothing; it is reported.

An entry with ``sql`` is run by ``connectors.validate`` over the accepted rows of the delivery: the
query returns the ``_row`` numbers of ``table`` that break the rule. ``needs`` lists the columns it
reads, so that no other column has to be held in memory; ``codes`` names the code lists it reads, as
tables of those names. Entries without ``sql`` are raised by code (a format reader, a row check).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from schemas.errors import ContractError
from schemas.vocabulary import TIERS

DECISIONS = ("row", "record", "delivery", "note")


@dataclass(frozen=True)
class Rule:
    """One rule. ``family`` is a format name, or ``intake`` for rules of every format."""

    code: str
    family: str
    tier: str
    decides: str
    says: str
    fix: str
    table: str | None = None
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    field: str | None = None
    codes: tuple[str, ...] = ()
    sql: str | None = None


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by code, in the order of their files.

    Raises:
        ContractError: an entry is malformed or a code stands twice.
    """
    found: dict[str, Rule] = {}
    for source in sorted(files("schemas").joinpath("rules").iterdir(), key=lambda path: path.name):
        if not source.name.endswith(".yaml"):
            continue
        content = source.read_text(encoding="utf-8")
        for entry in yaml.load(content, Loader=yaml.CSafeLoader) or []:
            new = _parse(entry, source.name.removesuffix(".yaml"))
            if new.code in found:
                raise ContractError(f"rule {new.code} stands twice (second in {source.name})")
            found[new.code] = new
    return MappingProxyType(found)


def rule(code: str) -> Rule:
    try:
        return rules()[code]
    except KeyError:
        raise ContractError(f"rule {code} is not in the catalogue schemas/rules/*.yaml") from None


def rules_of(family: str) -> tuple[Rule, ...]:
    """Rules of one format that are queries, in the order in which they run."""
    return tuple(found for found in rules().values() if found.family == family and found.sql)


def _parse(entry: Mapping[str, Any], family: str) -> Rule:
    known = {"code", "tier", "decides", "says", "fix", "table", "field", "needs", "codes", "sql"}
    unknown = set(entry) - known
    if unknown:
        raise ContractError(f"rules/{family}.yaml: unknown key {', '.join(sorted(unknown))}")
    new = Rule(
        **{
            **entry,
            "family": family,
            "needs": _needs(entry.get("needs", {})),
            "codes": tuple(entry.get("codes", ())),
        },
    )
    if new.tier not in TIERS or new.decides not in DECISIONS:
        raise ContractError(f"rule {new.code}: tier or decides is not one of the known words")
    if new.sql and not (new.table and new.needs):
        raise ContractError(f"rule {new.code}: a query needs `table` and `needs`")
    return new


def _needs(raw: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({table: tuple(columns) for table, columns in raw.items()})
