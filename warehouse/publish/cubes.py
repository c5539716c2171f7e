"""The base cubes: records of persons and of incidents, and which margins of them are released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from psycopg.types.json import Jsonb
from pyarrow import csv

from anonymize.disclosure.release import Request
from schemas.codes import code_list
from schemas.contract import Contract

#: Column of a cube's records that lists the agencies a record comes from.
CONTRIBUTORS = "contributors"
#: Column that tells units apart: the least of the record keys a unit is made of. It stays the same
#: while linkage adds records or changes the persons' keys.
UNIT = "unit"


@dataclass(frozen=True)
class Cube:
    """Records of one unit, each once, and the margins that are released of them.

    ``within`` lists pairs of dimensions of which the first decides the second.
    """

    name: str
    unit: str
    margins: tuple[tuple[str, ...], ...]
    within: tuple[tuple[str, str], ...]
    sql: str

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for margin in self.margins for name in margin))

    def request(self, public: frozenset[str]) -> Request:
        """What is asked of disclosure control; ``public`` are agencies with public records."""
        return Request(
            dimensions=self.dimensions,
            margins=self.margins,
            contributors=CONTRIBUTORS,
            public=public,
            within=self.within,
        )


@cache
def cubes() -> Mapping[str, Cube]:
    """Every cube, by name."""
    folder = files("warehouse.cubes")
    said = yaml.safe_load((folder / "cubes.yaml").read_text("utf-8"))
    return MappingProxyType(
        {
            name: Cube(
                name,
                one["unit"],
                tuple(tuple(margin) for margin in one["margins"]),
                tuple((first, second) for first, second in one["within"]),
                (folder / f"{name}.sql").read_text("utf-8"),
            )
            for name, one in said.items()
        }
    )


def records(
    connection: psycopg.Connection[Any], cube: Cube, contracts: Mapping[str, Contract]
) -> pa.Table:
    """The cube's records: its dimensions as text, ``contributors`` as a list, ``unit`` as text.

    They come as CSV by COPY and become columns at once: of a million records with thirty dimensions
    the text is some 150 MB, the columns fewer.
    """
    places = [
        {"agency": one.agency, "state": one.publication.state, "county": one.publication.county}
        for one in contracts.values()
    ]
    text = pa.BufferOutputStream()
    query = f"COPY (\n{cube.sql}\n) TO STDOUT (FORMAT csv, HEADER)"
    with (
        connection.cursor() as cursor,
        cursor.copy(query, {"places": Jsonb(places), "regions": Jsonb(dict(regions()))}) as copied,
    ):
        for block in copied:
            text.write(block)
    wanted = dict.fromkeys(cube.dimensions, pa.dictionary(pa.int32(), pa.string()))
    found = csv.read_csv(
        pa.BufferReader(text.getvalue()),
        convert_options=csv.ConvertOptions(
            column_types={**wanted, CONTRIBUTORS: pa.string(), UNIT: pa.string()},
            include_columns=[CONTRIBUTORS, UNIT, *wanted],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    braced = pc.utf8_trim(found[CONTRIBUTORS], characters="{}")
    return found.set_column(0, CONTRIBUTORS, pc.split_pattern(braced, ","))


@cache
def regions() -> Mapping[str, str | None]:
    """ISO 3166 code of a country to its region (UN M49)."""
    return MappingProxyType(dict(code_list("iso_3166").column("region")))
