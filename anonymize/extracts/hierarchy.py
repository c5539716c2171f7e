"""Hierarchies: the coarser forms of a quasi-identifier, from its values up to ``*`` for all.

``hierarchies.yaml`` holds those of the columns the project knows; a file of the same form adds
others or replaces them. A column without one is published as it is or not at all (``*``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from schemas.codes import code_list
from schemas.errors import ContractError

#: Stands for all values, unknown ones among them.
ALL = "*"
#: What a level makes of a value it does not know.
OTHER = "other"
_MONTH = re.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])(?:-\d\d(?:[ T].*)?)?")
_YEAR = re.compile(r"(\d{4})(?:-.*)?")

Coarsen = Callable[[str], str | None]


@dataclass(frozen=True)
class Level:
    """One coarser form: a value of the column to its coarse one, None where it knows none."""

    name: str
    of: Coarsen


#: Levels between the values themselves and ``*``, coarser each time.
Hierarchy = tuple[Level, ...]


@cache
def usual() -> Mapping[str, Hierarchy]:
    """Column name to its hierarchy, for the columns the project knows."""
    source = files("anonymize").joinpath("extracts", "hierarchies.yaml")
    return parse(source.read_text(encoding="utf-8"), "hierarchies.yaml")


def load(path: Path) -> Mapping[str, Hierarchy]:
    """Hierarchies of a file of the form of ``hierarchies.yaml``.

    Raises:
        ContractError: it is not of that form.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeError):
        raise ContractError(f"{path.name} cannot be read as UTF-8 text") from None


def parse(content: str, name: str) -> Mapping[str, Hierarchy]:
    """Column name to its hierarchy.

    Raises:
        ContractError: the text is not of the form of ``hierarchies.yaml``.
    """
    try:
        raw = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        raise ContractError(f"{name} is not YAML") from None
    found: dict[str, Hierarchy] = {}
    for entry in raw if isinstance(raw, list) else [None]:
        if not isinstance(entry, Mapping) or set(entry) != {"columns", "levels"}:
            raise ContractError(f"{name}: every entry reads {{columns: [...], levels: [...]}}")
        levels = tuple(_level(one, name) for one in entry["levels"] or ())
        for column in entry["columns"]:
            if column in found:
                raise ContractError(f"{name}: column {column} stands twice")
            found[column] = levels
    return MappingProxyType(found)


def _level(raw: Any, name: str) -> Level:  # noqa: ANN401 - whatever YAML holds
    """One level of a file; exactly one of the forms it may have."""
    match raw:
        case {"name": str(label), "prefix": int(length)} if len(raw) == 2 and length > 0:
            return Level(label, lambda value: value[:length])
        case {"name": str(label), "period": str(period)} if len(raw) == 2 and period in _PERIODS:
            return Level(label, _PERIODS[period])
        case {"name": str(label), "codes": str(codes), "column": str(column)} if len(raw) == 3:
            return Level(label, code_list(codes).column(column).get)
        case {"name": str(label), "values": Mapping() as groups} if len(raw) == 2:
            return Level(label, _grouped(groups, f"{name}: level {label}").get)
    raise ContractError(
        f"{name}: a level reads {{name, prefix: n}}, {{name, period: one of "
        f"{', '.join(_PERIODS)}}}, {{name, codes, column}} or {{name, values: {{coarse: [...]}}}}"
    )


def _grouped(groups: Mapping[Any, Any], where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for coarse, values in groups.items():
        for value in values if isinstance(values, Sequence) else [values]:
            if str(value) in found:
                raise ContractError(f"{where}: a value stands in two groups")
            found[str(value)] = str(coarse)
    return found


def _month(value: str) -> str | None:
    found = _MONTH.fullmatch(value)
    return f"{found['year']}-{found['month']}" if found else None


def _quarter(value: str) -> str | None:
    found = _MONTH.fullmatch(value)
    return f"{found['year']}-Q{(int(found['month']) + 2) // 3}" if found else None


def _year(value: str) -> str | None:
    found = _YEAR.fullmatch(value)
    return found[1] if found else None


def _five_years(value: str) -> str | None:
    year = _year(value)
    first = int(year) // 5 * 5 if year else 0
    return f"{first}-{first + 4}" if year else None


_PERIODS: Mapping[str, Coarsen] = MappingProxyType(
    {"month": _month, "quarter": _quarter, "year": _year, "years_5": _five_years}
)
