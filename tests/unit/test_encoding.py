"""Encodings: the same bits for the same records and key, and nothing of a value without the key."""

from __future__ import annotations

from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymize.encoding.disguise import disguised
from anonymize.encoding.encode import Encoded, encode
from anonymize.encoding.filters import as_arrow, filters, from_arrow, turned
from schemas.errors import ContractError, SettingsError
from schemas.linkage import KINDS, LinkageSchema, load_schema

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
ROWS = np.arange(10_000, dtype=np.uint64)
PEOPLE = {
    "given": ["Maria", "MARÍA", "John", None, "Lopez"],
    "surname": ["Lopez", "LOPEZ", "Smith", "Smith", "Maria"],
    "born": ["1990-02-07", "02/07/1990", "1985-01-31", None, "1990-02-07"],
}


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> LinkageSchema:
        path = tmp_path / "schema.yaml"
        path.write_text(text, encoding="utf-8")
        return load_schema(path)

    return write


def schema_text(flip: int = 0, more: str = "") -> str:
    return f"""
name: people
version: 1
fields:
  - {{column: given, kind: given_name}}
  - {{column: surname, kind: surname}}
  - {{column: born, kind: date}}
hardening: {{flip: {flip}, dummies: 0}}
{more}
"""


def slow_grams(kind: str, value: str) -> set[int]:
    """Every gram by the book, one value at a time."""
    grams: set[int] = set()
    if kind == "date":
        year, month, day = (value[a:b] for a, b in ((0, 4), (4, 6), (6, 8)))
        told: list[str] = []
        if year.strip():
            told += [year, year[:3], year[2:], year[3:]]
            sorts = [0, 1, 2, 3]
        else:
            sorts = []
        if month.strip():
            told, sorts = [*told, month, month[1]], [*sorts, 4, 5]
        if day.strip():
            told, sorts = [*told, day, day[0], day[1]], [*sorts, 6, 7, 8]
        if month.strip() and day.strip():
            told += [month + day, min(month, day) + max(month, day)]
            sorts += [9, 10]
        grams |= {1 << 53 | s << 14 | int(t) for s, t in zip(sorts, told, strict=True)}
        either = [one for one in (month, day) if one.strip()]
        for place, one in enumerate(either):
            again = 100 * (place and one == either[0])
            grams.add(1 << 53 | 11 << 14 | int(one) + again)
        return grams
    seen: dict[str, int] = {}
    for word in value.split():
        for bigram in map("".join, pairwise(f" {word} ")):
            before = seen.setdefault(bigram, 0)
            grams.add(ord(bigram[0]) << 29 | ord(bigram[1]) << 8 | before)
            seen[bigram] += 1
    if kind in ("year", "postcode", "phone", "ssn", "number"):
        grams |= {1 << 52 | at << 21 | ord(one) for at, one in enumerate(value)}
    return grams


def slow_filter(kind: str, value: str, key: bytes) -> int:
    """A filter as one number, bit by bit; a hash of HUD's has none."""
    if kind in ("given_name", "surname", "ssn") and value.startswith("#"):
        return 0
    if kind in ("sex", "category"):
        contents = [b"=" + value.encode()] if value else []
    else:
        contents = [gram.to_bytes(8, "little") for gram in slow_grams(kind, value)]
    made = 0
    for content in contents:
        digest = blake2b(content, key=key, digest_size=2 * KINDS[kind].bits).digest()
        for at in range(0, len(digest), 2):
            made |= 1 << int.from_bytes(digest[at : at + 2], "little") % 256
    return made


_words = st.text(st.characters(exclude_categories=("Cs", "Z", "C")), min_size=1, max_size=9)
_texts = st.lists(_words, max_size=3).map(" ".join)
_dates = st.tuples(
    st.sampled_from(["1990", "2001", "    "]),
    st.sampled_from(["02", "11", "  "]),
    st.sampled_from(["02", "07", "31", "  "]),
).map("".join)
_plain = st.from_regex(r"[0-9a-z]{0,12}", fullmatch=True)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_filters_against_a_slow_encoder(kind: str, data: st.DataObject) -> None:
    coded = kind in ("year", "postcode", "phone", "ssn", "number")
    value = _dates.map(lambda text: text if text.strip() else "") if kind == "date" else _texts
    values = data.draw(st.lists(_plain if coded else value, max_size=6))
    made = filters(pa.array(values, pa.string()), kind, KEY)
    found = [int.from_bytes(row.tobytes(), "little") for row in made]
    assert found == [slow_filter(kind, value, KEY) for value in values]


def test_arrow_and_lists_and_pieces_of_arrow_give_the_same(write) -> None:
    schema = write(schema_text(flip=5))
    arrow = {name: pa.array(column, pa.string()) for name, column in PEOPLE.items()}
    pieces = {
        name: pa.chunked_array([column[:2], column[2:]], pa.string())
        for name, column in arrow.items()
    }
    distinct = {name: column.dictionary_encode() for name, column in arrow.items()}
    expected = encode(PEOPLE, schema, KEY)
    assert same(encode(arrow, schema, KEY), expected)
    assert same(encode(distinct, schema, KEY), expected)
    assert same(encode(pieces, schema, KEY), expected)


def same(one: Encoded, other: Encoded) -> bool:
    return all(np.array_equal(one.filters[f], other.filters[f]) for f in one.filters) and all(
        np.array_equal(one.tokens[t], other.tokens[t]) for t in one.tokens
    )


def test_the_same_records_and_key_give_the_same_bits(write) -> None:
    schema = write(schema_text(flip=5))
    assert same(encode(PEOPLE, schema, KEY), encode(PEOPLE, schema, KEY))
    assert not same(encode(PEOPLE, schema, KEY), encode(PEOPLE, schema, OTHER))


