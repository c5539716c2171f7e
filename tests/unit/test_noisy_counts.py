"""Cell-key noise, differentially private counts, and the budget they spend."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from anonymize.extracts import dp
from anonymize.extracts.budget import Budget, Reserve, Spend
from anonymize.extracts.dp import CountRequest
from anonymize.extracts.noise import Noise, noisy_counts
from schemas.errors import ContractError, DeliveryError, PrivacyError, SettingsError
from schemas.odcs import load_contract
from schemas.release import ReleaseOptions, release_options
from tests.unit.test_odcs import GOOD

SECRET = hashlib.sha256(b"a secret of the tests").digest()


# Cell keys


@pytest.mark.parametrize("noise", [Noise(), Noise(1.0, 15), Noise(9.0, 20), Noise(4.0, 12, 3)])
@pytest.mark.parametrize("count", [1, 2, 5, 10, 11, 12, 13, 20, 23, 24, 1000])
def test_noise_is_on_average_nothing_and_never_leaves_a_small_cell(
    noise: Noise, count: int
) -> None:
    changes, probability = noise.distribution(count)
    assert probability.min() >= 0
    assert probability.sum() == pytest.approx(1)
    assert (changes * probability).sum() == pytest.approx(0, abs=1e-5)
    assert np.abs(changes).max() <= noise.max_noise
    assert all(n == 0 or n >= noise.min_cell for n in (count + changes).tolist())
    variance = (changes**2 * probability).sum()
    if count >= noise.min_cell:
        assert variance == pytest.approx(noise.variance, abs=1e-4)
    else:
        # Bhatia and Davis 2000: nothing between 0 and min_cell has less variance than this.
        assert variance >= count * (noise.min_cell - count) - 1e-6


def test_noise_of_large_counts_has_the_most_entropy() -> None:
    """Whatever moves probability about among -5..5 and keeps mean and variance loses entropy."""
    changes, probability = Noise(4.0, 12).distribution(500)
    inner = np.abs(changes) <= 5
    middle, share = changes[inner], probability[inner]
    moves = np.linalg.svd(np.stack([np.ones(11), middle, middle**2]))[2][3:]
    random = np.random.default_rng(3)
    for move in random.normal(size=(50, 8)) @ moves:
        other = share + 0.5 * share.min() / np.abs(move).max() * move
        assert (other * middle**2).sum() == pytest.approx((share * middle**2).sum())
        assert -(other * np.log(other)).sum() < -(share * np.log(share)).sum()


def test_zero_stays_zero() -> None:
    uniform = np.linspace(0, 1, 1000, endpoint=False)
    assert not Noise().applied(np.zeros(1000, np.int64), uniform).any()


@pytest.mark.parametrize(
    "given", [(4.0, 11), (0.0, 12), (1000.0, 12), (-1.0, 12), (float("nan"), 12)]
)
def test_noise_that_cannot_be_is_refused(given: tuple[float, int]) -> None:
    with pytest.raises(PrivacyError):
        Noise(*given)


def records(rows: int, seed: int = 3) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "county": [f"c{i}" for i in random.integers(0, 20, rows)],
            "age": [["minor", "adult", None][i] for i in random.integers(0, 3, rows)],
            "person": [f"p{i}" for i in random.integers(0, rows, rows)],
        }
    )


def noisy(table: pa.Table, *by: str, noise: Noise | None = None, **given: Any) -> dict[Any, int]:
    given = {"secret": SECRET, "data": "victims", **given}
    found = noisy_counts(table, by, "person", noise=noise or Noise(), **given)
    return {tuple(row[name] for name in by): row["count"] for row in found.to_pylist()}


def true(table: pa.Table, *by: str) -> dict[Any, int]:
    persons = {(tuple(row[name] for name in by), row["person"]) for row in table.to_pylist()}
    return dict(Counter(cell for cell, _ in persons))


def test_the_same_persons_get_the_same_noise_in_every_table() -> None:
    table = records(4000)
    whole = noisy(table, "county", "age")
    shuffled = table.take(np.random.default_rng(1).permutation(4000))
    assert noisy(shuffled, "county", "age") == whole
    adults = table.filter(pa.compute.equal(table["age"], "adult"))
    assert noisy(adults, "county") == {(c,): n for (c, age), n in whole.items() if age == "adult"}


def test_one_person_more_changes_the_noise() -> None:
    table = records(4000)
    more = pa.concat_tables(
        [table, pa.table({"county": ["c0"], "age": ["minor"], "person": ["new"]})]
    )
    before, after = noisy(table, "county"), noisy(more, "county")
    assert {cell for cell in before if before[cell] != after[cell]} <= {("c0",)}
    steps = set()
    for seed in range(40):
        key = hashlib.sha256(str(seed).encode()).digest()
        steps.add(
            noisy(more, "county", secret=key)[("c0",)] - noisy(table, "county", secret=key)[("c0",)]
        )
    # An attacker who subtracts the two tables does not see the one that was added.
    assert len(steps) >= 5


def test_another_secret_or_name_gives_other_noise() -> None:
    table = records(4000)
    found = noisy(table, "county")
    assert noisy(table, "county", secret=hashlib.sha256(b"other").digest()) != found
    assert noisy(table, "county", data="clients") != found


def test_nothing_small_is_published_and_persons_count_once() -> None:
    table = records(900)
    found, counts = noisy(table, "county", "age"), true(table, "county", "age")
    assert min(counts.values()) < 11
    assert min(found.values()) >= 11
    assert set(found) <= set(counts)
    assert max(abs(found[cell] - counts[cell]) for cell in found) <= 12


def test_noise_over_many_cells_is_what_it_should_be() -> None:
    """5,000 cells of 40 persons; bounds are six standard errors, and the keys are fixed."""
    cells = np.repeat(np.arange(5_000), 40)
    table = pa.table({"cell": cells.astype(str), "person": np.arange(len(cells)).astype(str)})
    changes = np.array(list(noisy(table, "cell").values())) - 40
    assert abs(changes.mean()) < 6 * 2 / np.sqrt(5_000)
    assert abs(changes.var() - 4) < 6 * 4 * np.sqrt(2 / 5_000)


def test_small_counts_are_right_on_average() -> None:
    """20,000 cells of 4 persons: 0 or 11, and 4 on average within six standard errors."""
    cells = np.repeat(np.arange(20_000), 4)
    table = pa.table({"cell": cells.astype(str), "person": np.arange(len(cells)).astype(str)})
    found = list(noisy(table, "cell").values())
    assert set(found) == {11}
    assert abs(sum(found) / 20_000 - 4) < 6 * np.sqrt(28 / 20_000)


def test_a_weak_secret_and_an_unnamed_person_are_refused() -> None:
    with pytest.raises(SettingsError):
        noisy(records(10), "county", secret=b"short")
    table = pa.table({"county": ["a"], "person": pa.array([None], pa.string())})
    with pytest.raises(PrivacyError):
        noisy(table, "county")
    with pytest.raises(DeliveryError):
        noisy(records(10), "planet")


# Differential privacy


def ledger(budget: Budget | None = None) -> tuple[Reserve, list[Spend]]:
    """A ledger in memory."""
    past: list[Spend] = []

    def reserve(wanted: Spend) -> None:
        (budget or Budget()).require(past, wanted)
        past.append(wanted)

    return reserve, past


COUNTIES, AGES = tuple(f"c{i}" for i in range(20)), ("minor", "adult", "unknown")


def request(**changes: Any) -> CountRequest:
    given: dict[str, Any] = {
        **{"dimensions": {"county": COUNTIES, "age": AGES}, "person": "person", "epsilon": 1.0},
        **{"max_cells": 1, "data": "victims", "year": 2026, "release": "r"},
    }
    return CountRequest(**{**given, **changes})


def test_every_agreed_cell_is_there_whoever_is_in_it() -> None:
    reserve, past = ledger()
    empty = dp.counts(records(0), request(), reserve)
    full = dp.counts(records(3000), request(), reserve)
    for found in (empty, full):
        cells = [(row["county"], row["age"]) for row in found.cells.to_pylist()]
        assert cells == [(county, age) for county in COUNTIES for age in AGES]
    assert [one.epsilon for one in past] == [1.0, 1.0]


def test_no_small_number_is_published() -> None:
    rows = dp.counts(records(700), request(), ledger()[0]).cells.to_pylist()
    assert {row["status"] for row in rows} == {"published", "suppressed"}
    for row in rows:
        assert (row["count"] is None) == (row["status"] == "suppressed")
        assert row["count"] is None or row["count"] >= 11


def bounded(persons: Sequence[str], cells: Sequence[str], most: int) -> list[int]:
    table = pa.table({"cell": cells, "person": persons})
    values = {"cell": tuple("abcdef")}
    return dp._bounded(table, request(dimensions=values, max_cells=most), 6).tolist()


def test_a_person_counts_in_no_more_cells_than_agreed() -> None:
    assert sum(bounded(["p"] * 6, "abcdef", 2)) == 2
    assert max(bounded(["p"] * 6, "aaaaab", 6)) == 1
    assert sum(bounded(["p", "q", "q"], "abc", 1)) == 2
    assert bounded(["p"], ["elsewhere"], 2) == [0] * 6


@pytest.mark.parametrize("most", [1, 2, 3])
def test_one_person_changes_the_counts_by_the_agreed_sensitivity_at_most(most: int) -> None:
    """With everybody else within the limit, so that only the one person's choice is random."""
    random = np.random.default_rng(most)
    for _ in range(50):
        others = [f"p{i}" for i in range(8)]
        cells = ["abcdef"[i] for i in random.integers(0, 6, 8)]
        before = bounded(others, cells, most)
        after = bounded([*others, *["new"] * 6], [*cells, *"abcdef"], most)
        assert np.abs(np.array(after) - before).sum() == most


