"""Schemas of mode ``clk``: one filter for a record, and what its holder can find out.

The attacks are those of ``test_linkage_attacks`` that fit a filter of all fields; each is first
shown to work on what is not protected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from anonymize.encoding.blocks import blocks_of
from anonymize.encoding.clk import bits_of, field_clks
from anonymize.encoding.columns import as_batch, encoding_columns, from_batch, ill_formed
from anonymize.encoding.encode import Encoded, Own, encode
from linkage.clk import LEVELS, split
from linkage.compare import dice
from linkage.link import link
from schemas.errors import ContractError
from schemas.linkage import CLK, CLK_BITS, LinkageSchema, load_schema
from schemas.linkage_faults import linkage_faults
from schemas.odcs import contracts
from tests.spec.test_linkage_attacks import KEY, OTHER, PEOPLE, _key, delivery, spelled
from tributary.bench.linkage import county_schema

SEX_BITS = 30


def schema(**other: object) -> LinkageSchema:
    return replace(county_schema(), mode=CLK, **other)


@cache
def encoded(key: bytes = KEY, noise: bytes = KEY, flip: int = 5) -> Encoded:
    own = Own(noise, np.arange(PEOPLE, dtype=np.uint64))
    return encode(delivery(), schema(flip=flip), key, own=own)


def bits(made: np.ndarray) -> np.ndarray:
    return np.unpackbits(made.view(np.uint8), axis=1).astype(np.float32)


# --- what leaves ----------------------------------------------------------------------------------


def test_nothing_of_a_single_field_leaves() -> None:
    names = encoding_columns(schema()).names
    assert names[:2] == ["token", "filter_clk"]
    assert all(name.startswith("block_") for name in names[2:])
    for agreed in (schema(), schema(blocks=())):
        blocks = blocks_of(agreed)
        assert all(len({part.column for part in block}) > 1 for block in blocks)
    assert len(blocks_of(schema(blocks=()))) < len(blocks_of(replace(county_schema(), blocks=())))


def test_a_third_to_a_half_of_the_bits_are_set_whatever_the_length_of_a_name() -> None:
    assert 1 / 3 < bits(encoded(flip=0).filters[CLK]).mean() < 1 / 2
    short, long = field_clks(pa.array(["bo", "wilhelmina maximiliana"]), "given_name", 100, KEY)
    assert abs(bits(short[None]).sum() - bits(long[None]).sum()) < 20


def test_the_same_record_has_the_same_bits_with_every_delivery() -> None:
    once = encode(delivery(), schema(), KEY, own=Own(KEY, np.arange(PEOPLE, dtype=np.uint64)))
    assert np.array_equal(once.filters[CLK], encoded().filters[CLK])
    assert not np.array_equal(encoded(noise=OTHER).filters[CLK], encoded().filters[CLK])


def test_clks_go_through_a_package_and_back() -> None:
    made = encoded().take(slice(0, 5))
    batch = as_batch(pa.array(["ab" * 16] * 5), made)
    assert np.array_equal(from_batch(batch, schema()).filters[CLK], made.filters[CLK])
    assert ill_formed(batch) == ()
    text = np.frombuffer(b"Maria Garcia".ljust(CLK_BITS // 8, b"\0"), np.uint64)[None].repeat(5, 0)
    wrong = as_batch(pa.array(["ab" * 16] * 5), replace(made, filters={CLK: text}))
    assert ill_formed(wrong) == ("filter_clk",)


# --- linking --------------------------------------------------------------------------------------


def test_records_of_one_person_are_found_without_labels() -> None:
    half = PEOPLE // 2
    one = encoded().take(slice(0, half + 500))
    other = encoded(noise=OTHER).take(slice(half - 500, PEOPLE))
    found = link(one, other)
    matched = found.probability >= found.threshold
    right = found.left[matched] == found.right[matched] + half - 500
    assert right.mean() > 0.99
    assert right.sum() > 950


def test_where_nobody_is_in_both_files_nobody_is_linked() -> None:
    half = PEOPLE // 2
    found = link(encoded().take(slice(0, half)), encoded().take(slice(half, PEOPLE)))
    assert found.matches <= 2


def test_pairs_are_split_at_the_valley() -> None:
    """50 pairs of one person a level from 0.8 on; of two persons ever fewer."""
    level = np.arange(LEVELS)
    strangers = np.where(level >= 40, 1e6 * 0.5 ** ((level - 40) / 2), 0)
    same = np.where(level >= 80, 50.0, 0)
    one, two = split(strangers + same)
    assert one[85:].sum() == pytest.approx(same[85:].sum(), rel=0.1)
    assert one[:70].sum() < 0.2 * one.sum()
    assert np.allclose(one[:70] + two[:70], strangers[:70])
    nobody, _ = split(strangers)
    assert nobody.sum() < 5


# --- attacks --------------------------------------------------------------------------------------


def components(made: np.ndarray) -> np.ndarray:
    """The 20 first principal components of records' bits."""
    centred = bits(made) - bits(made).mean(axis=0)
    return centred @ np.linalg.eigh(centred.T @ centred)[1][:, -20:]