def test_another_version_of_the_schema_has_other_keys(write) -> None:
    first = encode(PEOPLE, write(schema_text()), KEY)
    second = encode(PEOPLE, write(schema_text().replace("version: 1", "version: 2")), KEY)
    assert not np.array_equal(first.filters["given"], second.filters["given"])
    assert not set(first.tokens["given.sound+born.full"]) & set(
        second.tokens["given.sound+born.full"][:3]
    )


def test_spellings_of_one_value_have_one_filter_and_one_token(write) -> None:
    made = encode(PEOPLE, write(schema_text()), KEY)
    assert np.array_equal(made.filters["given"][0], made.filters["given"][1])
    token = made.tokens["surname.sound+born.full"]
    assert token[0] == token[1] != token[2]


def test_swapped_names_meet_in_the_swapped_tokens(write) -> None:
    made = encode(PEOPLE, write(schema_text()), KEY)
    assert made.tokens["given.sound+born.full"][0] == made.tokens["given.sound+born.full~"][4]
    assert made.tokens["given.sound+born.full"][0] != made.tokens["given.sound+born.full"][4]


def test_unknown_has_no_bit_and_no_token(write) -> None:
    made = encode(PEOPLE, write(schema_text(flip=5)), KEY)
    assert not made.filters["given"][3].any()
    assert not made.filters["born"][3].any()
    assert all(
        not tokens[3] for name, tokens in made.tokens.items() if "born" in name or "given" in name
    )
    assert made.rarity["given"][3] == -1


def test_no_token_is_made_of_one_field(write) -> None:
    made = encode(PEOPLE, write(schema_text()), KEY)
    for name in made.tokens:
        assert len({part.rpartition(".")[0] for part in name.rstrip("~").split("+")}) >= 2
    with pytest.raises(ContractError, match="two fields or more"):
        write(schema_text(more="blocks: [[born.full, born.year]]"))


def test_a_short_secret_is_refused(write) -> None:
    with pytest.raises(SettingsError):
        encode(PEOPLE, write(schema_text()), b"short")


@pytest.mark.parametrize("flip", [1, 5, 32])
def test_noise_turns_the_share_it_says_and_differs_by_record(flip: int) -> None:
    made = filters(pa.array(["maria"] * 4_000), "given_name", KEY)
    noisy = turned(made, flip, KEY, ROWS[:4_000])
    share = np.bitwise_count(made ^ noisy).sum() / (4_000 * 256)
    assert share == pytest.approx(flip / 256, rel=0.05)
    assert len(np.unique(noisy, axis=0)) > 3_900 * min(flip / 5, 1)


def test_noise_is_of_the_record_and_of_nothing_else() -> None:
    made = filters(pa.array(["maria"] * 100), "given_name", KEY)
    whole = turned(made, 5, KEY, ROWS[:100])
    parts = [turned(made[:37], 5, KEY, ROWS[:37]), turned(made[37:], 5, KEY, ROWS[37:100])]
    assert np.array_equal(whole, np.concatenate(parts))
    assert np.array_equal(turned(made[::-1], 5, KEY, ROWS[99::-1]), whole[::-1])
    assert not np.array_equal(turned(made, 5, OTHER, ROWS[:100]), whole)


def test_filters_are_neither_empty_nor_full() -> None:
    names = ["li", "maria", "christopher", "maria del carmen guadalupe"]
    share = np.bitwise_count(filters(pa.array(names), "given_name", KEY)).sum(axis=1) / 256
    assert (share > 0.1).all() and (share < 0.9).all()


def test_filters_go_through_arrow_and_back() -> None:
    made = filters(pa.array(["maria", "", "john"]), "given_name", KEY)
    column = as_arrow(made)
    assert column.null_count == 1
    assert np.array_equal(from_arrow(column), made)
    assert np.array_equal(from_arrow(column.slice(1)), made[1:])
    assert pa.types.is_fixed_size_binary(column.type)


def test_fakes_stand_among_the_records_and_their_own_numbers_are_made_up(write) -> None:
    text = schema_text().replace("dummies: 0}", "dummies: 0.5}")
    schema = write(text.replace("hardening", "  - {column: number, kind: ssn}\nhardening"))
    people = {name: column * 20 for name, column in PEOPLE.items()}
    people["number"] = [f"{900_000_000 + row}" for row in range(100)]
    made = disguised(people, schema, KEY)
    assert (len(made.origin), made.fakes) == (150, 50)
    real = made.origin >= 0
    assert sorted(made.origin[real]) == list(range(100))
    assert made.origin[real].tolist() != list(range(100))
    for name, column in made.columns.items():
        values = np.array(column.to_pylist(), object)
        assert values[real].tolist() == [people[name][row] for row in made.origin[real]]
    numbers = np.array(made.columns["number"].to_pylist(), object)
    assert not set(numbers[~real]) & set(people["number"])
    again = disguised(people, schema, KEY)
    assert np.array_equal(made.origin, again.origin)
    assert not np.array_equal(made.origin, disguised(people, schema, OTHER).origin)


def test_forms_of_one_person_keep_their_order_among_all(write) -> None:
    schema = write(schema_text().replace("dummies: 0}", "dummies: 0.5}"))
    people = {name: column * 40 for name, column in PEOPLE.items()}
    persons = np.random.default_rng(1).integers(1, 2**63, 50, dtype=np.uint64)
    records = np.random.default_rng(2).choice(persons, len(people["given"]))
    made = disguised(people, schema, KEY, records)
    for one in persons:
        origin = made.origin[(made.records == one) & (made.origin >= 0)]
        assert origin.tolist() == np.flatnonzero(records == one).tolist()
