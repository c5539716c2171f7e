"""Row checks: Great Expectations finds what a plain evaluator finds, and says no value."""

from __future__ import annotations

import logging
import re
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.checks import ISO_DATE, NUMBER, Check, Kind
from schemas.expectations import RESULT_FORMAT, breaches

CHECKS = [
    Check(Kind.REQUIRED, "REQUIRED", "T", "a"),
    Check(Kind.CODES, "CODES", "T", "a", argument=("1", "2", "99")),
    Check(Kind.PATTERN, "PATTERN", "T", "a", argument=r"^[0-9]+$"),
    Check(Kind.LENGTH, "LENGTH", "T", "a", argument=2),
    Check(Kind.NUMBER, "NUMBER", "T", "a", argument=NUMBER),
    Check(Kind.RANGE, "RANGE", "T", "a", argument=(1.0, 50.0)),
    Check(Kind.DATE, "DATE", "T", "d", argument=(ISO_DATE, "%d-%b-%Y")),
]


def batch(a: list[str | None], d: list[str | None]) -> pa.RecordBatch:
    return pa.record_batch(
        {
            "_row": pa.array(range(1, len(a) + 1), pa.int64()),
            "a": pa.array(a, pa.string()),
            "d": pa.array(d, pa.string()),
        }
    )


def is_date(text: str, formats: tuple[str, ...]) -> bool:
    for form in formats:
        try:
            datetime.strptime(text, form)
        except ValueError:
            continue
        return True
    return False


def breaks(check: Check, value: str | None) -> bool:
    """The second evaluator: plain Python, one value at a time."""
    if check.kind is Kind.REQUIRED:
        return value is None
    if value is None:
        return False
    match check.kind:
        case Kind.CODES:
            return value not in check.argument
        case Kind.PATTERN | Kind.NUMBER:
            return re.match(check.argument, value) is None
        case Kind.LENGTH:
            return len(value) > check.argument
        case Kind.RANGE:
            if not re.fullmatch(r"[+-]?\d+(\.\d+)?", value):
                return False
            return not check.argument[0] <= float(value) <= check.argument[1]
        case Kind.DATE:
            return not is_date(value, check.argument)
    raise AssertionError(check.kind)


values = st.one_of(st.none(), st.sampled_from(["1", "2", "99", "3", "007", "4.5", "x", "51", "0"]))
dates = st.one_of(
    st.none(),
    st.sampled_from(
        ["2024-02-29", "2023-02-29", "2023-2-1x", "08-MAY-1967", "7/14/16", "19670508"]
    ),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(values, dates), min_size=1, max_size=12))
def test_both_evaluators_agree(rows: list[tuple[str | None, str | None]]) -> None:
    given_rows = batch([a for a, _ in rows], [d for _, d in rows])
    found = {b.check.code: b.positions.tolist() for b in breaches(CHECKS, given_rows)}
    for check in CHECKS:
        column = given_rows.column(check.field).to_pylist()
        expected = [i for i, value in enumerate(column) if breaks(check, value)]
        assert found.get(check.code, []) == expected, check


def test_no_value_stands_in_a_result_or_a_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    import great_expectations as gx

    seen: list[object] = []
    validate = gx.datasource.fluent.interfaces.Batch.validate

    def spy(self: object, *args: object, **kwargs: object) -> object:
        result = validate(self, *args, **kwargs)
        seen.append(result.to_json_dict())
        return result

    caplog.set_level(logging.DEBUG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gx.datasource.fluent.interfaces.Batch, "validate", spy)
        found = list(breaches(CHECKS, batch(["CANARY-7"] * 3, ["CANARY-8"] * 3)))
    assert {b.check.code for b in found} >= {"CODES", "PATTERN", "LENGTH", "NUMBER", "DATE"}
    captured = capfd.readouterr()
    everything = str(seen) + caplog.text + captured.out + captured.err + str(found)
    assert seen and "CANARY" not in everything


def test_the_result_format_is_the_one_that_excludes_values() -> None:
    assert RESULT_FORMAT["exclude_unexpected_values"] is True
    assert RESULT_FORMAT["include_unexpected_rows"] is False


def test_a_breach_gives_positions_not_row_numbers() -> None:
    [found] = list(breaches([CHECKS[0]], batch(["1", None, "2", None], [None] * 4)))
    assert np.array_equal(found.positions, [1, 3])
