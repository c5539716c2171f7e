"""The gate finds what a plain search finds, at any place, in any spelling, and nothing else."""

from __future__ import annotations

import re
import string
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.gate import words as module
from anonymize.gate.dictionary import RUN, of_delivery, of_record, of_records
from anonymize.gate.words import GAP, folded, joined, words
from anonymize.text.known.folding import fold, spelling

unhurried = settings(deadline=None)
NAMES = st.text(string.ascii_letters, min_size=5, max_size=9).map(lambda s: f"Q{s}x")
PROSE = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "  .,-'\n<>_()@éÑ\u2019\u2013\u200bЖ漢"),
    max_size=60,
)
SEPARATORS = st.sampled_from([" ", "-", ".", ", ", "  ", "_", "/", "\n", " \u2013 "])


def found(text: str, dictionary, record: int | None = None) -> bool:
    part = words(folded(pa.array([text])))
    if record is None:
        return any(dictionary.holds(hashes).any() for _, hashes in part.runs(RUN))
    bound = np.full(len(part), record)
    alone = of_record(part.single, bound, alone=True)
    return bool(dictionary.holds(alone).any()) or any(
        dictionary.holds(of_record(hashes, bound[at])).any() for at, hashes in part.runs(RUN)
    )


@unhurried
@given(st.lists(PROSE, max_size=8))
def test_words_are_those_of_the_folded_text(texts):
    part = words(folded(pa.array(texts, pa.string())))
    expected = [(number, word) for number, text in enumerate(texts) for word in _words(text)]
    assert [(part.text[at], part.spelled(at)) for at in range(len(part))] == expected


def _words(text: str) -> list[str]:
    return [word for piece in re.split(r"<[A-Z_]+(?:_\d+)?>", text) for word in fold(piece).split()]


@unhurried
@given(st.lists(PROSE, min_size=1, max_size=5), st.integers(1, 4))
def test_a_run_has_the_hash_of_its_words_written_together(texts, count):
    part = words(folded(pa.array(texts, pa.string())))
    for number, (at, hashes) in enumerate(part.runs(count), 1):
        for first, one in zip(at.tolist(), hashes.tolist(), strict=True):
            run = "".join(part.spelled(first + step) for step in range(number))
            assert one == int(words(pa.array([run])).single[0])
            assert len({int(part.text[first + step]) for step in range(number)}) == 1


@unhurried
@given(NAMES, NAMES)
def test_hashes_of_two_runs_join(first, second):
    a, b, both = words(folded(pa.array([first, second, first + second]))).single
    assert joined(np.array([a]), np.array([b]), np.array([len(first)]))[0] == both


@unhurried
@given(
    PROSE,
    PROSE,
    NAMES,
    NAMES,
    SEPARATORS,
    st.booleans(),
    st.sampled_from(["upper", "lower", "title"]),
)
def test_a_full_name_is_found_wherever_it_stands(before, after, first, last, apart, turned, case):
    dictionary = of_delivery(pa.array([f"{first} {last}"]), pa.array([], pa.string()))
    written = apart.join([last, first] if turned else [first, last])
    text = f"{before} {getattr(written, case)()} {after}"
    assert found(text, dictionary)


@unhurried
@given(
    PROSE,
    PROSE,
    st.from_regex(r"[2-9][0-9]{9}", fullmatch=True),
    st.lists(SEPARATORS, min_size=9, max_size=9),
)
def test_a_number_is_found_however_it_is_grouped(before, after, number, apart):
    dictionary = of_delivery(pa.array([], pa.string()), pa.array([number]))
    written = "".join(a + b for a, b in zip(number, [*apart, ""], strict=True))
    assert found(f"{before} {written} {after}", dictionary)
    assert found(f"{before} {number} {after}", dictionary)


@unhurried
@given(PROSE, NAMES, NAMES)
def test_what_does_not_spell_a_name_is_no_hit(text, first, last):
    """A plain search in the spelling of the text finds every hit: the gate invents none."""
    dictionary = of_delivery(pa.array([f"{first} {last}"]), pa.array([], pa.string()))
    plain = spelling(text)
    possible = spelling(f"{first}{last}") in plain or spelling(f"{last}{first}") in plain
    assert found(text, dictionary) <= possible


@unhurried
@given(PROSE, NAMES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_an_identifier_stops_its_own_record_alone(before, name, record, other):
    dictionary = of_records(pa.array([name]), np.array([record]))
    text = f"{before} {name}"
    assert found(text, dictionary, record)
    assert found(text, dictionary, other) == (record == other)


@unhurried
@given(st.lists(PROSE, min_size=1, max_size=30), st.integers(8, 200))
def test_chunks_hold_every_text_once(texts, size):
    column = pa.array(texts, pa.string())
    with patch.object(module, "CHUNK_BYTES", size):
        pieces = list(module.chunks(column))
    assert [text for _, piece in pieces for text in piece.to_pylist()] == texts
    assert [start for start, _ in pieces] == np.cumsum(
        [0, *(len(piece) for _, piece in pieces)]
    ).tolist()[:-1]


@unhurried
@given(st.integers(0, 20))
def test_words_far_apart_are_not_read_together(blanks):
    dictionary = of_delivery(pa.array(["Quillfeather Quandary"]), pa.array([], pa.string()))
    assert found(f"Quillfeather{' ' * blanks} Quandary", dictionary) == (blanks + 1 <= GAP)