def test_which_cells_of_a_person_count_is_left_to_chance() -> None:
    found = {tuple(bounded(["p"] * 6, "abcdef", 1)) for _ in range(200)}
    assert len(found) == 6  # fewer in 1 of 10^15 runs


@pytest.mark.parametrize(("epsilon", "cells"), [(1.0, 1), (0.5, 3), (0.1, 7)])
def test_noise_has_the_scale_that_epsilon_asks_for(epsilon: float, cells: int) -> None:
    true = np.full(4000, 10_000, np.int64)
    noisy, scale = dp._with_noise(true, request(epsilon=epsilon, max_cells=cells))
    assert scale == pytest.approx(cells / epsilon, rel=1e-6)
    # Mean absolute value of discrete Laplace noise is 1 / sinh(1 / scale); seven standard errors.
    expected = 1 / np.sinh(1 / scale)
    assert np.abs(noisy - true).mean() == pytest.approx(
        expected, abs=7 * (scale + 1) / np.sqrt(4000)
    )
    assert abs((noisy - true).mean()) < 7 * 1.5 * scale / np.sqrt(4000)


def test_the_accuracy_is_held_by_95_in_100() -> None:
    true = np.full(4000, 10_000, np.int64)
    noisy, scale = dp._with_noise(true, request(epsilon=0.5))
    far = (np.abs(noisy - true) > dp._accuracy(scale)).mean()
    assert far < 0.05 + 7 * np.sqrt(0.05 * 0.95 / 4000)


