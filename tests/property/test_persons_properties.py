"""Persons out of pairs, and their keys: for any pairs, and any order in which they come."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.cluster import LARGEST, clusters
from linkage.crosswalk import assign

RECORDS = 12
Pairs = dict[tuple[int, int], float]

_PAIR = st.sampled_from(list(combinations(range(RECORDS), 2)))
_SCORES = st.floats(-12, 12, allow_nan=False).map(lambda score: round(score, 3))
pairs = st.dictionaries(_PAIR, _SCORES, max_size=24)
persons = st.lists(st.integers(0, 4), min_size=1, max_size=RECORDS)


def persons_of(found: Pairs, order: list[int] | None = None) -> list[int]:
    """The group of each record; ``order`` gives the records other numbers and back."""
    number = order or list(range(RECORDS))
    left = np.array([number[i] for i, _ in found], np.int64)
    right = np.array([number[j] for _, j in found], np.int64)
    groups = clusters(RECORDS, left, right, np.array(list(found.values())))
    return [int(groups[number[record]]) for record in range(RECORDS)]


def partition(groups: list[int]) -> set[frozenset[int]]:
    return {frozenset(r for r, group in enumerate(groups) if group == one) for one in set(groups)}


@given(pairs, st.randoms())
def test_the_order_of_pairs_does_not_matter(found: Pairs, random) -> None:
    shuffled = list(found.items())
    random.shuffle(shuffled)
    assert persons_of(dict(shuffled)) == persons_of(found)


@given(pairs)
def test_nobody_joins_without_a_pair_that_speaks_for_it(found: Pairs) -> None:
    groups = persons_of(found)
    for i, j in found:
        if groups[i] == groups[j]:
            mine = [s for (a, b), s in found.items() if groups[a] == groups[b] == groups[i]]
            assert max(mine) > 0
    connected = {r for pair, score in found.items() if score > 0 for r in pair}
    assert all(groups.count(groups[r]) == 1 for r in range(RECORDS) if r not in connected)


@given(pairs)
def test_what_pairs_do_not_connect_is_decided_alone(found: Pairs) -> None:
    """So a run may look at what new pairs reach, and at nothing else."""
    groups = persons_of(found)
    reached = {0}
    while (
        more := {
            r for pair, score in found.items() if score > 0 and reached & set(pair) for r in pair
        }
        - reached
    ):
        reached |= more
    part = {pair: score for pair, score in found.items() if set(pair) <= reached}
    alone = persons_of(part)
    assert [groups[r] for r in reached] == [alone[r] for r in reached]


@given(st.integers(LARGEST + 1, LARGEST + 10))
def test_nobody_has_more_records_than_anybody_can_have(size: int) -> None:
    i, j = np.array(list(combinations(range(size), 2))).T
    groups = clusters(size, i, j, np.full(len(i), 9.0))
    assert max(Counter(groups.tolist()).values()) <= LARGEST


def assigned(groups: list[int], before: list[int | None]):
    return assign(groups, [None if one is None else UUID(int=one) for one in before])


@given(st.data(), persons)
def test_a_key_changes_where_a_change_is_recorded_and_nowhere_else(data, before) -> None:
    groups = data.draw(st.lists(st.integers(0, 5), min_size=len(before), max_size=len(before)))
    done = assigned(groups, before)
    moved = {
        (UUID(int=was), now)
        for was, now in zip(before, done.persons, strict=True)
        if UUID(int=was) != now
    }
    assert {(change.before, change.after) for change in done.changes} == moved
    assert len(done.changes) == len(moved)
    # one key a group, one group a key
    assert len(set(zip(groups, done.persons, strict=True))) == len(set(groups))
    assert len(set(done.persons)) == len(set(groups))


@given(persons)
def test_the_same_groups_again_change_nothing(groups) -> None:
    first = assign(groups, [None] * len(groups))
    again = assign(groups, first.persons)
    assert (again.persons, again.changes) == (first.persons, [])


@given(st.data(), persons)
def test_new_records_take_no_key_away(data, before) -> None:
    """Records that join standing persons, or nobody, leave everybody his key."""
    new = data.draw(st.lists(st.integers(0, 8), max_size=6))
    done = assigned(before + new, [*before, *[None] * len(new)])
    assert done.changes == []
    assert done.persons[: len(before)] == [UUID(int=one) for one in before]
