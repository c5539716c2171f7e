"""Clustering and the crosswalk, case by case; and how good they are on invented people."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

from anonymize.encoding.columns import from_batch
from anonymize.encoding.encode import Encoded
from linkage import evidence as module
from linkage.cluster import LARGEST, clusters
from linkage.crosswalk import Change, assign
from linkage.evidence import Known, evidence, joined, learned, pooled
from schemas.errors import ContractError
from tests.linked_people import encodings, person, schema
from warehouse.encodings import content_width, packed, unpacked

A, B, C = (UUID(int=n) for n in (1, 2, 3))


def grouped(count: int, pairs: dict[tuple[int, int], float]) -> list[int]:
    i, j = np.array(list(pairs), np.int64).reshape(-1, 2).T
    return clusters(count, i, j, np.array(list(pairs.values()), float)).tolist()


@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        ({}, [0, 1, 2]),
        ({(0, 1): 3.0}, [0, 0, 2]),
        ({(0, 1): -3.0}, [0, 1, 2]),
        # all three speak for each other
        ({(0, 1): 3.0, (1, 2): 3.0, (0, 2): 1.0}, [0, 0, 0]),
        # 1 resembles both, but 0 and 2 are two people: the better pair stays
        ({(0, 1): 9.0, (1, 2): 8.0, (0, 2): -9.0}, [0, 0, 2]),
        ({(0, 1): 8.0, (1, 2): 9.0, (0, 2): -9.0}, [0, 1, 1]),
        # nothing known of 0 and 2: weak pairs chain nobody, strong ones may
        ({(0, 1): 3.0, (1, 2): 3.0}, [0, 0, 2]),
        ({(0, 1): 9.0, (1, 2): 9.0}, [0, 0, 0]),
    ],
)
def test_a_record_that_resembles_two_people_does_not_make_them_one(pairs, groups) -> None:
    assert grouped(3, pairs) == groups


def test_a_long_chain_stays_short() -> None:
    """A fault that makes thousands alike pairwise makes them nobody's record in common."""
    chain = {(n, n + 1): 5.0 + n % 3 for n in range(3_000)}
    groups = grouped(3_001, chain)
    assert max(np.bincount(groups)) <= 3


def test_a_complete_group_beyond_the_cap_is_cut() -> None:
    size = LARGEST + 5
    pairs = {(i, j): 8.0 for i in range(size) for j in range(i + 1, size)}
    assert max(np.bincount(grouped(size, pairs))) == LARGEST


@pytest.mark.parametrize(
    ("groups", "before", "after", "changes"),
    [
        ([0, 0], [A, A], [A, A], []),
        ([0, 0, 0], [A, A, None], [A, A, A], []),
        # the larger person's key stays; of equals the lower
        ([0, 0, 0], [A, B, B], [B, B, B], [Change("merge", A, B)]),
        ([0, 0], [B, A], [A, A], [Change("merge", B, A)]),
        # a part that leaves gets a new key; the larger part keeps the old one
        ([0, 0, 1], [A, A, A], [A, A, C], [Change("split", A, C)]),
        # one record goes over from one standing person to another
        ([0, 0, 1, 1, 1], [A, A, A, B, B], [A, A, B, B, B], [Change("split", A, B)]),
        ([0, 1], [None, None], [C, None], []),
    ],
)
def test_who_keeps_a_key(groups, before, after, changes) -> None:
    keys = iter([C, UUID(int=4)])
    done = assign(groups, before, lambda: next(keys))
    assert done.changes == changes
    expected = [UUID(int=4) if one is None else one for one in after]
    assert done.persons == expected


# --- evidence -------------------------------------------------------------------------------------


def encoded(*numbers: int) -> Encoded:
    ((_, batch),) = encodings([(f"{n:032x}", person(n)) for n in numbers])
    return from_batch(batch, schema())


@pytest.fixture(scope="module")
def known() -> Known:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linkage.strangers._FEWEST", 20_000)
        found = learned(pooled([encoded(*range(80)), encoded(*range(40), *range(500, 540))]))
    assert found is not None
    return found


def test_one_new_record_is_compared_with_what_all_have_taught(known: Known) -> None:
    standing = encoded(*range(300))
    found = evidence(encoded(7), standing, known)
    assert (found.left.tolist(), found.right.tolist()) == ([0], [7])
    assert found.score[0] > 0
    assert not (evidence(encoded(900), standing, known).score > 0).any()


def test_weights_are_kept_as_text(known: Known) -> None:
    again = Known.from_json(known.to_json(), known.records)
    standing = encoded(*range(50))
    first, second = (evidence(encoded(7, 800), standing, one).score for one in (known, again))
    assert first.tolist() == pytest.approx(second.tolist())
    with pytest.raises(ContractError, match="cannot be read"):
        Known.from_json('{"weights": 1}', 5)


def test_where_nobody_is_known_twice_nothing_is_kept() -> None:
    found = learned(encoded(*range(120)))
    assert found is None or found.records == 0


def test_a_sample_of_all_records_teaches(monkeypatch) -> None:
    monkeypatch.setattr(module, "LEARN_FROM", 40)
    parts = [encoded(*range(60)), encoded(*range(100, 160))]
    sample = pooled(parts)
    assert 15 < len(sample) < 70
    assert len(joined(parts)) == 120


def test_encodings_are_stored_without_loss() -> None:
    made = encoded(*range(20))
    content = packed(made)
    assert content.shape == (20, content_width(schema()))
    again = unpacked(content, schema())
    for part in ("filters", "tokens", "rarity"):
        first, second = getattr(made, part), getattr(again, part)
        assert list(first) == list(second)
        assert all((first[name] == second[name]).all() for name in first)
