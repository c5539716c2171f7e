"""Products: their folders, their columns, and what they may read."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from anonymize.disclosure.release import ALL, release
from schemas.errors import PermanentError
from tests.releases import invented, released_cubes
from warehouse.models.mart import MARTS
from warehouse.publish.cubes import cubes
from warehouse.publish.products import OWN_COLUMNS, products
from warehouse.publish.projections import margin_cells, projected

CUBE_MADE = [name for name, one in products().items() if one.source == "cubes"]


@pytest.mark.parametrize("name", products())
def test_each_product_says_what_it_is(name: str) -> None:
    product = products()[name]
    assert product.title
    assert product.question.endswith((".", "?"))
    assert product.caveats
    assert all(column.means for column in product.columns)
    assert MARTS[name].columns.keys() == [*OWN_COLUMNS, *(one.name for one in product.columns)]


@pytest.mark.parametrize("name", CUBE_MADE)
def test_a_query_gives_the_columns_of_its_product(name: str) -> None:
    made = projected(products(), cubes(), released_cubes(), {})
    classes = {"trend": ["trend"], "hotspot": ["class", "coverage"]}.get(name, [])
    wanted = [one.name for one in products()[name].columns if one.name not in classes]
    assert made[name].column_names == wanted
    assert len(made[name]) > 0


@pytest.mark.parametrize("name", CUBE_MADE)
def test_no_product_shows_a_small_count(name: str) -> None:
    made = projected(products(), cubes(), released_cubes(), {})[name]
    for column in ("count", "incidents", "denominator"):
        if column in made.column_names and name != "suppression":
            counts = made[column].drop_null().to_pylist()
            assert not [count for count in counts if 0 < count < 11]


def test_every_margin_is_used_by_a_product() -> None:
    queries = "\n".join(products()[name].query for name in CUBE_MADE)
    for name, cube in cubes().items():
        for margin in cube.margins:
            assert re.search(rf"\b{name}_{'_'.join(margin)}\b", queries), (name, margin)


def test_margins_are_told_apart_by_their_dimensions() -> None:
    cube = cubes()["incidents"]
    cells = released_cubes()["incidents"].cells
    for margin in cube.margins:
        table = margin_cells(cells, cube, margin)
        assert set(table.column_names) == {*margin, "count", "status"}
        assert all(ALL not in table[name].to_pylist() for name in margin)


def test_cubes_without_records_are_released_empty() -> None:
    for cube in cubes().values():
        nothing = invented(cube, 1, 0).slice(0, 0)
        assert len(release(nothing, cube.request(frozenset())).cells) == 0


def test_a_changed_count_is_marked_as_revised() -> None:
    now = released_cubes()
    persons = now["persons"].cells
    counts = persons["count"].to_pylist()
    changed = [count + 11 if count else count for count in counts]
    at = persons.column_names.index("count")
    before = {"persons": type(now["persons"])(
        persons.set_column(at, "count", pa.array(changed, pa.int64())),
        now["persons"].audit,
        now["persons"].summary,
    )}  # fmt: skip
    trend = projected(products(), cubes(), now, before)["trend"].to_pylist()
    revised = {row["revised"] for row in trend if row["measure"] == "persons" and row["count"]}
    assert revised == {True}
    assert not any(row["revised"] for row in trend if row["measure"] == "incidents")


def test_a_product_reads_released_cells_and_nothing_else() -> None:
    spy = products()["flow"]
    for query in ("SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM core.event"):
        with pytest.raises(PermanentError, match="product flow"):
            projected({"flow": type(spy)(**{**vars(spy), "query": query})}, cubes(),
                      released_cubes(), {})  # fmt: skip
