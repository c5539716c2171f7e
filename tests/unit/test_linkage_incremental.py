"""New records against standing ones, with the weights of an earlier run."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from anonymize.encoding.encode import Encoded, encode
from linkage.incremental import InMemory, link_new
from linkage.link import Links, link
from linkage.quality import run_quality
from linkage.weights import Weights
from schemas.errors import ContractError
from tributary.bench.linkage import county_schema, written
from tributary.county.misspell import Style
from tributary.county.people import invent

KEY = bytes(range(32))


def _encoded(persons: np.ndarray, seed: int) -> Encoded:
    people = invent(3_000, 5, date(2026, 1, 1))
    records = written(people, persons, np.random.default_rng(seed), Style())
    return encode(records, county_schema(), KEY)


@pytest.fixture(scope="module")
def new() -> Encoded:
    return _encoded(np.arange(1_000), 1)


@pytest.fixture(scope="module")
def standing() -> Encoded:
    """Persons 500 to 2,999, and 500 to 599 once more."""
    return _encoded(np.append(np.arange(500, 3_000), np.arange(500, 600)), 2)


@pytest.fixture(scope="module")
def weights() -> Weights:
    """Learned from others."""
    found = link(_encoded(np.arange(1_000, 3_000), 3), _encoded(np.arange(1_500, 3_000), 4)).weights
    assert found is not None
    return found


@pytest.fixture(scope="module")
def links(new: Encoded, standing: Encoded, weights: Weights) -> Links:
    return link_new(new, InMemory(standing), weights)


def _persons(links: Links) -> tuple[np.ndarray, np.ndarray]:
    matches = links.probability >= links.threshold
    right = links.right[matches]
    return links.left[matches], np.where(right < 2_500, right + 500, right - 2_000)


def test_standing_persons_are_found_with_all_their_records(links: Links) -> None:
    left, right = _persons(links)
    assert (left == right).mean() > 0.98
    assert (left == right).sum() > 0.9 * 600
    twice = np.bincount(left[left == right])[500:600] == 2
    assert twice.mean() > 0.8


def test_weights_read_back_link_alike(
    new: Encoded, standing: Encoded, weights: Weights, links: Links
) -> None:
    again = link_new(new, InMemory(standing), Weights.from_json(weights.to_json()))
    np.testing.assert_array_equal(again.left, links.left)
    np.testing.assert_allclose(again.probability, links.probability)


def test_new_records_are_linked_alike_in_parts(
    new: Encoded,
    standing: Encoded,
    weights: Weights,
    links: Links,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("linkage.incremental._NEW", 170)
    monkeypatch.setattr("linkage.incremental._CHUNK", 100)
    again = link_new(new, InMemory(standing), weights)
    assert again.candidates == links.candidates
    pairs = {frozenset(zip(one.left, one.right, strict=True)) for one in (again, links)}
    assert len(pairs) == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"m": 1, "u": 2}', '{"m": {"a": "b"}}'])
def test_what_are_no_weights_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="weights cannot be read"):
        Weights.from_json(text)


def test_a_record_alone_finds_its_person(new: Encoded, standing: Encoded, weights: Weights) -> None:
    known = [
        link_new(new.take(np.array([n])), InMemory(standing), weights) for n in range(700, 720)
    ]
    found = [one.matches for one in known]
    right = [500 + one.right[0] == n for n, one in enumerate(known, 700) if one.matches]
    assert sum(count > 0 for count in found) >= 17
    assert all(right)


def test_strangers_alone_find_nobody(new: Encoded, standing: Encoded, weights: Weights) -> None:
    found = link_new(new.take(slice(0, 200)), InMemory(standing), weights)
    assert found.matches <= 2


def test_none_new_and_none_standing(new: Encoded, standing: Encoded, weights: Weights) -> None:
    nobody = slice(0, 0)
    for one, other in ((new.take(nobody), standing), (new, standing.take(nobody))):
        found = link_new(one, InMemory(other), weights)
        assert (found.matches, found.candidates) == (0, 0)


def test_a_token_that_too_many_share_gives_no_pair(
    new: Encoded, standing: Encoded, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linkage.incremental.LARGEST_GROUP", 0)
    assert link_new(new, InMemory(standing), weights).candidates == 0


def test_a_run_tells_what_it_expects(new: Encoded, standing: Encoded, links: Links) -> None:
    told = run_quality(links, new, standing)
    left, right = _persons(links)
    assert told.expected_precision == pytest.approx((left == right).mean(), abs=0.02)
    assert 0.8 < told.expected_recall <= 1
    assert set(told.by_block) <= set(new.tokens)
    assert told.known["ssn"] < told.known["sex"]
