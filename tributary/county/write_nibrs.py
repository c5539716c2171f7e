"""The sheriff's NIBRS submissions: flat files of segments, in the FBI's fixed columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tributary.county import rates
from tributary.county.county import County
from tributary.county.faults import Planter
from tributary.county.nibrs_faults import GROUP_B_FAULT, Planted, plant
from tributary.county.nibrs_incidents import Pools, draw, pools
from tributary.county.nibrs_layout import Cells, block, compact, texts
from tributary.county.nibrs_level import Segments
from tributary.county.nibrs_people import group_b
from tributary.county.nibrs_reports import (
    CONTRACT,
    Reports,
    Submission,
    deleted_later,
    quiet_month,
    report_numbers,
    reports,
    submissions,
)
from tributary.county.nibrs_segments import segments
from tributary.county.places import SHERIFF_ORIS
from tributary.county.seeds import BATCH, Ints
from tributary.county.text import payload

TABLES: Final = {
    0: "zero_report",
    1: "administrative",
    2: "offense",
    3: "property",
    4: "victim",
    5: "offender",
    6: "arrestee",
    7: "group_b_arrest",
}
_PEOPLE: Final = (4, 5, 6, 7)


def write_nibrs(county: County, monthly: bool = False) -> tuple[Path, ...]:
    """Write the submissions in the order in which they are sent.

    By default two: everything up to the month before last as one catch-up, then the last month with
    deletions of incidents sent before and the zero report of an agency that had none. ``monthly``
    writes one file a month.
    """
    writer = _Writer(county)
    files = submissions(county, monthly)
    for number, submission in enumerate(files):
        with submission.path.open("wb") as submission.file:
            writer.write(submission, number, last=number == len(files) - 1)
        submission.file = None
    return tuple(submission.path for submission in files)


class _Writer:
    def __init__(self, county: County) -> None:
        self._county = county
        self._pools: Pools = pools(county)
        people = len(county.people)
        self._incidents = reports(county, "incidents", people * rates.NIBRS_INCIDENTS, "I", "")
        self._arrests = reports(county, "group b", people * rates.NIBRS_GROUP_B, "B", "B")
        self._deleted = deleted_later(county, self._incidents)
        self._atn = 0

    def write(self, submission: Submission, number: int, last: bool) -> None:
        """One submission, batch by batch."""
        for levels, index, planted in self._batches(submission, number):
            self._lines(submission, levels, self._incidents, index, planted)
        arrests = self._arrests.between(submission.first, submission.end)
        self._group_b(submission, number, arrests)
        if last:
            self._deletions(submission)
        if last and self._county.period.months > 2:
            self._zero_reports(submission, quiet_month(self._county), SHERIFF_ORIS[-1:])
        if not submission.lines:
            self._zero_reports(submission, submission.first.astype("datetime64[M]"), SHERIFF_ORIS)
        self._county.truth.counts[f"{CONTRACT}.{submission.path.name}.lines"] = submission.lines

    def _batches(
        self, submission: Submission, number: int
    ) -> Iterator[tuple[dict[int, Segments], Ints, list[Planted]]]:
        index = self._incidents.between(submission.first, submission.end)
        for _, random, rows in self._county.batches(f"nibrs {number}", len(index)):
            of = index[rows]
            last = submission.end - 1
            incidents = draw(self._county, random, self._incidents.day[of], self._pools)
            arrests = len(incidents.arrestees.incident)
            numbers = report_numbers(self._county, np.full(arrests, last), "T", "A", self._atn)
            self._atn += arrests
            levels = segments(self._county, random, incidents, last, numbers)
            yield levels, of, plant(random, incidents, levels, self._deleted[of], last)

    def _lines(
        self,
        submission: Submission,
        levels: dict[int, Segments],
        reports: Reports,
        index: Ints,
        planted: list[Planted],
    ) -> None:
        """Lay out, put in order, write; then note in the truth what stands on which line."""
        ori, number = reports.ori[index], reports.number[index].copy()
        for found in planted:
            if found.fault.name == "invalid_number" and len(found.incident):
                number[found.incident] = np.char.replace(number[found.incident], b"-", b"+")
                if self._county.canary.word:
                    number[found.incident] = np.char.add(number[found.incident].astype("S11"), b"+")
        parts = []
        for level, found_at in levels.items():
            lines = texts(
                block(
                    level,
                    found_at.fields,
                    action=found_at.action,
                    month=submission.month,
                    ori=ori[found_at.incident],
                    number=number[found_at.incident],
                )
            )
            parts.append(_shortened(lines, level, planted))
        row = self._ordered(submission, levels, parts)
        self._record(submission, levels, number, row)
        for found in planted:
            self._fault(
                submission, found, row[found.fault.level][found.rows], number[found.incident]
            )

    def _ordered(
        self, submission: Submission, levels: dict[int, Segments], parts: list[pa.Array]
    ) -> dict[int, Ints]:
        """Write the lines by incident, level and number; line number of every segment, by level."""
        incident = np.concatenate([s.incident for s in levels.values()])
        level = np.concatenate([np.full(len(s), s.level) for s in levels.values()])
        within = np.concatenate([s.order for s in levels.values()])
        order = np.lexsort((within, level, incident))
        self._put(submission, pa.concat_arrays(parts).take(pa.array(order)))
        row = np.empty(len(order), np.int64)
        row[order] = np.arange(len(order)) + submission.lines - len(order) + 1
        edges = np.cumsum([len(s) for s in levels.values()])[:-1]
        return dict(zip(levels, np.split(row, edges), strict=True))

    def _put(self, submission: Submission, lines: pa.Array) -> None:
        if len(lines) and submission.file:
            submission.file.write(payload(lines))
            submission.lines += len(lines)

    def _record(
        self,
        submission: Submission,
        levels: dict[int, Segments],
        number: Cells,
        row: dict[int, Ints],
    ) -> None:
        for level in _PEOPLE:
            segment = levels.get(level)
            if segment is None:
                continue
            known = segment.person >= 0
            unit = _text(number[segment.incident[known]])
            self._county.truth.records(
                CONTRACT,
                submission.path.name,
                TABLES[level],
                rows=row[level][known],
                ids=unit,
                person=segment.person[known],
                unit=unit,
                role=TABLES[level],
            )

    def _fault(self, submission: Submission, found: Planted, rows: Ints, keys: Cells) -> None:
        fault = found.fault
        self._county.truth.faults(
            CONTRACT,
            submission.path.name,
            TABLES[fault.level],
            fault.name,
            f"NIBRS-{fault.rule}",
            rows=rows,
            keys=_text(keys),
            field=fault.field or None,
        )

    def _group_b(self, submission: Submission, number: int, index: Ints) -> None:
        for batch, at in enumerate(range(0, len(index), BATCH)):
            of, random = index[at : at + BATCH], self._county.stream("nibrs group b", number, batch)
            day = self._arrests.day[of]
            arrests = group_b(
                self._county, random, day, self._pools["children"], self._pools["suspects"]
            )
            rows = Planter(random, len(of)).rows(rate=rates.NIBRS_FAULT)
            arrests.fields["code"][rows] = GROUP_B_FAULT.value.encode()
            self._lines(
                submission, {7: arrests}, self._arrests, of, [Planted(GROUP_B_FAULT, rows, rows)]
            )

    def _deletions(self, submission: Submission) -> None:
        """Level 1 with action D: the agency takes incidents back that it sent before."""
        index = np.flatnonzero(self._deleted)
        number = self._incidents.number[index]
        fields = {"date": compact(self._incidents.day[index])}
        lines = block(
            1,
            fields,
            action="D",
            month=submission.month,
            ori=self._incidents.ori[index],
            number=number,
        )
        first = submission.lines + 1
        self._put(submission, texts(lines))
        self._county.truth.faults(
            CONTRACT,
            submission.path.name,
            TABLES[1],
            "deleted",
            "NIBRS-D",
            rows=np.arange(first, first + len(index)),
            keys=_text(number),
        )

    def _zero_reports(
        self, submission: Submission, month: np.datetime64, oris: tuple[str, ...]
    ) -> None:
        """Level 0: these agencies had nothing to report in ``month``."""
        when = month.astype(object)
        fields = {"zero_month": f"{when.month:02d}", "zero_year": str(when.year)}
        lines = block(
            0,
            fields,
            action="A",
            month=submission.month,
            ori=np.array(oris, "S9"),
            number=np.full(len(oris), b"0" * 12),
        )
        self._put(submission, texts(lines))


def _shortened(lines: pa.Array, level: int, planted: list[Planted]) -> pa.Array:
    """Lines that lost their last characters, though they still declare them."""
    for found in planted:
        if found.fault.name == "short_line" and found.fault.level == level and len(found.rows):
            mask = np.zeros(len(lines), np.bool_)
            mask[found.rows] = True
            cut = pc.binary_join_element_wise(
                pc.binary_slice(lines, 0, 60), pa.scalar(b"\r\n"), b""
            )
            lines = pc.if_else(pa.array(mask), cut, lines)
    return lines


def _text(cells: Cells) -> pa.Array:
    return pa.array(cells.astype(str), pa.string())
