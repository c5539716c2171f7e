"""What normalised values are compared by: n-grams for their filters, parts for block tokens.

Both are made of a whole column of distinct values at once; an empty value has neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from jellyfish import soundex

from anonymize.encoding.hud import HASHED, hash_of_number, hash_part

Ints = npt.NDArray[np.int64]

#: A gram is a number. Of a bigram: two characters and how often they stood in the value before (a
#: bigram that stands twice is two grams). From ``PLACED`` on: a place and the character there. From
#: ``DATED`` on: a part of a date and its value.
PLACED, DATED = 1 << 52, 1 << 53
_CHARACTER, _COUNT, _PART = 21, 8, 14  # bits
#: Values whose grams can be numbered at once.
MOST = 1 << (63 - 2 * _CHARACTER - 1)


@dataclass(frozen=True)
class Grams:
    """Grams of all values, those of one after those of another; ``counts``: how many each has."""

    keys: Ints
    counts: Ints


def grams(kind: str, values: pa.Array) -> list[Grams]:
    """Grams of at most ``MOST`` normalised values, in groups of a sort."""
    return [group(values) for group in _GRAMS.get(kind, (_bigrams,))]


def _characters(values: pa.Array) -> tuple[Ints, Ints]:
    """Code points of all values, with a blank before each and one at the end, and lengths."""
    joined = " ".join(["", *values.to_pylist(), ""])
    points = np.frombuffer(joined.encode("utf-32-le"), np.uint32).astype(np.int64)
    return points, np.asarray(pc.utf8_length(values), np.int64)


def bigrams(values: pa.Array) -> Grams:
    """Bigrams of every word with a blank on either side, in order: two characters each."""
    points, lengths = _characters(values)
    pairs = points[:-1] << _CHARACTER | points[1:]
    told = np.repeat(lengths > 0, lengths + 1)
    return Grams(pairs[told], np.where(lengths > 0, lengths + 1, 0))


def sorts_of(keys: Ints) -> Ints:
    """Which part of a date each gram is."""
    found: Ints = (keys ^ DATED) >> _PART
    return found


def text_of(gram: int) -> str:
    """A bigram's two characters; a date's part and value, with a blank between."""
    if gram & DATED:
        return f"{(gram ^ DATED) >> _PART} {gram & ((1 << _PART) - 1)}"
    return chr(gram >> _CHARACTER) + chr(gram & ((1 << _CHARACTER) - 1))


def _bigrams(values: pa.Array) -> Grams:
    """Bigrams numbered where they stand again: the order of words does not count."""
    found = bigrams(values)
    rows = np.repeat(np.arange(len(found.counts)), found.counts)
    # In order of value and bigram, equal ones stand together and can be numbered.
    ordered = np.sort(rows << 2 * _CHARACTER | found.keys)
    place = np.arange(len(ordered))
    first = np.diff(ordered, prepend=-1) != 0
    before = place - np.maximum.accumulate(np.where(first, place, 0))
    pairs = ordered & ((1 << 2 * _CHARACTER) - 1)
    keys = pairs << _COUNT | np.minimum(before, (1 << _COUNT) - 1)
    return Grams(keys, found.counts)


def _placed(values: pa.Array) -> Grams:
    """Each character with its place: for numbers and codes."""
    points, lengths = _characters(values)
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    of_values = np.ones(len(points), bool)
    of_values[np.cumsum(lengths + 1) - lengths - 1] = False
    of_values[-1] = False
    return Grams(PLACED | place << _CHARACTER | points[of_values], lengths)


def date_parts(values: pa.Array) -> Grams:
    """Parts whole and by digit; day and month also without their order, for dates turned round."""
    known = np.asarray(pc.utf8_length(values)) > 0
    digits = np.zeros((len(values), 8), np.int64)
    points, _ = _characters(values.filter(pa.array(known)))
    digits[known] = points[:-1].reshape(-1, 9)[:, 1:] - ord("0")
    parts = [digits[:, a:b] @ (10 ** np.arange(b - a)[::-1]) for a, b in ((0, 4), (4, 6), (6, 8))]
    there = [known & (digits[:, at] >= 0) for at in (0, 4, 6)]
    (year, month, day), (has_year, has_month, has_day) = parts, there
    least, most = np.minimum(month, day), np.maximum(month, day)
    table = (
        (has_year, year),
        (has_year, year // 10),
        (has_year, year % 100),
        (has_year, year % 10),
        (has_month, month),
        (has_month, month % 10),
        (has_day, day),
        (has_day, day // 10),
        (has_day, day % 10),
        (has_month & has_day, month * 100 + day),
        (has_month & has_day, least * 100 + most),
        # A month and a day of the same number are one part with either order.
        (has_month, month),
        (has_day, day + 100 * (has_month & (day == month))),
    )
    sorts = np.array([*range(11), 11, 11])
    taken = np.stack([one for one, _ in table], axis=1)
    keys = DATED | sorts << _PART | np.stack([number for _, number in table], axis=1)
    return Grams(keys[taken], taken.sum(axis=1))


_GRAMS: Mapping[str, tuple[Callable[[pa.Array], Grams], ...]] = MappingProxyType(
    {
        "date": (date_parts,),
        **dict.fromkeys(("year", "postcode", "phone", "ssn", "number"), (_bigrams, _placed)),
    }
)


def part(kind: str, name: str, values: pa.Array) -> pa.Array:
    """The part ``name`` (``schemas.linkage.KINDS``) of normalised values; empty where a value
    lacks it."""
    return pc.fill_null(_PARTS.get(kind, _WHOLE)[name](values), "")


def _each(function: Callable[[str], str]) -> Callable[[pa.Array], pa.Array]:
    def of_values(values: pa.Array) -> pa.Array:
        return pa.array([function(v) if v else "" for v in values.to_pylist()], pa.string())

    return of_values


def _sliced(start: int, stop: int | None = None) -> Callable[[pa.Array], pa.Array]:
    """Of the value without its blanks."""
    return lambda values: pc.utf8_slice_codeunits(_joined(values), start, stop)


def _joined(values: pa.Array) -> pa.Array:
    return pc.replace_substring(values, " ", "")


def _spelled(part: Callable[[pa.Array], pa.Array]) -> Callable[[pa.Array], pa.Array]:
    """Of names that are spelled out; of a hash only sound and initial are known."""
    return lambda values: part(pc.if_else(pc.starts_with(values, HASHED), "", values))


def _unmarked(values: pa.Array) -> pa.Array:
    return pc.replace_substring(values, HASHED, "")


def sound(word: str) -> str:
    """American Soundex; of a hash the code it was made of."""
    if word.startswith(HASHED):
        return word.removeprefix(HASHED)
    return str(soundex(word)).lower() if word else ""


def _sound(values: pa.Array) -> pa.Array:
    return _each(sound)(_joined(values))


def _last_sound(value: str) -> str:
    """Of the last word, where there are more."""
    return sound(value.rpartition(" ")[2]) if " " in value else ""


def _both_sounds(value: str) -> str:
    """Of first and last word, in one order."""
    words = value.split()
    first, last = sorted((words[0], words[-1]))
    return sound(first) + sound(last)


def _whole_ssn(values: pa.Array) -> pa.Array:
    """A hash of all nine digits, as HUD's exports hold it."""
    found = [
        hash_of_number(value) if len(value) == 9 else hash_part(value)
        for value in values.to_pylist()
    ]
    return pa.array(found, pa.string())