def told(found: np.ndarray, there: np.ndarray) -> float:
    """Of how many records the best component tells whether they have a value, at its best cut."""
    best = 0.0
    for column in found.T:
        for cut in np.quantile(column, np.linspace(0.02, 0.98, 25)):
            share = ((column > cut) == there).mean()
            best = max(best, share, 1 - share)
    return best


def test_patterns_of_bits_tell_neither_sex_nor_decade_of_birth() -> None:
    """Of a filter that sex enters by itself, the first component tells it of nearly everybody."""
    female, made = spelled("sex") == "f", encoded().filters[CLK]
    alone = made | field_clks(pa.array(spelled("sex"), pa.string()), "sex", SEX_BITS, OTHER)
    assert told(components(alone), female) > 0.95
    found = components(made)
    assert told(found, female) < 0.65
    for decade in "56789":
        born = np.array([value[2:3] == decade for value in spelled("date_of_birth")])
        assert told(found, born) < max(born.mean(), 1 - born.mean()) + 0.05


def test_no_two_hardened_clks_are_equal() -> None:
    twice = np.vstack([encoded(noise=secret).filters[CLK] for secret in (KEY, OTHER)])
    assert max(Counter(row.tobytes() for row in twice).values()) == 1


def test_bits_set_together_do_not_give_a_common_name_away() -> None:
    """Pattern mining: bits that stand together at least as often as the most common surname."""
    made = bits(encoded().filters[CLK])
    name, count = Counter(value for value in spelled("surname") if value).most_common(1)[0]
    together = (made.T @ made) / (1 - 5 / 256) ** 2
    near = np.abs(together - count) < 0.1 * count
    guessed = np.unique(np.nonzero(np.triu(near, 1)))
    key, share = _key(schema(), "clk", "names"), bits_of(schema())["surname"]
    true = bits(field_clks(pa.array([name]), "surname", share, key))[0]
    hits = true[guessed].mean() if len(guessed) else 0.0
    assert hits < true.mean() + 0.15  # no better than any set of bits


def test_a_dictionary_of_everybody_finds_nobody_without_the_key() -> None:
    true, guess = encoded().filters[CLK], encoded(key=OTHER).filters[CLK]
    own, strangers = dice(true, guess, 5), dice(true, guess[::-1], 5)
    assert abs(own.mean() - strangers.mean()) < 0.02
    known = encoded(noise=OTHER).filters[CLK]
    assert (dice(true, known, 5) > 0.9).mean() > 0.99  # with the key: everybody


# --- what a schema and a contract may say ---------------------------------------------------------


def test_other_modes_are_refused(tmp_path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("mode: both\nfields: [{column: a, kind: text}, {column: b, kind: date}]\n")
    with pytest.raises(ContractError, match="mode: fields or clk"):
        load_schema(path)


def test_a_contract_names_six_fields_or_more(monkeypatch: pytest.MonkeyPatch) -> None:
    contract = contracts()["harbor_police.rms"]
    assert contract.linkage is not None
    monkeypatch.setattr("schemas.linkage_faults.agreed_schema", lambda _name: schema())
    few = dict(list(contract.linkage.fields.items())[:5])
    faults = list(linkage_faults(replace(contract, linkage=replace(contract.linkage, fields=few))))
    assert any("six fields" in fault for fault in faults)
