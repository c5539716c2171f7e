"""What a run says of itself without knowing the truth, checked against it where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.evaluate import by_group
from linkage.quality import BINS, LARGE_SHIFT, blocking_recall, drift, histogram
from linkage.weights import share_of_matches


def test_scores_fall_into_a_fixed_number_of_bins() -> None:
    weight = np.array([-99.0, -1.0, 0.0, 2.0, 30.0, 999.0])
    counts = histogram(weight)
    assert len(counts) == BINS
    assert sum(counts) == len(weight)
    assert (counts[0], counts[-1]) == (2, 1)


def test_a_run_like_those_before_raises_no_alarm() -> None:
    random = np.random.default_rng(1)
    runs = [histogram(random.normal(20, 8, 5_000)) for _ in range(4)]
    assert not drift(runs[0], runs[1:]).alarm


@pytest.mark.parametrize("shift", [8, -8])
def test_shifted_scores_raise_an_alarm(shift: float) -> None:
    random = np.random.default_rng(2)
    before = [histogram(random.normal(20, 8, 5_000)) for _ in range(3)]
    assert drift(histogram(random.normal(20 + shift, 8, 5_000)), before).alarm


def test_few_pairs_differ_by_chance_without_alarm() -> None:
    random = np.random.default_rng(3)
    before = [histogram(random.normal(20, 8, 5_000))]
    small = [drift(histogram(random.normal(20, 8, 15)), before) for _ in range(50)]
    assert max(one.index for one in small) > LARGE_SHIFT
    assert not any(one.alarm for one in small)


def test_a_first_run_has_nothing_to_drift_from() -> None:
    assert not drift(histogram(np.array([20.0])), []).alarm


@pytest.mark.parametrize(
    ("each_holds", "names"), [((0.7, 0.7, 0.7), "abc"), ((0.9, 0.5, 0.6, 0.8), "abcd")]
)
def test_what_independent_blocks_miss_is_estimated(
    each_holds: tuple[float, ...], names: str
) -> None:
    random = np.random.default_rng(4)
    held = random.random((len(names), 50_000)) < np.array(each_holds)[:, None]
    found = held.any(axis=0)
    seen = {name: column[found] for name, column in zip(names, held, strict=True)}
    assert blocking_recall(seen) == pytest.approx(found.mean(), abs=0.02)


def test_without_blocks_nothing_is_missed() -> None:
    assert blocking_recall({}) == 1.0


def test_what_was_learned_before_steadies_a_small_run() -> None:
    nobody = np.array([3.0])
    alone = share_of_matches(nobody, 1_000.0)
    steady = share_of_matches(nobody, 1_000.0, before=(500.0, 1_000_000.0))
    assert alone < 1e-6
    assert steady == pytest.approx(5e-4, rel=0.1)


def test_groups_by_hand() -> None:
    """Of ten persons of each group all are found but three of the second; one is linked wrongly."""
    both = np.arange(20)
    group = np.repeat([0, 1], 10)
    found = np.delete(both, [17, 18, 19])
    pairs = np.append(found, 3), np.append(found, 18)
    worst, best = by_group(pairs, both, group, ("one", "other"))
    assert (worst.group, worst.true, worst.quality.recall) == ("other", 10, 0.7)
    assert (best.quality.precision, best.quality.recall) == (10 / 11, 1.0)
    assert worst.gap == pytest.approx(0.7 - 0.85)
    assert not worst.worse, "ten persons say little"
    many = by_group(
        (np.repeat(found, 100), np.repeat(found, 100)),
        np.repeat(both, 100),
        group,
        ("one", "other"),
    )
    assert [one.worse for one in many] == [True, False]
