"""People who share a home are not one person; duplicates on both sides are all found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anonymize.encoding.encode import Encoded, encode
from linkage.link import Links, link
from linkage.quality import run_quality
from schemas.linkage import LinkageSchema, load_schema

KEY = bytes(range(32))
SCHEMA = """
fields:
  - {column: given, kind: given_name}
  - {column: surname, kind: surname}
  - {column: born, kind: date}
  - {column: address, kind: address}
  - {column: phone, kind: phone}
"""
HOMES, MEMBERS = 400, 3
_SOUNDS = [a + b for a in "bdfgklmnprstv" for b in "aeiou"]


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> LinkageSchema:
    path: Path = tmp_path_factory.mktemp("schema") / "schema.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    return load_schema(path)


@pytest.fixture(scope="module")
def people() -> dict[str, np.ndarray]:
    """Three of a home share surname, address and phone."""
    random = np.random.default_rng(1)

    def words(count: int, syllables: int, distinct: int) -> np.ndarray:
        known = np.array(["".join(random.choice(_SOUNDS, syllables)) for _ in range(distinct)])
        return known[(distinct * random.random(count) ** 2).astype(int)]

    home = np.repeat(np.arange(HOMES), MEMBERS)
    days = np.datetime64("1950-01-01") + random.integers(0, 20_000, len(home))
    phone = random.integers(10**9, 10**10, HOMES).astype(str)
    street = np.char.add(random.integers(1, 99, HOMES).astype(str), " ")
    return {
        "given": words(len(home), 3, 200),
        "surname": words(HOMES, 4, 300)[home],
        "born": days.astype(str),
        "address": np.char.add(street, words(HOMES, 3, 150))[home],
        "phone": phone[home],
    }


def _side(
    people: dict[str, np.ndarray], schema: LinkageSchema, seed: int
) -> tuple[np.ndarray, Encoded]:
    """One or two records of most people; a tenth of the values unknown."""
    random = np.random.default_rng(seed)
    persons = np.repeat(np.arange(HOMES * MEMBERS), random.choice([0, 1, 2], HOMES * MEMBERS))
    columns = {}
    for name, column in people.items():
        unknown = random.random(len(persons)) < 0.1
        values = zip(column[persons].tolist(), unknown, strict=True)
        columns[name] = [None if gone else value for value, gone in values]
    return persons, encode(columns, schema, KEY)


@pytest.fixture(scope="module")
def linked(
    people: dict[str, np.ndarray], schema: LinkageSchema
) -> tuple[Links, np.ndarray, np.ndarray, float]:
    """Links, the persons of the matches, and what the run says of its precision."""
    (mine, one), (theirs, other) = _side(people, schema, 2), _side(people, schema, 3)
    links = link(one, other)
    matches = links.probability >= links.threshold
    told = run_quality(links, one, other)
    true = np.bincount(mine, minlength=HOMES * MEMBERS) @ np.bincount(
        theirs, minlength=HOMES * MEMBERS
    )
    found = mine[links.left[matches]], theirs[links.right[matches]]
    return links, *found, told.expected_recall - (found[0] == found[1]).sum() / true


def test_members_of_a_home_are_told_apart(linked) -> None:
    _, left, right, _ = linked
    assert (left == right).mean() > 0.97


def test_the_run_knows_that_homes_are_shared(linked) -> None:
    links = linked[0]
    assert set(links.weights.shared) == {"surname", "address", "phone"}
    of_a_home = (MEMBERS - 1) / (HOMES * MEMBERS)
    assert links.weights.household == pytest.approx(of_a_home, rel=0.5)


def test_records_may_have_several_partners(linked) -> None:
    links, left, _right, _ = linked
    assert not links.one_to_one
    assert (np.bincount(links.left[: len(left)]) > 1).sum() > 100


def test_expected_precision_and_recall_are_near_the_true_ones(linked) -> None:
    links, left, right, recall_too_high = linked
    assert links.expected_precision == pytest.approx((left == right).mean(), abs=0.04)
    assert abs(recall_too_high) < 0.05
