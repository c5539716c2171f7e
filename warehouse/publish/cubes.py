"""The base cubes: records of persons and of incidents, and which margins of them are released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import psycopg
import pyarrow as pa
import yaml
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from anonymize.disclosure.release import Request
from schemas.codes import code_list
from schemas.contract import Contract

#: Column of a cube's records that lists the agencies a record comes from.
CONTRIBUTORS = "contributors"
_FETCHED = 65_536


@dataclass(frozen=True)
class Cube:
    """Records of one unit, each once, and the margins that are released of them."""

    name: str
    unit: str
    margins: tuple[tuple[str, ...], ...]
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
                (folder / f"{name}.sql").read_text("utf-8"),
            )
            for name, one in said.items()
        }
    )


def records(
    connection: psycopg.Connection[tuple[object, ...]],
    cube: Cube,
    contracts: Mapping[str, Contract],
) -> pa.Table:
    """The cube's records: its dimensions as text, and ``contributors`` as a list.

    Read by a cursor on the server, so that memory holds them once.
    """
    places = [
        {"agency": one.agency, "state": one.publication.state, "county": one.publication.county}
        for one in contracts.values()
    ]
    schema = pa.schema(
        [
            (CONTRIBUTORS, pa.list_(pa.dictionary(pa.int16(), pa.string()))),
            *((name, pa.dictionary(pa.int32(), pa.string())) for name in cube.dimensions),
        ]
    )
    batches = []
    with connection.cursor(f"cube_{cube.name}", row_factory=tuple_row) as cursor:
        cursor.execute(cube.sql, {"places": Jsonb(places), "regions": Jsonb(dict(regions()))})
        names = [column.name for column in cursor.description or ()]
        wanted = [names.index(field.name) for field in schema]
        while rows := cursor.fetchmany(_FETCHED):
            columns = list(zip(*rows, strict=True))
            batches.append(
                pa.record_batch(
                    [
                        pa.array(columns[at], field.type)
                        for at, field in zip(wanted, schema, strict=True)
                    ],
                    schema=schema,
                )
            )
    return pa.Table.from_batches(batches, schema).unify_dictionaries()


@cache
def regions() -> Mapping[str, str | None]:
    """ISO 3166 code of a country to its region (UN M49)."""
    return MappingProxyType(dict(code_list("iso_3166").column("region")))
