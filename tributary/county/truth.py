"""The known truth beside the delivered files: who is who, what was planted where.

Parquet files in one folder, outside every delivery:

* ``people``: one row a person. ``facts``: one row a trafficked person.
* ``records``: one row a record that speaks of a person: feed, file, table, row number as readers
  count it (CSV: record after the header; flat file: line; workbook: sheet row), the agency's id,
  the person, the role, the unit (enrolment, incident, case) and ``changes`` (bits of
  ``misspell.CHANGES``).
* ``faults``: one row a planted fault: where it stands, what it is, which rule should find it.
* ``narratives``: one row a narrative: feed, file, field, number of the first row that has it, unit
  (as in ``records``), the story it tells, the indicators it carries (``kind/code``), whether it
  ``flagged`` trafficking and its case is ``coded`` 64A or 64B, the spans that identify somebody
  (start and end in code points, type, whether the record's fields hold the value, written form) and
  the indicator words.
* ``reported``: one row a count of a victim service provider: feed, file, first month of the
  quarter, measure, the dimension and its value, the true count and whether it is ``sent``.
* ``planted``: one row a planted pattern (see there); only where patterns are planted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tributary.county.facts import (
    INDUSTRIES,
    MEANS,
    METHODS,
    RECRUITERS,
    SEX_TYPES,
    Facts,
    venue_codes,
)
from tributary.county.names import given_names, surnames
from tributary.county.people import CULTURE_NAMES, RACES, People
from tributary.county.places import COUNTRIES, ORIGIN_STATES, PLACES
from tributary.county.seeds import BATCH, Ints
from tributary.county.text import choose, day, number, serial
from tributary.county.truth_narratives import NARRATIVES, Narratives, narratives_table

KINDS = ("none", "sex", "labour", "both")
_RECORDS = pa.schema(
    [
        ("feed", pa.string()),
        ("file", pa.string()),
        ("table", pa.string()),
        ("row", pa.int64()),
        ("record_id", pa.string()),
        ("person_id", pa.string()),
        ("role", pa.string()),
        ("unit", pa.string()),
        ("changes", pa.int64()),
    ]
)
_FAULTS = pa.schema(
    [
        ("feed", pa.string()),
        ("file", pa.string()),
        ("table", pa.string()),
        ("row", pa.int64()),
        ("key", pa.string()),
        ("field", pa.string()),
        ("fault", pa.string()),
        ("rule", pa.string()),
    ]
)
_REPORTED = pa.schema(
    [
        ("feed", pa.string()),
        ("file", pa.string()),
        ("month", pa.date32()),
        ("measure", pa.string()),
        ("by", pa.string()),
        ("value", pa.string()),
        ("count", pa.int64()),
        ("sent", pa.bool_()),
    ]
)


class Truth:
    """Writes the truth while the files are written; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._records = pq.ParquetWriter(folder / "records.parquet", _RECORDS)
        self._faults = pq.ParquetWriter(folder / "faults.parquet", _FAULTS)
        self._narratives = pq.ParquetWriter(
            folder / "narratives.parquet", NARRATIVES, compression="zstd"
        )
        self._reported = pq.ParquetWriter(folder / "reported.parquet", _REPORTED)
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Truth:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._records.close()
        self._faults.close()
        self._narratives.close()
        self._reported.close()

    def people(self, people: People) -> None:
        """Write ``people.parquet``."""
        nobody = np.zeros(0, np.int64)
        schema = _people_table(people.take(nobody), nobody).schema
        with pq.ParquetWriter(self._folder / "people.parquet", schema) as file:
            for at in range(0, len(people), BATCH):
                index = np.arange(at, min(at + BATCH, len(people)))
                file.write_table(_people_table(people.take(index), index))

    def facts(self, facts: Facts) -> None:
        """Write ``facts.parquet``."""
        pq.write_table(_facts_table(facts), self._folder / "facts.parquet")

    def planted(self, patterns: pa.Table) -> None:
        """Write ``planted.parquet``."""
        pq.write_table(patterns, self._folder / "planted.parquet")

    def records(
        self,
        feed: str,
        file: str,
        table: str,
        *,
        rows: Ints,
        ids: pa.Array,
        person: Ints,
        unit: pa.Array | None = None,
        role: pa.Array | str | None = None,
        changes: Ints | None = None,
    ) -> None:
        """One entry a record; ``person`` -1 for a record about nobody known."""
        size = len(rows)
        if not size:
            return
        known = person >= 0
        people = serial("P", np.maximum(person, 0))
        columns = {
            "feed": _constant(feed, size),
            "file": _constant(file, size),
            "table": _constant(table, size),
            "row": pa.array(rows, pa.int64()),
            "record_id": ids,
            "person_id": people
            if known.all()
            else pa.array(np.where(known, people, None), pa.string()),
            "role": role if isinstance(role, pa.Array) else _constant(role, size),
            "unit": _constant(None, size) if unit is None else unit,
            "changes": pa.array(
                np.zeros(size, np.int64) if changes is None else changes, pa.int64()
            ),
        }
        self._records.write_table(pa.table(columns, schema=_RECORDS))
        self.counts[f"{feed}.{table}.records"] += size

    def faults(
        self,
        feed: str,
        file: str,
        table: str,
        fault: str,
        rule: str,
        *,
        rows: Ints,
        keys: pa.Array,
        field: str | None = None,
    ) -> None:
        """One entry a planted fault."""
        size = len(rows)
        if not size:
            return
        columns = {
            "feed": _constant(feed, size),
            "file": _constant(file, size),
            "table": _constant(table, size),
            "row": pa.array(rows, pa.int64()),
            "key": keys,
            "field": _constant(field, size),
            "fault": _constant(fault, size),
            "rule": _constant(rule, size),
        }
        self._faults.write_table(pa.table(columns, schema=_FAULTS))
        self.counts[f"{feed}.{table}.{fault}"] += size

    def reported(
        self,
        feed: str,
        file: str,
        month: np.datetime64,
        measure: str,
        counts: Sequence[tuple[str, str, int]],
        sent: Collection[tuple[str, str, int]],
    ) -> None:
        """One entry a count (dimension, value, count) of a quarter and a measure."""
        size = len(counts)
        by, values, numbers = zip(*counts, strict=True)
        columns = {
            "feed": _constant(feed, size),
            "file": _constant(file, size),
            "month": pa.array([month.astype("datetime64[D]").astype(object)] * size, pa.date32()),
            "measure": _constant(measure, size),
            "by": pa.array(by),
            "value": pa.array(values),
            "count": pa.array(numbers, pa.int64()),
            "sent": pa.array([one in sent for one in counts]),
        }
        self._reported.write_table(pa.table(columns, schema=_REPORTED))
        self.counts[f"{feed}.rows"] += len(sent)

    def narratives(self, feed: str, file: str, field: str, told: Narratives) -> None:
        """One entry a narrative."""
        self._narratives.write_table(narratives_table(feed, file, field, told))


