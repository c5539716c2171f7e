r"""Where the records of delimited text begin and end, even where its quoting is broken.

RFC 4180 gives a quote no second chance: one that is never closed swallows the file up to the next
quote. Here it costs its own line. Each line whose quotes do not pair up within the line is tried as
the start of a record that spans lines; it is one only if its quoting is whole by RFC 4180 and if it
does not look like an unclosed quote that runs through records (``_swallows_records``). Lines whose
quotes do pair up (nearly all) are found by array operations over the block.

A quote inside an unquoted field (``5" pipe``) is text, as in Python's ``csv``. A quoted field that
goes on behind its closing quote (``"a"b``) is not: what was meant cannot be known.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LF, CR, QUOTE, NUL = 10, 13, 34, 0
#: With fewer columns, prose with commas in it cannot be told from records.
_MIN_COLUMNS_TO_SUSPECT = 4


class Scan(NamedTuple):
    """What became of a block.

    Attributes:
        records: text of the records whose quoting is sound, one after the other.
        numbers: record number of each of ``records``.
        faults: record numbers by rule code.
        total: records in the block, sound or not.
        rest: an unfinished record at the end of the block, to go in front of the next one.
    """

    records: bytes
    numbers: NDArray[np.int64]
    faults: dict[str, NDArray[np.int64]]
    total: int
    rest: bytes


class RecordScanner:
    """Finds the records of one file.

    Args:
        columns: fields a record should have.
        delimiter: one ASCII character.
    """

    def __init__(self, columns: int, delimiter: str) -> None:
        self._columns = columns
        self._delimiter = delimiter.encode("ascii")
        mark = re.escape(self._delimiter)
        field = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"\r\n%b][^\r\n%b]*+|)' % (mark, mark)
        self._record = re.compile(rb"%b(?:%b%b)*+(?=[\r\n]|\Z)" % (field, mark, field))
        self._unfinished = re.compile(rb'(?:%b%b)*+"[^"]*+(?:""[^"]*+)*+\Z' % (field, mark))

    def scan(self, data: bytes, first: int, *, last: bool) -> Scan:
        """Scan ``data``, which starts where a record starts and ends where a line ends.

        Args:
            first: number of the first record.
            last: no more data follows, so an unfinished record is a fault.
        """
        text = np.frombuffer(data, np.uint8)
        ends = _line_ends(text)
        starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
        fate = np.full(len(starts), _SOUND, np.int8)
        stop = self._judge_quotes(data, text, starts, ends, fate, last=last)
        starts, ends, fate = starts[:stop], ends[:stop], fate[:stop]
        rest = data[int(ends[-1]) if stop else 0 :]
        self._find_blank(data, starts, ends, fate)
        _find_nul(data, starts, ends, fate)
        return _collected(data, text, starts, ends, fate, first, rest)

    def first_record(self, data: bytes) -> bytes | None:
        """The first record of ``data`` (the header), or none if its quoting is broken."""
        found = self._record.match(data)
        return found.group() if found else None

    def _judge_quotes(
        self,
        data: bytes,
        text: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        fate: NDArray[np.int8],
        *,
        last: bool,
    ) -> int:
        """Mark lines that continue a record or are broken; returns the lines that are settled."""
        behind = 0  # first line not covered by a record that spans lines
        for line in self._open_lines(data, text, starts, ends):
            if line < behind:
                continue
            found = self._record.match(data, int(starts[line]))
            reach = int(np.searchsorted(ends, found.end())) + 1 if found else 0
            if found and not self._swallows_records(data, starts, ends, line, reach):
                fate[line + 1 : reach] = _CONTINUES
                behind = reach
            elif (
                not found
                and not last
                and self._unfinished.match(data, int(starts[line]))
                and not self._swallows_records(data, starts, ends, line, len(ends) + 1)
            ):
                return int(line)
            else:
                fate[line] = _QUOTING
        return len(starts)

    def _open_lines(
        self,
        data: bytes,
        text: NDArray[np.uint8],
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Lines whose quotes, taken alone, are not all those of whole quoted fields."""
        if b'"' not in data:
            return np.empty(0, np.int64)
        quotes = np.flatnonzero(text == QUOTE)
        line = np.searchsorted(ends, quotes, side="right")
        firsts = np.flatnonzero(np.diff(line, prepend=-1))
        counts = np.diff(firsts, append=len(quotes))
        opening = (np.arange(len(quotes)) - np.repeat(firsts, counts)) % 2 == 0
        around = np.concatenate(([LF], text, [LF])).astype(np.uint8)  # text[i] is around[i + 1]
        neighbour = np.where(opening, around[quotes], around[quotes + 2])
        sound = np.isin(neighbour, [LF, CR, QUOTE, self._delimiter[0]])
        broken = np.unique(line[~sound])
        return np.union1d(broken, line[firsts[counts % 2 == 1]])

    def _swallows_records(
        self,
        data: bytes,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        line: int,
        reach: int,
    ) -> bool:
        """Whether lines ``line`` to ``reach`` (exclusive) look like records, not like one field.

        They do if each line in between has the delimiters of a whole record (the first and last
        line too, if there is none in between). ``reach`` beyond the last line means the record is
        still open there. Only some lines are looked at: prose does not look like records for long.
        """
        still_open = reach > len(ends)
        between = range(line + 1, reach - 1)
        if (
            self._columns < _MIN_COLUMNS_TO_SUSPECT
            or reach - line < 2
            or (still_open and not between)
        ):
            return False
        suspects = between[:_LINES_LOOKED_AT] or range(line, reach)
        return all(
            data.count(self._delimiter, int(starts[at]), int(ends[at])) == self._columns - 1
            for at in suspects
        )

    def _find_blank(
        self,
        data: bytes,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        fate: NDArray[np.int8],
    ) -> None:
        """Mark lines of nothing but white space (or the end mark of old systems)."""
        first = np.frombuffer(data, np.uint8)[starts]
        candidates = np.flatnonzero(np.isin(first, list(_BLANKS)) & (fate == _SOUND))
        for line in candidates:
            if not data[int(starts[line]) : int(ends[line])].strip(_BLANKS):
                fate[line] = _BLANK


