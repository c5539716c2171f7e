"""Runs row checks with Great Expectations, in a result format that holds no value.

Importing Great Expectations costs seconds, so it is imported when the first batch is checked, never
where DAGs are parsed. Only *map* expectations are used: with ``exclude_unexpected_values`` their
results hold row positions alone, whereas aggregate expectations report the values they saw.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.checks import Check, Kind

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.expectations.expectation import Expectation

#: Row positions of every breach, and nothing else: docs/architecture.md says why.
RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
    "return_unexpected_index_query": False,
}


@dataclass(frozen=True)
class Breach:
    """Positions (0-based, ascending) in the batch of the rows that break ``check``."""

    check: Check
    positions: npt.NDArray[np.int64]


def breaches(checks: Sequence[Check], batch: pa.RecordBatch) -> Iterator[Breach]:
    """Every check of a table that some row of ``batch`` breaks.

    Args:
        checks: checks of one table.
        batch: rows of that table, text columns, blank as null.
    """
    blank = {name for name in batch.schema.names if batch[name].null_count == batch.num_rows}
    present = [
        check
        for check in checks
        if check.field in batch.schema.names
        # REQUIRED alone speaks about blanks, and many columns of a real export hold nothing else.
        and (check.kind is Kind.REQUIRED or check.field not in blank)
    ]
    if not present:
        return
    import great_expectations as gx

    frame = pd.DataFrame(
        {_column(check): _looked_at(check, batch.column(check.field)) for check in present}
    )
    expectations = [_expectation(check) for check in present]
    for number, expectation in enumerate(expectations):
        expectation.meta = {"check": number}  # results come back in an order of their own
    suite = gx.ExpectationSuite(name="row checks", expectations=expectations)
    found = _frames().get_batch({"dataframe": frame}).validate(suite, result_format=RESULT_FORMAT)
    by_number = {result.expectation_config.meta["check"]: result for result in found.results}
    for number, check in enumerate(present):
        result = by_number[number]
        if result.exception_info.get("raised_exception"):
            # Its text may quote a value; the check's own name says enough to find the fault.
            raise RuntimeError(f"check {check.code} of {check.table}.{check.field} could not run")
        positions = result.result.get("unexpected_index_list") or []
        if positions:
            yield Breach(check, np.sort(np.asarray(positions, dtype=np.int64)))


def _column(check: Check) -> str:
    """One frame column per kind of view of a field: its text, its number, or a date marker."""
    if check.kind in (Kind.RANGE, Kind.DATE):
        return f"{check.field} {check.kind.value}"
    return check.field


def _looked_at(check: Check, column: pa.Array) -> pd.Series[Any]:
    text: pd.Series[Any] = column.to_pandas()
    if check.kind is Kind.RANGE:
        number: pd.Series[Any] = pd.to_numeric(text, errors="coerce")
        return number
    if check.kind is Kind.DATE:
        assert isinstance(check.argument, tuple)  # noqa: S101 - by construction of DATE checks
        return _is_date(column, [str(form) for form in check.argument])
    return text


def _is_date(column: pa.Array, formats: Sequence[str]) -> pd.Series[Any]:
    """1 for a real date in one of ``formats``, 0 for anything else, missing for blank.

    Each distinct value is parsed once; dates repeat a lot.
    """
    encoded = column.dictionary_encode()
    values = pd.Series(encoded.dictionary.to_pandas(), dtype="str")
    valid = np.zeros(len(values), dtype=bool)
    for form in formats:
        # The first format fits nearly everywhere; the others are tried on what is left.
        left = np.flatnonzero(~valid)
        parsed = pd.to_datetime(values.iloc[left], format=form, errors="coerce")
        valid[left] = parsed.notna().to_numpy()
    marks = pc.take(pa.array(valid.astype(np.int8)), encoded.indices)
    found: pd.Series[Any] = marks.cast(pa.float64()).to_pandas()
    return found


def _expectation(check: Check) -> Expectation:
    import great_expectations.expectations as gxe

    column, argument = _column(check), check.argument
    match check.kind:
        case Kind.REQUIRED:
            return gxe.ExpectColumnValuesToNotBeNull(column=column)
        case Kind.CODES:
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(argument))  # type: ignore[arg-type]
        case Kind.DATE:
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[1])
        case Kind.NUMBER | Kind.PATTERN:
            return gxe.ExpectColumnValuesToMatchRegex(column=column, regex=str(argument))
        case Kind.RANGE:
            low, high = _bounds(argument)
            return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
        case Kind.LENGTH:
            return gxe.ExpectColumnValueLengthsToBeBetween(
                column=column, max_value=int(str(argument))
            )


def _bounds(argument: object) -> tuple[float | None, float | None]:
    if not isinstance(argument, tuple):
        raise TypeError("a RANGE check has (minimum, maximum) as its argument")
    low, high = argument
    return low, high


@cache
def _frames() -> BatchDefinition[Any]:
    """An in-memory data source: nothing of Great Expectations is written to disk."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    in_memory = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    context = gx.get_context(mode="ephemeral", project_config=in_memory)
    asset = context.data_sources.add_pandas("delivery").add_dataframe_asset("batch")
    return asset.add_batch_definition_whole_dataframe("rows")
