"""What the gate looks for: identifiers as hashes of their letters and digits.

An Aho-Corasick automaton of the names and numbers of 10^6 persons takes a gigabyte; sorted hashes
take a seventh of it and a fifth of its time, ignore separators without a second automaton, and runs
of words are looked up in them by the million (``tests/benchmarks/test_gate.py`` has both).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from anonymize.gate.telling import (
    TELLING,
    firms,
    of_organisation,
    particles,
    tells_alone,
    titles,
    weights,
)
from anonymize.gate.words import Hashes, Marks, Places, Words, chunks, folded, joined, words

#: Longest run of words that is looked up; of a longer identifier (an address) the first so many.
RUN = 10
#: Letters and digits of a number or contact that no other record's text may hold.
LONG_NUMBER = 7
#: Letters and digits of a number, letters of a name, that the record's own text may not hold.
OWN_NUMBER, OWN_NAME = 4, 3

_MIX = np.uint64(0x9FB21C651E98DF25)
_RECORD = np.uint64(0xD6E8FEB86659FD93)
_ALONE = np.uint64(0xA0761D6478BD642F)
_BITS = (16, 27)
_PHONE = 10  # digits of a telephone number without its country code


class Dictionary:
    """A set of hashes. A table of marks lets nearly all others go at the cost of one look."""

    def __init__(self, hashes: Iterable[Hashes]) -> None:
        mixed = np.sort(np.concatenate([*hashes, np.empty(0, np.uint64)]) * _MIX)
        self._sorted = mixed[np.diff(mixed, prepend=~mixed[:1]) != 0]
        bits = int(np.clip((8 * len(self._sorted)).bit_length(), *_BITS))
        self._shift = np.uint64(64 - bits)
        self._marks = np.zeros(1 << bits, dtype=bool)
        self._marks[self._sorted >> self._shift] = True

    def __len__(self) -> int:
        return len(self._sorted)

    def holds(self, hashes: Hashes) -> Marks:
        """Whether each hash is in the set."""
        mixed = hashes * _MIX
        held: Marks = self._marks[mixed >> self._shift]
        maybe = np.flatnonzero(held)
        places = np.searchsorted(self._sorted, mixed[maybe])
        held[maybe] = self._sorted[np.minimum(places, len(self) - 1)] == mixed[maybe]
        return held


def of_delivery(full_names: pa.Array, numbers: pa.Array) -> Dictionary:
    """What may stand in no text of the delivery: full names, numbers and contacts of all records.

    What consists of ordinary words alone (May Brown, Jackson County, ``unknown``) is left out, as
    single names are: a clean text may hold it.
    """
    spared = Dictionary([_hashed(firms())])
    named = [hashes[~spared.holds(hashes)] for hashes in _full_names(full_names)]
    return Dictionary([*named, *_numbers(numbers)])


def of_records(identifiers: pa.Array, records: Places) -> Dictionary:
    """What may not stand in texts of the same record.

    The rules are those of ``anonymize.text.known.forms.exact_forms``: each identifier as it stands,
    and each name of it that tells the person by itself. The latter as one word only: Ina is not
    in ``lived in a hotel``.

    Args:
        records: number of the record each identifier belongs to.
    """
    found = []
    for start, some, part in _parts(identifiers):
        whole = _Whole(part)
        contact = pc.fill_null(pc.match_substring(some, "@"), False).to_numpy(zero_copy_only=False)
        code = contact | (whole.digits > 0)
        long = whole.length >= np.where(code, OWN_NUMBER, OWN_NAME)
        at = np.flatnonzero(long & (code | (whole.count > 1)))
        found.append(of_record(whole.hashes[at], records[start + at]))
        organisation = whole.per_text(_chosen(part, of_organisation)) > 0
        telling = ~(code | organisation)[part.text] & (part.end - part.first >= OWN_NAME)
        telling &= _chosen(part, tells_alone)
        owner = records[start + part.text[telling]]
        found.append(of_record(part.single[telling], owner, alone=True))
    return Dictionary(found)


def of_record(hashes: Hashes, records: Places, *, alone: bool = False) -> Hashes:
    """Hashes that mean something for their own record alone; ``alone``: as one word only."""
    bound: Hashes = hashes ^ ((records.astype(np.uint64) + np.uint64(1)) * _RECORD)
    return bound ^ _ALONE if alone else bound


# --- ways of writing ----------------------------------------------------------------------------


def _full_names(names: pa.Array) -> Iterator[Hashes]:
    """Names from every word on and round (``Smith John``), and first and last name alone."""
    spoken, linking = Dictionary([_hashed(titles())]), Dictionary([_hashed(particles())])
    for _, _, part in _parts(names):
        part = _without(part, spoken.holds(part.single))
        whole = _Whole(part)
        weight = _weighed(part, whole)
        short = (part.end - part.first < 2) | linking.holds(part.single)
        telling = np.bincount(part.text, weight, part.texts) >= TELLING
        telling &= (whole.per_text(~short) > 1) & (whole.digits == 0)
        rest = np.maximum(whole.end[part.text] - part.first, 0)
        turned = joined(
            part.hashes(part.first, part.first + rest),
            part.hashes(whole.first[part.text], part.first),
            rest,
        )
        yield turned[telling[part.text] & (rest > 0)]
        long = np.flatnonzero(telling & (whole.count > 2))
        first = whole.first_word[long]
        last = first + whole.count[long] - 1
        for one, other in ((first, last), (last, first)):
            both = (weight[one] + weight[other] >= TELLING) & ~short[one] & ~short[other]
            a, b = one[both], other[both]
            yield joined(part.single[a], part.single[b], part.end[a] - part.first[a])


def _without(part: Words, left_out: Marks) -> Words:
    """The same texts without some of their words."""
    if not left_out.any():
        return part
    texts = [""] * part.texts
    for number in np.flatnonzero(~left_out).tolist():
        texts[part.text[number]] += f" {part.spelled(number)}"
    return words(pa.array(texts, pa.string()))


def _numbers(numbers: pa.Array) -> Iterator[Hashes]:
    """Numbers and contacts; a telephone number with and without its country code."""
    for _, _, part in _parts(numbers):
        whole = _Whole(part)
        telling = whole.digits > 0
        if not telling.all():
            telling |= whole.per_text(_weighed(part, whole) > 0) > 0
        at = np.flatnonzero(telling & (whole.length >= LONG_NUMBER))
        yield whole.hashes[at]
        digits = whole.digits == whole.length
        local = np.flatnonzero(digits & (whole.length == _PHONE))
        one = np.full(len(local), ord("1"), dtype=np.uint64)
        yield joined(one, whole.hashes[local], np.ones(len(local), dtype=np.int64))
        long = np.flatnonzero(digits & (whole.length == _PHONE + 1))
        long = long[part.letters[whole.first[long]] == ord("1")]
        yield part.hashes(whole.first[long] + 1, whole.end[long])


class _Whole:
    """Each text from its first word to its last: its letters and the number of its words."""

    def __init__(self, part: Words) -> None:
        self._part = part
        self.count = np.bincount(part.text, minlength=part.texts)
        self.first_word = np.cumsum(self.count) - self.count
        self.first = np.zeros(part.texts, dtype=np.int64)
        self.end = np.zeros(part.texts, dtype=np.int64)
        there = np.flatnonzero(self.count)
        first_word = self.first_word[there]
        self.first[there] = part.first[first_word]
        self.end[there] = part.end[first_word + np.minimum(self.count[there], RUN) - 1]
        self.length = self.end - self.first
        digits = np.zeros(len(part.letters) + 1, dtype=np.int64)
        np.cumsum((part.letters >= ord("0")) & (part.letters <= ord("9")), out=digits[1:])
        self.digits = digits[self.end] - digits[self.first]

    @property
    def hashes(self) -> Hashes:
        return self._part.hashes(self.first, self.end)

    def per_text(self, marks: Marks) -> npt.NDArray[np.int64]:
        """How many words of each text are marked."""
        return np.bincount(self._part.text[marks], minlength=self._part.texts)


def _weighed(part: Words, whole: _Whole) -> npt.NDArray[np.int64]:
    """How much each word tells; a place beside a state tells nothing."""
    weight = _of_distinct(part, weights)
    regions = whole.per_text(weight < 0) > 0
    weight[(weight < 0) | ((weight < TELLING) & regions[part.text])] = 0
    return weight


def _parts(texts: pa.Array) -> Iterator[tuple[int, pa.Array, Words]]:
    """Chunks of identifiers: the number of the first, the texts and their words."""
    for start, some in chunks(texts):
        yield start, some, words(folded(some))


def _chosen(part: Words, wanted: Callable[[str], bool]) -> Marks:
    return _of_distinct(part, wanted).astype(bool)


def _of_distinct(part: Words, function: Callable[[str], int]) -> npt.NDArray[np.int64]:
    """``function`` of every word, called once for each distinct one."""
    order = np.argsort(part.single)
    ascending = part.single[order]
    new = np.diff(ascending, prepend=~ascending[:1]) != 0
    answers = [int(function(part.spelled(number))) for number in order[new].tolist()]
    found = np.empty(len(part), dtype=np.int64)
    found[order] = np.array(answers, dtype=np.int64)[np.cumsum(new) - 1]
    return found


def _hashed(phrases: Iterable[str]) -> Hashes:
    part = words(pa.array([phrase.replace(" ", "") for phrase in phrases], pa.string()))
    return part.single