_SOUND, _CONTINUES, _QUOTING, _TEXT, _BLANK = range(5)
_FAULTS = {_QUOTING: "ROW-QUOTING", _TEXT: "ROW-TEXT"}
_LINES_LOOKED_AT = 20
_BLANKS = b" \r\n\x1a"


def _line_ends(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Positions behind each line; CR LF is one line end, and the last line may have none."""
    breaks = text == LF
    returns = text == CR
    if returns.any():
        returns[:-1] &= text[1:] != LF
        breaks |= returns
    ends = np.flatnonzero(breaks) + 1
    if len(text) and (not len(ends) or ends[-1] != len(text)):
        ends = np.append(ends, len(text))
    return ends


def _find_nul(
    data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], fate: NDArray[np.int8]
) -> None:
    """Mark records that hold a NUL: it is no text, or stands for bytes that are none."""
    if b"\0" not in data:
        return
    heads = np.flatnonzero(fate != _CONTINUES)
    nuls = np.flatnonzero(np.frombuffer(data, np.uint8) == NUL)
    nuls = nuls[nuls < (ends[-1] if len(ends) else 0)]
    hit = heads[np.unique(np.searchsorted(starts[heads], nuls, side="right") - 1)]
    fate[hit[fate[hit] == _SOUND]] = _TEXT


def _collected(
    data: bytes,
    text: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    fate: NDArray[np.int8],
    first: int,
    rest: bytes,
) -> Scan:
    counted = (fate != _CONTINUES) & (fate != _BLANK)
    numbers = first - 1 + np.cumsum(counted)
    kept = fate[np.maximum.accumulate(np.where(fate != _CONTINUES, np.arange(len(fate)), 0))]
    keep = kept == _SOUND
    if keep.all():
        records = data[: len(data) - len(rest)]
    else:
        records = text[: len(data) - len(rest)][np.repeat(keep, ends - starts)].tobytes()
    return Scan(
        records,
        numbers[fate == _SOUND],
        {code: numbers[fate == mark] for mark, code in _FAULTS.items() if (fate == mark).any()},
        int(counted.sum()),
        rest,
    )
