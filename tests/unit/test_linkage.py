"""Comparison, weights and decisions on encodings of a small invented county."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from anonymize.encoding.encode import Encoded, encode
from anonymize.encoding.filters import filters, turned
from linkage import blocking
from linkage.blocking import Candidates
from linkage.compare import combinations, compare, dice
from linkage.decide import _at_threshold, decide
from linkage.evaluate import evaluate
from linkage.link import link
from linkage.strangers import random_pairs
from linkage.weights import share_of_matches
from schemas.errors import ContractError
from schemas.linkage import LinkageSchema, load_schema
from tributary.bench.linkage import county, county_schema
from tributary.county.misspell import Style, write_down
from tributary.county.people import invent

KEY = bytes(range(32))
SCHEMA = """
fields:
  - {column: given, kind: given_name}
  - {column: surname, kind: surname}
  - {column: born, kind: date}
  - {column: zip, kind: postcode}
  - {column: ssn, kind: ssn}
"""


@pytest.fixture(autouse=True)
def _fewer_random_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.strangers._FEWEST", 200_000)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> LinkageSchema:
    path: Path = tmp_path_factory.mktemp("schema") / "schema.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    return load_schema(path)


@pytest.fixture(scope="module")
def sides(schema: LinkageSchema) -> tuple[Encoded, Encoded]:
    """1,500 records each; person 500 to 1,499 of the first are 0 to 999 of the second."""
    people = invent(2_000, 7, date(2026, 1, 1))

    def side(index: np.ndarray, seed: int, style: Style) -> Encoded:
        found = write_down(people, index, np.random.default_rng(seed), style)
        born = pa.array(found.born.astype("datetime64[D]"), pa.date32())
        columns = {
            "given": found.given,
            "surname": found.surname,
            "born": pc.cast(born, pa.string()),
            "zip": found.zip_code,
            "ssn": found.ssn,
        }
        return encode(columns, schema, KEY)

    return (
        side(np.arange(1_500), 1, Style()),
        side(np.arange(500, 2_000), 2, Style(capitals=True)),
    )


def quality(found, truth: int) -> tuple[float, float]:
    matches = found.probability >= found.threshold
    right = found.left[matches] == found.right[matches] + 500
    return right.mean(), right.sum() / truth


def test_records_of_one_person_are_found(sides) -> None:
    found = link(*sides)
    precision, recall = quality(found, 1_000)
    assert found.one_to_one
    assert precision > 0.97 and recall > 0.9
    assert abs(found.expected_precision - precision) < 0.05


def test_blocks_find_nearly_what_all_pairs_find(sides, monkeypatch) -> None:
    monkeypatch.setattr(blocking, "ALL_PAIRS", 0)
    found = link(*sides)
    assert found.blocks
    precision, recall = quality(found, 1_000)
    assert precision > 0.95 and recall > 0.88


def test_a_record_has_one_partner_where_sides_hold_no_duplicates(sides) -> None:
    found = link(*sides)
    assert len(set(found.left.tolist())) == len(found.left)
    assert len(set(found.right.tolist())) == len(found.right)


def test_a_few_records_teach_weights_too(sides) -> None:
    """100 pairs of one person are no lesson of any block; all pairs together are one."""
    one, other = sides[0].take(slice(500, 600)), sides[1].take(slice(0, 100))
    weights = link(one, other).weights
    assert weights is not None
    for field in ("given", "surname", "born", "zip"):
        assert weights.m[field][-1] > max(0.6, 2 * weights.u[field][-1]), field


def test_of_small_files_every_pair_is_looked_at_once(sides) -> None:
    one, other = sides[0].take(slice(500, 600)), sides[1].take(slice(0, 80))
    found = Candidates(np.arange(79), np.arange(79) + 1, ())
    for right, within, count in ((other, False, 8_000), (one, True, 4_950)):
        _, times, outside = random_pairs(
            one, right, found, within=within, random=np.random.default_rng(1)
        )
        assert times.sum() == count
        assert outside.sum() == pytest.approx(count - 79, rel=0.02)


def test_strangers_are_not_linked(schema) -> None:
    one = encode(_nobody_alike("a"), schema, KEY)
    other = encode(_nobody_alike("b"), schema, KEY)
    assert link(one, other).matches == 0


def _nobody_alike(letter: str) -> dict[str, list[str | None]]:
    words = [f"{letter}{n:03}{letter * 3}" for n in range(200)]
    return {"given": words, "surname": words[::-1], "born": [None] * 200, "zip": words,
            "ssn": [None] * 200}  # fmt: skip


def test_sides_of_different_schemas_do_not_meet(sides, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(SCHEMA + "version: 2\n", encoding="utf-8")
    other = encode({f: ["x"] for f in sides[0].filters}, load_schema(path), KEY)
    with pytest.raises(ContractError, match="different linkage schemas"):
        link(sides[0], other)


@pytest.mark.parametrize("flip", [0, 5, 16])
def test_dice_is_freed_of_the_noise(flip: int) -> None:
    names = [("maria", "maria"), ("maria", "marie"), ("maria", "john")]
    plain = [
        float(dice(*(filters(pa.array([n]), "given_name", KEY) for n in pair), 0)[0])
        for pair in names
    ]
    for (one, other), expected in zip(names, plain, strict=True):
        rows = np.arange(6_000, dtype=np.uint64)
        first = turned(filters(pa.array([one] * 3_000), "given_name", KEY), flip, KEY, rows[:3_000])
        second = filters(pa.array([other] * 3_000), "given_name", KEY)
        second = turned(second, flip, KEY, rows[3_000:])
        assert dice(first, second, flip).mean() == pytest.approx(expected, abs=0.03)


def test_combinations_say_of_each_pair_what_its_comparison_does(sides) -> None:
    """Names of one side came hashed as well: they are compared by tokens, not by filters."""
    left, right = sides
    blank = {name: np.zeros_like(filters) for name, filters in left.filters.items()}
    hashed = replace(left, filters=left.filters | {"surname": blank["surname"]})
    random = np.random.default_rng(1)
    rows = np.sort(random.integers(0, min(map(len, sides)), 100_000))
    pairs = rows, np.where(random.random(len(rows)) < 0.5, rows, rows[::-1])
    for one in (left, hashed):
        compared = compare(one, right, pairs)
        found = combinations(compared)
        assert len(found.times) < len(rows) / 4
        assert np.array_equal(np.bincount(found.which), found.times)
        for kind in ("levels", "rarity", "hashed"):
            for name, column in getattr(compared, kind).items():
                assert np.array_equal(getattr(found.compared, kind)[name][found.which], column)
    assert compared.hashed


def test_weights_of_many_pairs_count_as_often_as_they_stand() -> None:
    weight, times = np.array([-5.0, 2.0, 20.0]), np.array([1_000.0, 30.0, 200.0])
    together = share_of_matches(weight, 1e6, times=times)
    assert together == pytest.approx(share_of_matches(weight.repeat(times.astype(int)), 1e6))
    assert 200 < together * 1e6 < 230


def test_the_better_of_two_candidates_wins_and_doubt_is_for_review() -> None:
    weight = np.array([20.0, 4.0, 12.0])
    pairs = np.array([0, 0, 1]), np.array([0, 1, 1])
    found = decide(weight, pairs, (1_000, 1_000), one_to_one=True, within=False)
    assert found.pairs[0] == 0
    assert 1 not in found.pairs


def test_evaluation_by_hand() -> None:
    pairs = [("a", "1"), ("b", "2"), ("c", "9"), ("d", "4")]
    probability = np.array([0.99, 0.95, 0.9, 0.4])
    truth = {("a", "1"), ("b", "2"), ("d", "4"), ("e", "5")}
    found = evaluate(pairs, probability, 0.5, truth, within=False)
    assert (found.chosen.precision, found.chosen.recall) == (2 / 3, 0.5)
    assert found.best.f1 == pytest.approx(3 * 2 / (4 + 4))
    turned_round = {(b, a) for a, b in truth}
    assert evaluate(pairs, probability, 0.5, turned_round, within=True).chosen == found.chosen


@pytest.mark.parametrize(("min_precision", "matches"), [(0.0, 3), (0.9, 2), (0.99, 1)])
def test_a_schema_can_ask_for_precision(min_precision: float, matches: int) -> None:
    probability = np.array([0.99, 0.9, 0.6, 0.12])
    found = _at_threshold(np.arange(4), probability, probability.sum(), min_precision)
    assert (found.probability >= found.threshold).sum() == matches
    assert found.expected_precision >= min_precision


def test_pairs_of_one_probability_are_all_taken_or_none() -> None:
    found = _at_threshold(np.arange(5), np.array([0.99, 0.7, 0.7, 0.7, 0.2]), 3.3, 0.85)
    assert (found.probability >= found.threshold).sum() in (1, 4)
    assert found.expected_precision >= 0.85


def test_the_bench_links_the_hardened_county() -> None:
    answer = county(2_000)
    assert answer["precision"] > 0.97
    assert answer["recall"] > 0.9
    assert answer["expected"]["precision"] >= county_schema().min_precision
