"""Lines of a NIBRS flat file: found, measured and judged by array operations over a block."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from connectors.formats.nibrs_segments import IDENTITY, SEGMENTS
from schemas.errors import DeliveryError

#: Bytes taken from the file at a time.
BLOCK_BYTES = 16 << 20
#: No NIBRS line is near this long: what goes on without a line end is another format.
LONGEST_LINE = 64 << 10
#: Faults of a line; the position is what ``Verdict.fault`` holds.
FAULTS = ("", "level", "length", "text")

BLANK, _END_OF_FILE, _LF, _CR = 32, 26, 10, 13
_WIDEST = max(segment.width for segment in SEGMENTS.values())
#: What columns 1 to 5 may hold, sorted, with the level, the length and the used columns they say.
_KNOWN = sorted(
    (
        f"{length:04}{segment.level}".encode(),
        ord(segment.level),
        length,
        min(length, (segment.filler or length + 1) - 1),
        segment.least,
    )
    for segment in SEGMENTS.values()
    for length in segment.lengths
)
_SIGNATURES = np.array([signature for signature, *_ in _KNOWN])
_LEVEL, _DECLARED, _USED, _LEAST = (np.array([known[n] for known in _KNOWN]) for n in range(1, 5))

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Lines(NamedTuple):
    """Non-blank lines of a block. ``stops`` are exclusive, line ends left out.

    ``data`` goes on behind the block for as many blanks as the widest segment has columns, so that
    a window never leaves it. ``rows`` are line numbers from 1.
    """

    data: Bytes
    starts: Places
    stops: Places
    rows: Places

    @property
    def even(self) -> bool:
        """Whether all lines (the last one may differ) are of one length: padded to a record."""
        lengths = (self.stops - self.starts)[:-1]
        return bool(len(lengths)) and bool((lengths == lengths[0]).all())

    @property
    def keep_blanks(self) -> bool:
        """Whether any line ends in a blank: no editor has stripped the file then."""
        return bool((self.data[self.stops - 1] == BLANK).any())

    def window(self, which: Places, first: int, width: int) -> Bytes:
        """Columns ``first`` (from 1) on of the given lines; blank behind the end of a line."""
        at = self.starts[which] + first - 1
        cells: Bytes = sliding_window_view(self.data, width)[at]
        left = self.stops[which] - at
        short = np.flatnonzero(left < width)
        cells[short] = np.where(np.arange(width) < left[short, None], cells[short], BLANK)
        return cells

    def identities(self, which: Places) -> NDArray[np.bytes_]:
        """ORI and incident number as they stand in the line."""
        first, last = IDENTITY
        return _as_bytes(self.window(which, first, last - first + 1))


class Verdict(NamedTuple):
    """What the lines of a block are; arrays run parallel to the lines.

    Attributes:
        level: code of the level character where columns 1 to 5 make sense, else 0.
        fault: 0 for a sound line, else its place in ``FAULTS``.
        short: ends before the last used column of its declared length.
    """

    level: Places
    fault: NDArray[np.int8]
    short: Flags

    @property
    def sound(self) -> Flags:
        sound: Flags = self.fault == 0
        return sound


def foreign() -> DeliveryError:
    """The refusal of a file that is no NIBRS flat file."""
    return DeliveryError(
        "FILE-FORMAT", "lines do not begin with the length and the level of a NIBRS segment"
    )


def blocks(source: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Whole lines at a time, and whether the last of them had its line end (it is added).

    Raises:
        DeliveryError: FILE-FORMAT, where a line does not end.
    """
    rest = b""
    part = _full(source).removeprefix(BOM_UTF8)
    while part:
        head, feed, tail = part.rpartition(b"\n")
        if feed:
            yield rest + head + feed, True
            rest = tail
        else:
            rest += part
        if len(rest) > LONGEST_LINE:
            raise foreign()
        part = _full(source)
    rest = rest.rstrip(b"\x1a")
    if rest:
        yield rest + b"\n", False


def _full(source: BinaryIO) -> bytes:
    """The next ``BLOCK_BYTES``; a decrypting source may hand out less at a time."""
    parts, left = [], BLOCK_BYTES
    while left > 0 and (part := source.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def find(block: bytes, number: int) -> Lines:
    """Lines of a block that ends with a line end; ``number`` is the first one's."""
    data = np.frombuffer(block + b" " * _WIDEST, np.uint8)
    stops = np.flatnonzero(data == _LF)
    starts = np.concatenate(([0], stops[:-1] + 1))
    stops = stops - ((data[stops - 1] == _CR) & (stops > starts))
    written = stops > starts
    written[written] = _any((data != BLANK) & (data != _END_OF_FILE), starts, stops, written)
    return Lines(data, starts[written], stops[written], number + np.flatnonzero(written))


def judge(lines: Lines, *, stripped: bool) -> Verdict:
    """Compare every line with the length and the level it declares.

    Args:
        stripped: the file has lost its trailing blanks, so that a line may end early.
    """
    every = np.arange(len(lines.starts))
    head = lines.window(every, 1, 5)
    signature = _as_bytes(head)
    place = np.minimum(np.searchsorted(_SIGNATURES, signature), len(_SIGNATURES) - 1)
    known = _SIGNATURES[place] == signature
    length = lines.stops - lines.starts
    long = known & (length > _DECLARED[place])
    if lines.even:
        long[long] = _any(lines.data != BLANK, lines.starts + _DECLARED[place], lines.stops, long)
    odd = (lines.data < BLANK) | (lines.data > ord("~"))

    fault = np.zeros(len(every), np.int8)
    if stripped:
        short = length < np.minimum(_USED, _LEAST)[place]
    else:
        short = (length < _DECLARED[place]) & (length != _USED[place])
    fault[~known | long | short] = FAULTS.index("length")
    fault[(head[:, 4] < ord("0")) | (head[:, 4] > ord("7"))] = FAULTS.index("level")
    fault[_any(odd, lines.starts, lines.stops, every >= 0)] = FAULTS.index("text")
    return Verdict(np.where(known, _LEVEL[place], 0), fault, known & (length < _USED[place]))


def is_cut(lines: Lines, verdict: Verdict) -> bool:
    """Whether the last line stops before its used columns do."""
    begin = lines.data[lines.starts[-1] : lines.stops[-1]].tobytes()
    return bool(verdict.short[-1]) or any(known[0].startswith(begin) for known in _KNOWN)


def _any(flags: Flags, starts: Places, stops: Places, which: Flags) -> Flags:
    """Whether any flag is set in [start, stop) of each chosen line; none of these is empty."""
    edges = np.column_stack((starts[which], stops[which])).ravel()
    if not len(edges):
        return np.zeros(0, np.bool_)
    found: Flags = np.bitwise_or.reduceat(flags.view(np.uint8), edges)[::2] != 0
    return found


def _as_bytes(cells: Bytes) -> NDArray[np.bytes_]:
    return np.ascontiguousarray(cells).view(f"S{cells.shape[1]}").ravel()