def test_no_noise_is_drawn_beyond_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    reserve, _ = ledger(Budget(per_year=1.5))
    dp.counts(records(100), request(), reserve)
    monkeypatch.setattr(dp, "_with_noise", lambda *_: pytest.fail("noise was drawn"))
    with pytest.raises(PrivacyError, match="beyond"):
        dp.counts(records(100), request(), reserve)


@pytest.mark.parametrize(
    "change",
    [
        {"epsilon": 0.0},
        {"epsilon": -1.0},
        {"epsilon": float("nan")},
        {"epsilon": float("inf")},
        {"epsilon": 1.5},
        {"max_cells": 0},
        {"max_cells": 61},
        {"dimensions": {}},
        {"dimensions": {"county": ()}},
        {"dimensions": {"county": ("c1", "c1")}},
    ],
)
def test_a_count_without_sense_spends_nothing(change: dict[str, Any]) -> None:
    reserve, past = ledger()
    with pytest.raises(PrivacyError):
        dp.counts(records(10), request(**change), reserve)
    assert past == []


def test_a_row_without_person_or_column_is_refused() -> None:
    reserve, past = ledger()
    table = pa.table({"county": ["c1"], "age": ["minor"], "person": pa.array([None], pa.string())})
    with pytest.raises(PrivacyError, match="row without person"):
        dp.counts(table, request(), reserve)
    with pytest.raises(DeliveryError):
        dp.counts(records(5), request(person="gone"), reserve)
    assert past == []


