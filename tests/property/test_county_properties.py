"""Properties of the generator's pieces on arbitrary input, and of small counties on any seed."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.counties import County
from tributary.county import generate
from tributary.county.faults import Planter
from tributary.county.hmis import soundex
from tributary.county.misspell import _edit
from tributary.county.nibrs_layout import ages, compact, digits
from tributary.county.people import years_between
from tributary.county.text import lines, payload

LENGTHS = {"0": 43, "1": 88, "2": 71, "3": 307, "4": 141, "5": 46, "6": 110, "7": 66}
NAMES = st.text(st.characters(categories=("L",)), min_size=1, max_size=14)
CELLS = st.none() | st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('",\n')
)
DAYS = st.dates(date(1900, 1, 1), date(2030, 12, 31))


def distance(one: str, other: str) -> int:
    """Edits with transpositions (optimal string alignment)."""
    table = [
        [i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)
    ]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            change = table[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, change)
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(st.lists(NAMES, min_size=1, max_size=20), st.data())
def test_a_typo_is_one_edit_and_touches_nobody_else(names: list[str], data: st.DataObject) -> None:
    mask = np.array([data.draw(st.booleans()) for _ in names])
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    after = _edit(pa.array(names), mask, random).to_pylist()
    for before, now, edited in zip(names, after, mask.tolist(), strict=True):
        assert distance(before, now) <= (1 if edited else 0)
        assert now[:1] == before[:1]


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=10), st.booleans())
def test_written_records_read_back(rows: list[tuple[str | None, str | None]], always: bool) -> None:
    columns = {
        "a": pa.array([a for a, _ in rows], pa.string()),
        "c": pa.array([c for _, c in rows], pa.string()),
    }
    text = lines(["a", "b", "c"], columns, len(rows), {"a", "c"} if always else None)
    read = list(
        csv.reader(io.StringIO(payload(text).to_pybytes().decode(), newline=""), strict=True)
    )
    assert read == [[a or "", "", c or ""] for a, c in rows]


@given(st.lists(st.integers(0, 999), max_size=20), st.integers(3, 12))
def test_digits_are_zero_filled(values: list[int], width: int) -> None:
    found = digits(np.array(values, np.int64), width)
    assert [cell.decode() for cell in found.tolist()] == [f"{value:0{width}d}" for value in values]


@given(st.lists(st.none() | DAYS, max_size=20))
def test_compact_dates(days: list[date | None]) -> None:
    found = compact(np.array(days, "datetime64[D]"))
    assert [cell.decode() for cell in found.tolist()] == [
        day.strftime("%Y%m%d") if day else "" for day in days
    ]


@given(DAYS, DAYS)
def test_full_years(born: date, day: date) -> None:
    found = years_between(np.array([born], "datetime64[D]"), np.array([day], "datetime64[D]"))
    expected = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    assert found.tolist() == [expected]


@given(st.lists(st.integers(-1, 130), max_size=20))
def test_ages_are_two_characters(years: list[int]) -> None:
    for age, cell in zip(years, ages(np.array(years, np.int64)).tolist(), strict=True):
        expected = {-1: b"00", 0: b"BB"}.get(age, f"{min(age, 99):02d}".encode())
        assert cell == expected


@given(st.text(max_size=20))
def test_soundex_is_a_letter_and_three_digits(name: str) -> None:
    code = soundex(name)
    assert len(code) == 4
    assert code[0].isupper()
    assert code[1:].isdigit()
    assert soundex(name.upper()) == soundex(name.upper().lower()) or not name.isascii()


@given(st.integers(0, 400), st.lists(st.floats(0, 0.2), max_size=8), st.integers(0, 99))
def test_no_row_gets_two_faults(rows: int, wanted: list[float], seed: int) -> None:
    planter = Planter(np.random.default_rng(seed), rows)
    kept = np.arange(0, rows, 7)
    planter.keep_clean(kept)
    chosen = [planter.rows(rate=rate) for rate in wanted]
    together = np.concatenate([*chosen, np.zeros(0, np.int64)])
    assert len(together) == len(set(together.tolist()))
    assert not set(together.tolist()) & set(kept.tolist())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(100, 260), st.integers(0, 2**32), st.integers(1, 23), st.booleans())
def test_any_county_is_readable(persons: int, seed: int, months: int, monthly: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = generate(
            persons, seed, Path(folder), months=months, monthly=monthly, start=date(2024, 5, 1)
        )
        here = County(made)
        for number in range(here.submissions):
            for line in here.lines(number):
                assert int(line[:4]) == LENGTHS[line[4]] >= len(line)
        for name in here.hmis_names():
            header, *rows = here.hmis_rows(name.removesuffix(".csv"))
            assert {len(row) for row in rows} <= {len(header), len(header) + 1}
        assert len({len(row) for row in here.rms_rows()}) <= 2
        assert len(here.htcds()) == 1_002
