"""What names say together, what rivals leave each other, what persons expect, and drift."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from linkage.cluster import clusters, expected
from linkage.evidence import Known, expected_of, sharpened
from linkage.quality import histogram
from linkage.rivals import Side, competing
from linkage.together import bend
from linkage.weights import Weights
from warehouse.linking.ledger import Counts

Pairs = tuple[np.ndarray, np.ndarray]


# --- names together -------------------------------------------------------------------------------


def _names(random: np.random.Generator, shares: float) -> tuple[Pairs, Pairs, float]:
    """Evidence of names of one person and of strangers, who share names so many times as often as
    the fields, added up, expect."""
    person = random.uniform(0, 12, 4_000)
    pairs = 40_000_000.0
    count = pairs * np.exp(-person) * shares / len(person)
    strangers = np.repeat(person, random.poisson(count))
    return (person, np.ones(len(person))), (strangers, np.ones(len(strangers))), pairs


@pytest.mark.parametrize("shares", [1.0, 3.0, 8.0])
def test_names_say_less_by_as_much_as_strangers_share_them_more_often(shares: float) -> None:
    learned = bend(*_names(np.random.default_rng(1), shares))
    assert learned.of(np.array([8.0, 10.0, 20.0])) == pytest.approx(np.log(shares), abs=0.25)
    assert learned.of(np.array([0.0, 3.0])) == pytest.approx(0.0)


def test_nothing_is_learned_from_nobody() -> None:
    nobody = np.empty(0), np.empty(0)
    assert bend(nobody, nobody, 1e6).of(np.array([5.0, 15.0])) == pytest.approx(0.0)


# --- rivals ---------------------------------------------------------------------------------------


def _left(probability: list[float], alike: float) -> list[float]:
    """What is left of the candidates of one record, any two of which are so likely one person."""
    count = len(probability)
    same = Side(
        np.zeros(count, np.int64), np.arange(count), lambda one, _other: np.full(len(one), alike)
    )
    return [float(one) for one in competing(np.array(probability), same)]


def test_a_record_is_one_of_two_persons_at_most() -> None:
    one, other = _left([0.95, 0.95], 1e-6)
    assert one == other < 0.55


def test_two_records_of_one_person_do_not_compete() -> None:
    assert _left([0.95, 0.95], 1 - 1e-9) == pytest.approx([0.95, 0.95], abs=0.01)


def test_the_better_candidate_wins_with_a_margin_alone() -> None:
    best, rival = _left([0.9999, 0.9], 1e-6)
    assert best > 0.99 and rival < 0.2
    assert _left([0.99, 0.97], 1e-6)[0] < 0.8


def test_alone_or_among_the_unlikely_a_candidate_keeps_its_probability() -> None:
    assert _left([0.9], 0.0) == [0.9]
    assert _left([0.9, 0.01, 0.001], 0.0) == [0.9, 0.01, 0.001]


def _of_many(with_rivals: int, without: int) -> np.ndarray:
    """Even pairs: first those of records with two candidates, then of records with one."""
    records = np.concatenate([np.repeat(np.arange(with_rivals), 2), np.arange(without) + 10**6])
    alone = np.full(len(records), 0.5)
    strangers = Side(records, np.arange(len(records)), lambda one, _other: np.zeros(len(one)))
    return competing(alone, strangers)


def test_what_rivals_take_from_some_having_none_gives_to_others() -> None:
    left = _of_many(with_rivals=5_000, without=10_000)
    assert left.sum() == pytest.approx(10_000, rel=0.01)
    assert left[:10_000].max() < 0.48 and left[10_000:].min() > 0.52


def test_no_record_is_more_than_one_person_however_many_rivals_there_are() -> None:
    left = _of_many(with_rivals=5_000, without=2_000)
    assert left[:10_000].reshape(-1, 2).sum(axis=1).max() <= 1


def test_a_few_rivals_teach_nothing_of_others() -> None:
    assert _of_many(with_rivals=2, without=3)[4:] == pytest.approx(0.5, abs=0.01)


def test_pairs_within_one_file_compete_for_both_their_records() -> None:
    """a is like b and c, who are two: whichever way round the pairs stand."""
    for i, j in (([0, 0], [1, 2]), ([0, 1], [2, 0]), ([1, 2], [0, 0])):
        rows = np.array([*i, *j]), np.array([*j, *i])
        left = competing(
            np.array([0.95, 0.95]), Side(*rows, lambda one, _other: np.zeros(len(one)))
        )
        assert left.sum() <= 1


# --- persons --------------------------------------------------------------------------------------


def _pairs(*rows: tuple[int, int, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    left, right, told = zip(*rows, strict=True)
    return np.array(left), np.array(right), np.array(told)


def test_persons_by_hand() -> None:
    """Two records, three of which two are sure by the third only, and a pair left apart."""
    persons = np.array([0, 0, 2, 2, 2, 5, 6])
    told = _pairs((0, 1, 0.9), (2, 3, 1.0), (3, 4, 0.8), (2, 4, 0.1), (5, 6, 0.3))
    found = expected(persons, *told)
    assert (found.pairs, found.right) == (4, pytest.approx(0.9 + 1 + 0.8 + 0.8))
    assert found.true == pytest.approx(found.right + 0.3)
    assert found.precision == pytest.approx(3.5 / 4)
    assert found.recall == pytest.approx(3.5 / 3.8)


def test_who_has_no_records_expects_nothing_wrong() -> None:
    nothing = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    found = expected(np.arange(3), *nothing)
    assert (found.precision, found.recall) == (1.0, 1.0)


def test_the_threshold_rises_until_persons_are_precise() -> None:
    """90 sure pairs and 10 of two in three: together 0.966 are right."""
    known = Known(Weights({}, {}, {}), 0.5, 0.5, 200)
    odds = np.log(np.append(np.full(90, 0.9999), np.full(10, 0.667)) / np.append(
        np.full(90, 0.0001), np.full(10, 0.333)))  # fmt: skip
    pairs = np.arange(0, 200, 2), np.arange(1, 200, 2), odds
    sharp = sharpened(known, 200, pairs, 0.995)
    score = odds - sharp.above(known)
    assert 0.667 < sharp.threshold < 0.8
    assert (score > 0).sum() == 90
    persons = clusters(200, pairs[0], pairs[1], score)
    assert expected_of(persons, (pairs[0], pairs[1], score), sharp).precision > 0.999
    assert sharpened(known, 200, pairs, 0.94) == known


# --- drift ----------------------------------------------------------------------------------------


def _run(**scores: np.ndarray) -> Counts:
    histograms = {("clinic", name): histogram(np.log(2) * one) for name, one in scores.items()}
    return replace(Counts(datetime.now(UTC)), histograms=histograms)


def test_another_mix_of_agencies_is_no_drift_and_other_scores_are() -> None:
    """Police, without numbers, scores lower than the shelter; each has its own past."""
    random = np.random.default_rng(5)
    high, low = random.normal(40, 6, (4, 3_000)), random.normal(20, 6, (4, 3_000))
    earlier = {
        ("clinic", "shelter"): [_run(x=one).histogram for one in high[:3]],
        ("clinic", "police"): [_run(x=low[0][:200]).histogram],
    }
    turned = _run(shelter=high[3][:100], police=low[3])
    turned.drifted(earlier)
    assert not turned.drift.alarm
    worse = _run(shelter=high[3] - 15, police=low[3])
    worse.drifted(earlier)
    assert worse.drift.alarm
    first = _run(court=low[2])
    first.drifted(earlier)
    assert not first.drift.alarm
