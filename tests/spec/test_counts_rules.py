"""A table of counts: what is taken, what refuses it whole, and what is kept of one that is refused.

Victim service providers may give non-identifying data in the aggregate alone; a small count, and
what counts leave of their total, is of persons.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.odcs import contracts
from tests.counts import COLUMNS, FEED, row, taken, text
from tributary import places, steps
from tributary.secrets import ensure_secrets
from tributary.settings import Settings, settings

TOTAL = row(60)

TAKEN = {
    "a total": [TOTAL],
    "no client": [row(0)],
    "counts up to the total": [TOTAL, row(40, age="adult"), row(20, age="minor")],
    "a part, the rest large enough": [TOTAL, row(40, age="adult")],
    "zeros beside it": [TOTAL, row(60, age="adult"), row(0, age="minor"), row(0, age="unknown")],
    "other tables of the same persons": [TOTAL, row(40, age="adult"), row(49, gender="Woman")],
    "two dimensions at once": [TOTAL, row(40, age="adult"), row(29, age="adult", gender="Woman")],
    "services of the same persons": [TOTAL, row(45, service="legal"), row(48, service="shelter")],
    "words for codes": [TOTAL, row(40, age="18 and over"), row(49, gender="FEMALE")],
    "another measure": [TOTAL, row(30, measure="Carried over")],
    "another quarter": [TOTAL, row(25, period_start="2025-10-01", period_end="2025-12-31")],
    "american dates": [row(60, period_start="01/01/2026", period_end="03/31/2026")],
}


@pytest.mark.parametrize("rows", TAKEN.values(), ids=TAKEN)
def test_it_is_taken(rows: list[dict[str, object]]) -> None:
    verdict, kept = taken(text(rows))
    assert (verdict.status, verdict.report.findings) == ("accepted", ())
    assert sum(batch.num_rows for batch in kept.batches["counts"]) == len(rows)
    assert not verdict.report.lane_violated


# What is wrong, its rule, its field and the rows named.
REFUSED = {
    "a small count": ([TOTAL, row(10, age="minor")], "COUNTS-SMALL", "count", (2,)),
    "one person": ([row(1)], "COUNTS-SMALL", "count", (1,)),
    "a small rest": ([TOTAL, row(52, age="adult")], "COUNTS-REMAINDER", "count", (1,)),
    "a small rest of two": (
        [TOTAL, row(30, age="adult"), row(25, age="minor")],
        *("COUNTS-REMAINDER", "count", (1,)),
    ),
    "few without a service": (
        [TOTAL, row(57, service="shelter")],
        *("COUNTS-REMAINDER", "count", (1,)),
    ),
    "a small rest of a part": (
        [TOTAL, row(40, age="adult"), row(35, age="adult", gender="Woman")],
        *("COUNTS-REMAINDER", "count", (2,)),
    ),
    "a small rest two steps away": (
        [
            *(TOTAL, row(40, age="adult"), row(25, age="adult", gender="Woman")),
            *(row(15, age="adult", gender="Man"), row(15, age="minor", gender="Woman")),
        ],
        *("COUNTS-REMAINDER", "count", (1,)),
    ),
    "more than the total": (
        [TOTAL, row(50, age="adult"), row(30, age="minor")],
        *("COUNTS-MARGIN", "count", (1,)),
    ),
    "all parts, and too few": (
        [TOTAL, row(30, age="adult"), row(15, age="minor"), row(0, age="unknown")],
        *("COUNTS-MARGIN", "count", (1,)),
    ),
    "more with a service than there are": (
        [TOTAL, row(75, service="legal")],
        *("COUNTS-MARGIN", "count", (1,)),
    ),
    "no total": ([row(40, age="adult")], "COUNTS-TOTAL", None, (1,)),
    "no total of a measure": (
        [TOTAL, row(40, age="adult", measure="continuing")],
        *("COUNTS-TOTAL", None, (2,)),
    ),
    "a cell twice": ([TOTAL, row(61)], "COUNTS-TWICE", None, (2,)),
    "not whole": ([row("60.0")], "COUNTS-NUMBER", "count", (1,)),
    "negative": ([row(-60)], "COUNTS-NUMBER", "count", (1,)),
    "held back in words": ([TOTAL, row("<11", age="minor")], "COUNTS-NUMBER", "count", (2,)),
    "blank count": ([row("")], "COUNTS-NUMBER", "count", (1,)),
    "no code": ([TOTAL, row(40, age="Maria Lopez")], "COUNTS-CODE", "age", (2,)),
    "blank code": ([row(60, gender="")], "COUNTS-CODE", "gender", (1,)),
    "unknown measure": ([row(60, measure="calls")], "COUNTS-CODE", "measure", (1,)),
    "a month": ([row(60, period_end="2026-01-31")], "COUNTS-PERIOD", "period_start", (1,)),
    "no quarter": (
        [row(60, period_start="2026-02-01", period_end="2026-04-30", made_on="2026-05-15")],
        *("COUNTS-PERIOD", "period_start", (1,)),
    ),
    "before its end": ([row(60, made_on="2026-03-31")], "COUNTS-MADE", "made_on", (1,)),
    "of two days": (
        [TOTAL, row(40, age="adult", made_on="2026-04-16")],
        *("COUNTS-MADE", "made_on", (2,)),
    ),
    "from the future": ([row(60, made_on="2026-12-01")], "COUNTS-MADE", "made_on", (1,)),
}


@pytest.mark.parametrize(("rows", "code", "field", "at"), REFUSED.values(), ids=REFUSED)
def test_it_refuses_the_delivery(
    rows: list[dict[str, object]], code: str, field: str | None, at: tuple[int, ...]
) -> None:
    verdict, kept = taken(text(rows))
    assert verdict.status == "refused"
    assert [(f.code, f.field, f.rows) for f in verdict.report.findings] == [(code, field, at)]
    assert kept.batches == {}
    assert verdict.report.lane_violated
    assert [count.accepted for count in verdict.report.tables.values()] == [0]


def test_a_running_quarter_is_not_taken() -> None:
    verdict, _ = taken(text([row(60, period_start="2026-10-01", period_end="2026-12-31")]))
    assert "COUNTS-PERIOD" in {found.code for found in verdict.report.findings}


def test_every_faulty_row_is_named_by_rule_and_none_by_value() -> None:
    verdict, _ = taken(
        text([TOTAL, row(4, age="minor"), row(7, gender="Man"), row(30, age="SENTINEL")])
    )
    found = {one.code: (one.count, one.rows) for one in verdict.report.findings}
    assert found == {"COUNTS-CODE": (1, (4,)), "COUNTS-SMALL": (2, (2, 3))}
    assert "SENTINEL" not in str(verdict.report.as_json())


# What is no table of counts: the file, and the rule.
RECORDS = {
    "a name beside the counts": (
        text([{**TOTAL, "client": "Maria Lopez"}], (*COLUMNS, "client")),
        "COUNTS-COLUMN",
    ),
    "a table of clients": ("PersonalID,FirstName,DOB\n1,Maria,2001-02-03\n", "FILE-COLUMNS"),
    "a ragged row": (text([TOTAL]) + "Maria,Lopez\n", "COUNTS-ROW"),
    "bytes": ("\0\1\2", "FILE-ENCODING"),
    "no row": (text([]), "FILE-EMPTY"),
    "nothing": ("", "FILE-EMPTY"),
}


@pytest.mark.parametrize(("content", "code"), RECORDS.values(), ids=RECORDS)
def test_what_is_no_table_of_counts_leaves_nothing(content: str, code: str) -> None:
    verdict, kept = taken(content)
    assert (verdict.status, kept.batches) == ("refused", {})
    assert code in {found.code for found in verdict.report.findings}
    assert verdict.report.lane_violated, "the landed file must go"
    assert "Maria" not in str(verdict.report.as_json())


def test_a_longer_table_is_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.formats.counts_csv.MOST_ROWS", 1)
    verdict, _ = taken(text([TOTAL, row(40, age="adult")]))
    assert [found.code for found in verdict.report.findings] == ["COUNTS-SIZE"]


def test_the_agreements_minimum_counts() -> None:
    contract = contracts()[FEED]
    strict = replace(contract, options={**contract.options, "minimum": 30})
    for rows in ([row(29)], [TOTAL, row(40, age="adult")]):
        assert taken(text(rows))[0].status == "accepted"
        assert taken(text(rows), strict)[0].status == "refused"


@pytest.mark.parametrize("content", [text([row(4)]), "PersonalID,FirstName\n1,Maria\n"])
def test_the_landed_file_of_a_refused_delivery_is_destroyed(tmp_path: Path, content: str) -> None:
    node = settings({"TRIBUTARY_HOME": str(tmp_path / "home")})
    ensure_secrets(node)
    kept, gone = delivered(node, tmp_path, text([TOTAL])), delivered(node, tmp_path, content)
    assert places.open_vault(node).exists(kept, "landing")
    assert not places.open_vault(node).exists(gone, "landing")
    assert [path.name for path in node.node.landing.iterdir()] == [kept]
    # nor does the raw zone hold a row of it
    assert not list((node.node.raw / gone).glob("*.parquet"))


def delivered(node: Settings, folder: Path, content: str) -> str:
    path = folder / "delivery.csv"
    path.write_text(content)
    found = steps.receive(node, FEED, path)["delivery_id"]
    steps.validate(node, FEED, found)
    return str(found)
