"""Dated code lists: one CSV file each, first column ``code``.

A newer list is a change of data, not of code. Further columns (``label``, ``ctdc_gender``,
``venue`` ...) are what the ``recode`` operator can turn a code into.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType

import pyarrow as pa
from pyarrow import csv

from schemas.errors import ContractError


@dataclass(frozen=True)
class CodeList:
    """A code list as read. ``table`` holds every column as text, blank as null."""

    name: str
    table: pa.Table
    digest: str

    @cached_property
    def members(self) -> tuple[str, ...]:
        return tuple(self.table["code"].to_pylist())

    def column(self, name: str) -> Mapping[str, str | None]:
        """Code to the value of column ``name``.

        Raises:
            ContractError: the list has no such column.
        """
        if name not in self.table.column_names:
            raise ContractError(f"code list {self.name} has no column {name}")
        return MappingProxyType(dict(zip(self.members, self.table[name].to_pylist(), strict=True)))


@cache
def code_list(name: str) -> CodeList:
    """Read ``schemas/codes/<name>.csv``.

    Raises:
        ContractError: there is no such list, it lacks ``code``, or a code stands twice.
    """
    source = files("schemas").joinpath("codes", f"{name}.csv")
    if not source.is_file():
        raise ContractError(f"there is no code list schemas/codes/{name}.csv")
    content = source.read_bytes()
    header = content.split(b"\n", 1)[0].decode("utf-8").strip().split(",")
    table = csv.read_csv(
        BytesIO(content),
        convert_options=csv.ConvertOptions(
            column_types={column: pa.string() for column in header},
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
    if header[0] != "code" or table["code"].null_count:
        raise ContractError(f"code list {name}: the first column must be `code`, without blanks")
    found = CodeList(name, table, hashlib.sha256(content).hexdigest())
    if len(set(found.members)) != len(found.members):
        raise ContractError(f"code list {name}: a code stands twice")
    return found