def _constant(value: str | None, size: int) -> pa.Array:
    return pa.array([value] * size, pa.string())


def _people_table(people: People, index: Ints) -> pa.Table:
    none = people.surname2 < 0
    second = choose(surnames().names.to_pylist(), np.maximum(people.surname2, 0))
    return pa.table(
        {
            "person_id": serial("P", index),
            "culture": choose(CULTURE_NAMES, people.culture),
            "sex": choose(("F", "M"), people.sex),
            "gender_diverse": pa.array(people.diverse),
            "given": choose(given_names().names.to_pylist(), people.given),
            "surname": choose(surnames().names.to_pylist(), people.surname),
            "surname2": pa.array(np.where(none, None, second), pa.string()),
            "born": pa.array(people.born.astype("datetime64[D]")),
            "race": choose(RACES, people.race),
            "hispanic": pa.array(people.hispanic),
            "citizenship": choose([country.alpha3 for country in COUNTRIES], people.citizenship),
            "ssn": number(people.ssn, 9),
            "zip_code": choose([place.zip_code for place in PLACES], people.home),
            "county_fips": choose([place.county_fips for place in PLACES], people.home),
            "latitude": pa.array(people.latitude),
            "longitude": pa.array(people.longitude),
            "trafficked": choose(KINDS, people.kind),
        }
    )


def _facts_table(facts: Facts) -> pa.Table:
    return pa.table(
        {
            "person_id": serial("P", facts.person),
            "trafficked": choose(KINDS, facts.kind),
            "means": _names(facts.means, list(MEANS)),
            "recruiter": choose(list(RECRUITERS), facts.recruiter),
            "method": choose(list(METHODS), facts.method),
            "industry": choose([*INDUSTRIES, None], facts.industry % (len(INDUSTRIES) + 1)),
            "sex_types": _names(facts.sex_types, list(SEX_TYPES)),
            "began": day(facts.began),
            "months": pa.array(facts.months),
            "minor_at_begin": pa.array(facts.minor),
            "venue": choose(venue_codes(), facts.venue),
            "origin": choose([country.alpha3 for country in COUNTRIES], facts.origin),
            "origin_state": choose(
                [*ORIGIN_STATES, None], facts.origin_state % (len(ORIGIN_STATES) + 1)
            ),
        }
    )


def _names(bits: Ints, names: list[str]) -> pa.Array:
    """Bit sets as lists of names; each distinct set is spelled once."""
    distinct, inverse = np.unique(bits, return_inverse=True)
    words = [[n for i, n in enumerate(names) if value >> i & 1] for value in distinct.tolist()]
    return pa.array(words, pa.list_(pa.string())).take(pa.array(inverse))