# The budget


def spend(epsilon: float, data: str = "victims", year: int = 2026) -> Spend:
    return Spend(data, year, epsilon, "r")


def test_a_year_holds_four_releases_of_one_and_forty_of_a_tenth() -> None:
    for epsilon, many in ((1.0, 4), (0.1, 40), (0.4, 10)):
        past = [spend(epsilon)] * (many - 1)
        Budget().require(past, spend(epsilon))
        with pytest.raises(PrivacyError, match="beyond the 4"):
            Budget().require([spend(epsilon)] * many, spend(epsilon))


def test_years_and_data_are_budgets_of_their_own() -> None:
    past = [spend(1.0)] * 4
    Budget().require(past, spend(1.0, year=2027))
    Budget().require(past, spend(1.0, data="clients"))
    assert Budget().spent(past, "victims", 2026) == 4
    assert Budget().spent(past, "clients", 2026) == 0


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 1.01, float("nan"), float("inf")])
def test_no_release_spends_nothing_or_too_much(epsilon: float) -> None:
    with pytest.raises(PrivacyError):
        Budget().require([], spend(epsilon))


# What a contract may ask for


def test_suppression_is_what_nobody_asked_for() -> None:
    assert release_options(None) == ReleaseOptions("suppress", 11)


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ({"method": "suppress", "minCell": 20}, ReleaseOptions("suppress", 20)),
        (
            {"method": "cell_key", "variance": 4, "maxNoise": 12},
            ReleaseOptions("cell_key", variance=4, max_noise=12),
        ),
        (
            {"method": "dp", "epsilon": 0.5, "maxCells": 4},
            ReleaseOptions("dp", epsilon=0.5, max_cells=4),
        ),
    ],
)
def test_options_of_a_release(value: object, options: ReleaseOptions) -> None:
    assert release_options(value) == options


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("dp", "method"),
        ({}, "method"),
        ({"method": "none"}, "method"),
        ({"method": ["dp"]}, "method"),
        ({"method": "suppress", "minCell": 10}, "minCell"),
        ({"method": "suppress", "minCell": True}, "minCell"),
        ({"method": "suppress", "epsilon": 0.5}, "no option epsilon"),
        ({"method": "dp", "epsilon": 0.5}, "maxCells"),
        ({"method": "dp", "epsilon": 2, "maxCells": 1}, "epsilon"),
        ({"method": "dp", "epsilon": float("nan"), "maxCells": 1}, "epsilon"),
        ({"method": "dp", "epsilon": "0.5", "maxCells": 1}, "epsilon"),
        ({"method": "dp", "epsilon": 0.5, "maxCells": 1.5}, "maxCells"),
        ({"method": "cell_key", "variance": 4}, "maxNoise"),
        ({"method": "cell_key", "variance": 4, "maxNoise": 11}, "maxNoise"),
        ({"method": "cell_key", "variance": 4, "maxNoise": 15, "minCell": 20}, "maxNoise"),
        ({"method": "cell_key", "variance": 0, "maxNoise": 15}, "variance"),
    ],
)
def test_nonsense_is_refused(value: object, word: str) -> None:
    with pytest.raises(ContractError, match=word):
        release_options(value)


@pytest.mark.parametrize(
    ("value", "method"), [(None, "suppress"), ({"method": "dp", "epsilon": 1, "maxCells": 2}, "dp")]
)
def test_a_contract_says_how_it_is_released(tmp_path: Path, value: object, method: str) -> None:
    raw = yaml.safe_load(GOOD)
    if value:
        raw["customProperties"].append({"property": "release", "value": value})
    path = tmp_path / "feed.odcs.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    path.with_name("feed.sql").write_text("SELECT 1")
    assert load_contract(path).release.method == method


def test_a_contract_that_asks_for_too_much_does_not_load(tmp_path: Path) -> None:
    raw = yaml.safe_load(GOOD)
    value = {"method": "dp", "epsilon": 12, "maxCells": 1}
    raw["customProperties"].append({"property": "release", "value": value})
    path = tmp_path / "feed.odcs.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    path.with_name("feed.sql").write_text("SELECT 1")
    with pytest.raises(ContractError, match="epsilon must be a number from"):
        load_contract(path)
