"""The script one would otherwise write: read, check, hash, load. Runs as a process of its own.

pandas ``read_csv`` of every table, Great Expectations with unexpected rows over the contract's row
checks, ``hashlib`` per cell of every direct identifier, ``DataFrame.to_sql``. It does less than a
delivery does: no lane, no consent, no rule over tables, no encryption, no mapping, no ledger.
Usage: ``plain_script.py CONTRACT DELIVERY all|kept``, the warehouse in the environment as ``URL``;
``kept`` loads only the columns the contract lets out, which a script cannot know by itself.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from sqlalchemy import create_engine

from schemas.checks import Check, Kind, row_checks
from schemas.contract import Contract, Table
from schemas.odcs import contract as contract_named


def expectation(check: Check) -> object:
    match check.kind:
        case Kind.REQUIRED:
            return gxe.ExpectColumnValuesToNotBeNull(column=check.field)
        case Kind.CODES:
            return gxe.ExpectColumnValuesToBeInSet(
                column=check.field, value_set=list(check.argument)
            )
        case Kind.DATE:
            return gxe.ExpectColumnValuesToMatchStrftimeFormat(
                column=check.field, strftime_format=check.argument[0]
            )
        case Kind.NUMBER | Kind.PATTERN:
            return gxe.ExpectColumnValuesToMatchRegex(column=check.field, regex=check.argument)
        case Kind.LENGTH:
            return gxe.ExpectColumnValueLengthsToBeBetween(
                column=check.field, max_value=check.argument
            )
    return None


def hashed(value: object) -> object:
    return None if pd.isna(value) else hashlib.sha256(str(value).encode()).hexdigest()


def load_table(contract: Contract, table: Table, frame: pd.DataFrame, url: str, kept: bool) -> int:
    fields = [
        field for field in (table.kept if kept else table.fields) if field.name in frame.columns
    ]
    if not fields or frame.empty:
        return 0
    frame = frame[[field.name for field in fields]]
    checks = [c for c in row_checks(contract)[table.name] if c.field in frame.columns]
    expectations = [found for check in checks if (found := expectation(check)) is not None]
    if expectations:
        context = gx.get_context(mode="ephemeral")
        asset = context.data_sources.add_pandas(table.name).add_dataframe_asset("rows")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        suite = gx.ExpectationSuite(name=table.name, expectations=expectations)
        batch.validate(
            suite,
            result_format={"result_format": "COMPLETE", "include_unexpected_rows": True},
        )
    for field in fields:
        if field.classification == "direct-identifier":
            frame[field.name] = frame[field.name].apply(hashed)
    frame.to_sql(
        f"plain_{table.name}".lower(), create_engine(url), index=False, if_exists="replace"
    )
    return len(frame)


def main(name: str, delivery: Path, columns: str, url: str) -> None:
    contract = contract_named(name)
    rows = 0
    with zipfile.ZipFile(delivery) as archive:
        members = set(archive.namelist())
        for table in contract.tables:
            if f"{table.name}.csv" in members:
                with archive.open(f"{table.name}.csv") as file:
                    frame = pd.read_csv(file, dtype=str, on_bad_lines="skip")
                rows += load_table(contract, table, frame, url, columns == "kept")
    print(rows)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], os.environ["URL"])
