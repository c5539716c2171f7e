"""Contracts of counts: the lane and the format go together, and nothing but closed lists leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas.codes import code_list
from schemas.contract import Contract, Deidentification, Linkage, Table
from schemas.counts import CountsShape
from schemas.decisions import contract_faults
from schemas.errors import ContractError
from schemas.odcs import contracts
from tests.contracts import field
from tests.counts import FEED
from tributary.orchestration import documentation
from warehouse.models.counts import COUNTED_BY

COUNTS = contracts()[FEED]


def changed(**fields: Any) -> Contract:
    """The shipped contract with attributes of fields of its table replaced, or a field more."""
    table = COUNTS.tables[0]
    known = [replace(one, **fields.pop(one.name, {})) for one in table.fields]
    return replace(COUNTS, tables=(replace(table, fields=(*known, *fields.values())),))


def faults(contract: Contract) -> str:
    return "\n".join(contract_faults(contract))


def test_the_shipped_contracts_have_none() -> None:
    assert faults(COUNTS) == faults(contracts()["open_door.counts"]) == ""


def test_no_format_of_rows_may_be_in_the_lane_of_counts() -> None:
    for contract in contracts().values():
        if contract.format != "counts_csv":
            assert "aggregate_only" in faults(replace(contract, lane="aggregate_only"))
            with pytest.raises(ContractError, match="nothing was stored"):
                replace(contract, lane="aggregate_only").require_rows()
    COUNTS.require_rows()
    assert "aggregate_only" in faults(replace(COUNTS, lane="row_level"))


OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no period": ({"minimum": 11}, "add `period"),
    "another period": ({"minimum": 11, "period": "week"}, "add `period"),
    "no minimum": ({"period": "quarter"}, "add `minimum"),
    "too small a minimum": ({"period": "quarter", "minimum": 10}, "add `minimum"),
    "an unknown option": ({"period": "quarter", "minimum": 11, "persons": {}}, "persons"),
    "no dimension": ({"period": "quarter", "minimum": 11, "multiple": ["age", "count"]}, "count"),
}


@pytest.mark.parametrize(("options", "words"), OPTIONS.values(), ids=OPTIONS)
def test_options(options: dict[str, Any], words: str) -> None:
    assert words in faults(replace(COUNTS, options=options))


FIELDS: dict[str, Callable[[], Contract]] = {
    "free text": lambda: changed(note=field("note", classification="free-text")),
    "an identifier": lambda: changed(client=field("client", "pseudonym", domain="client")),
    "a dimension without a list": lambda: changed(age={"codes": None}),
    "a list without `all`": lambda: changed(age={"codes": "hmis_sex"}),
    "a count of any form": lambda: changed(count={"pattern": None}),
    "an exact date": lambda: changed(
        period_start={"deidentification": Deidentification("keep", {})}
    ),
    "a sensitive column": lambda: changed(age={"classification": "sensitive"}),
    "a copy": lambda: changed(again=field("again", copy_of="age", codes="counts_age")),
    "no total day": lambda: replace(
        COUNTS,
        tables=(
            replace(
                COUNTS.tables[0],
                fields=tuple(one for one in COUNTS.tables[0].fields if one.name != "made_on"),
            ),
        ),
    ),
    "a second table": lambda: replace(COUNTS, tables=(*COUNTS.tables, Table("notes", ()))),
    "another target": lambda: replace(COUNTS, tables=(replace(COUNTS.tables[0], loads="event"),)),
    "units": lambda: replace(COUNTS, units={"victim": ("counts.age",)}),
    "linkage": lambda: replace(
        COUNTS,
        linkage=Linkage("county", ("2026",), "victim", "counts", "age", "none", {"sex": "gender"}),
    ),
}


@pytest.mark.parametrize("make", FIELDS.values(), ids=FIELDS)
def test_nothing_but_closed_columns_and_counts(make: Callable[[], Contract]) -> None:
    assert faults(make())


def test_its_shape() -> None:
    shape = CountsShape.of(COUNTS)
    assert (shape.months, shape.minimum, shape.multiple) == (3, 11, {"service"})
    assert shape.measures == ("new", "continuing")
    assert shape.dimensions["age"] == ("adult", "minor", "unknown")
    assert tuple(shape.dimensions) == COUNTED_BY


def test_every_list_says_what_its_codes_mean() -> None:
    for name in ("measure", *COUNTED_BY):
        assert all(code_list(f"counts_{name}").column("label").values())


def test_its_page_says_which_lane_it_is() -> None:
    assert "lane `aggregate_only`" in " ".join(documentation(COUNTS).split()).replace("| ", "")
    assert "linked | nobody" in documentation(COUNTS)
