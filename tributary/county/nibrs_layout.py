"""Fixed columns of the NIBRS flat file: fields into lines, lines into a file in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tributary.county.seeds import Ints

Cells = npt.NDArray[np.bytes_]
Block = npt.NDArray[np.uint8]

#: Line length by segment level: the longest current form of each.
LENGTHS: Final = {0: 43, 1: 88, 2: 71, 3: 307, 4: 141, 5: 46, 6: 110, 7: 66}
_END: Final = b"\r\n"
_BLANK: Final = 32
#: Where the digits stand in ``YYYY-MM-DD``.
_DIGITS_OF_ISO: Final = (0, 1, 2, 3, 5, 6, 8, 9)
#: First column (from 1) and width of the fields this project writes; the rest stays blank.
# fmt: off
FIELDS: Final[Mapping[int, Mapping[str, tuple[int, int]]]] = {
    0: {"zero_month": (38, 2), "zero_year": (40, 4)},
    1: {"date": (38, 8), "report": (46, 1), "hour": (47, 2), "cleared": (49, 1),
        "cleared_on": (50, 8), "cargo": (88, 1)},
    2: {"code": (38, 3), "attempted": (41, 1), "using": (42, 1), "place": (45, 2),
        "premises": (47, 2), "entry": (49, 1), "activity": (50, 1), "weapon": (53, 2),
        "bias": (62, 2)},
    3: {"loss": (38, 1), "description": (39, 2), "value": (41, 9), "description_2": (58, 2),
        "value_2": (60, 9), "stolen": (229, 2), "drug": (233, 1), "quantity": (234, 12),
        "measure": (246, 2)},
    4: {"sequence": (38, 3), "code": (41, 3), "code_2": (44, 3), "kind": (71, 1), "age": (72, 4),
        "sex": (76, 1), "race": (77, 1), "ethnicity": (78, 1), "resident": (79, 1),
        "circumstance": (80, 2), "injury": (85, 1), "offender": (90, 2), "relation": (92, 2),
        "offender_2": (94, 2), "relation_2": (96, 2), "offender_3": (98, 2),
        "relation_3": (100, 2)},
    5: {"sequence": (38, 2), "age": (40, 4), "sex": (44, 1), "race": (45, 1),
        "ethnicity": (46, 1)},
    6: {"sequence": (38, 2), "number": (40, 12), "date": (52, 8), "kind": (60, 1),
        "multiple": (61, 1), "code": (62, 3), "armed": (65, 2), "age": (71, 4), "sex": (75, 1),
        "race": (76, 1), "ethnicity": (77, 1), "resident": (78, 1), "disposition": (79, 1)},
    7: {"sequence": (38, 2), "date": (40, 8), "kind": (48, 1), "code": (49, 3), "armed": (52, 2),
        "age": (58, 4), "sex": (62, 1), "race": (63, 1), "ethnicity": (64, 1),
        "resident": (65, 1), "disposition": (66, 1)},
}
# fmt: on


def block(
    level: int,
    fields: Mapping[str, npt.ArrayLike],
    *,
    action: str,
    month: str,
    ori: Cells,
    number: Cells,
) -> Block:
    """Lines of one level, CRLF included, as a matrix of bytes.

    Args:
        fields: values by name (bytes, text or one value for all); names without a value stay blank.
        month: month and year of submission, ``MMYYYY``.
        number: incident number, or arrest transaction number on level 7.
    """
    length = LENGTHS[level]
    lines = np.full((len(ori), length + len(_END)), _BLANK, np.uint8)
    lines[:, length:] = np.frombuffer(_END, np.uint8)
    head = f"{length:04d}{level}{action}{month}"
    put(lines, 1, len(head), head)
    put(lines, 17, 9, ori)
    put(lines, 26, 12, number)
    for name, values in fields.items():
        put(lines, *FIELDS[level][name], values)
    return lines


def put(lines: Block, first: int, width: int, values: npt.ArrayLike) -> None:
    """Write left-justified ``values`` from column ``first`` on (counted from 1)."""
    text = np.asarray(values)
    cells = np.broadcast_to(text.astype(f"S{width}"), len(lines))
    raw = np.ascontiguousarray(cells).view(np.uint8).reshape(len(lines), width)
    lines[:, first - 1 : first - 1 + width] = np.where(raw == 0, _BLANK, raw)


def texts(lines: Block) -> pa.Array:
    """Each line as one element."""
    kind = pa.binary(lines.shape[1])
    raw = pa.py_buffer(np.ascontiguousarray(lines))
    return pa.FixedSizeBinaryArray.from_buffers(kind, len(lines), [None, raw]).cast(pa.binary())


def digits(values: Ints, width: int) -> Cells:
    """Numbers with leading zeros."""
    longer = (np.asarray(values) + 10**width).astype(f"S{width + 1}")
    letters = longer.view("S1").reshape(-1, width + 1)[:, 1:]
    return np.ascontiguousarray(letters).view(f"S{width}").reshape(-1)


def two(values: Ints) -> Cells:
    """Numbers as two digits."""
    return digits(values, 2)


def compact(days: npt.NDArray[np.datetime64]) -> Cells:
    """``YYYYMMDD``; a missing day is blank."""
    day = days.astype("datetime64[D]")
    text = np.datetime_as_string(
        np.where(np.isnat(day), np.datetime64("1970-01-01"), day), unit="D"
    )
    letters = text.astype("S10").view("S1").reshape(-1, 10)
    plain = np.ascontiguousarray(letters[:, _DIGITS_OF_ISO]).view("S8").reshape(-1)
    return np.where(np.isnat(day), b"", plain)


def ages(years: Ints) -> Cells:
    """Ages as NIBRS writes them: BB under one year, 99 for over 98, 00 where unknown (-1)."""
    text = two(np.clip(years, 0, 99))
    return np.where(years == 0, b"BB", np.where(years < 0, b"00", text))