def _last4(value: str) -> str:
    return value[1:5] if value.startswith(HASHED) else value[-4:]


def _of_date(*wanted: str, by: str = "") -> Callable[[pa.Array], pa.Array]:
    """The wanted parts of a date together, where all are known."""

    def of_values(values: pa.Array) -> pa.Array:
        found = {}
        for name, (start, stop) in {"year": (0, 4), "month": (4, 6), "day": (6, 8)}.items():
            piece = pc.utf8_slice_codeunits(values, start, stop)
            unknown = pc.or_(pc.equal(piece, ""), pc.starts_with(piece, " "))
            found[name] = pc.if_else(unknown, pa.scalar(None, pa.string()), piece)
        earlier = pc.less(found["month"], found["day"])
        found["least"] = pc.if_else(earlier, found["month"], found["day"])
        found["most"] = pc.if_else(earlier, found["day"], found["month"])
        return pc.binary_join_element_wise(*(found[name] for name in wanted), by)

    return of_values


Parts = Mapping[str, Callable[[pa.Array], pa.Array]]
_WHOLE: Parts = MappingProxyType({"whole": lambda values: values})
_NAME: Parts = MappingProxyType(
    {
        "sound": _sound,
        "start": _spelled(_sliced(0, 3)),
        "end": _spelled(_sliced(-3)),
        "initial": lambda values: pc.utf8_slice_codeunits(_unmarked(values), 0, 1),
        "last": _each(_last_sound),
    }
)
_PLACE: Parts = MappingProxyType({"sound": _sound, "start": _sliced(0, 4)})
_PARTS: Mapping[str, Parts] = MappingProxyType(
    {
        "given_name": _NAME,
        "surname": _NAME,
        "full_name": {
            "last": _each(lambda value: sound(value.rpartition(" ")[2])),
            "sound": _each(_both_sounds),
            "start": _each(lambda value: value.partition(" ")[0][:3]),
            "end": _each(lambda value: value.rpartition(" ")[2][:4]),
        },
        "date": {
            "full": _of_date("year", "month", "day"),
            "turned": _of_date("year", "least", "most"),
            "month_day": _of_date("month", "day"),
            "year_month": _of_date("year", "month"),
            "year_day": _of_date("year", "day", by="/"),
            "year": _of_date("year"),
        },
        "postcode": {**_WHOLE, "start": _sliced(0, 3)},
        "place": _PLACE,
        "text": _PLACE,
        "address": {
            "words": _each(lambda value: "".join(sorted(value.split())[:2])),
            "start": _sliced(0, 6),
        },
        "phone": {"last7": _sliced(-7)},
        "ssn": {"whole": _whole_ssn, "last4": _each(_last4)},
    }
)
