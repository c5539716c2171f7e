"""Persons keep their keys: which key each group of records has after a run, and what changed.

Keys are random and say nothing. A standing person keeps its key as long as any of its records
stay together; whatever else happens to a record's key is named a merge or a split.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4


@dataclass(frozen=True)
class Change:
    """Records of person ``before`` are of person ``after`` from now on.

    A merge: most records of ``before``, or all, which is no person any more. A split: some of them;
    the rest went elsewhere or are ``before`` still.
    """

    kind: Literal["merge", "split"]
    before: UUID
    after: UUID


@dataclass(frozen=True)
class Assigned:
    """The person of each record, in their order, and each change once, in a fixed order."""

    persons: list[UUID]
    changes: list[Change]


def assign(
    groups: Sequence[int],
    before: Sequence[UUID | None],
    new_key: Callable[[], UUID] = uuid4,
) -> Assigned:
    """Give each group of records a person's key.

    A person's heir is the group that has most of its records. Of the persons whose heir it is, a
    group takes the key of the one that brings most records; a group that is nobody's heir gets a
    new key. Where numbers are equal, the lower key goes first.

    Args:
        groups: number of each record's group.
        before: the person each record was of; None for a new record. All standing records of each
            of these persons are among them.
    """
    shared: dict[UUID, Counter[int]] = defaultdict(Counter)
    for group, person in zip(groups, before, strict=True):
        if person is not None:
            shared[person][group] += 1
    first = {group: place for place, group in reversed(list(enumerate(groups)))}
    heirs = {
        person: min(counts, key=lambda group: (-counts[group], first[group]))
        for person, counts in shared.items()
    }
    keys = _keys(shared, heirs)
    for group in groups:
        if group not in keys:
            keys[group] = new_key()
    changes = {
        Change("merge" if heirs[person] == group else "split", person, keys[group])
        for person, counts in shared.items()
        for group in counts
        if keys[group] != person
    }
    ordered = sorted(changes, key=lambda change: (change.before, change.after))
    return Assigned([keys[group] for group in groups], ordered)


def _keys(shared: Mapping[UUID, Mapping[int, int]], heirs: Mapping[UUID, int]) -> dict[int, UUID]:
    """Group to the key it takes over."""
    keys: dict[int, UUID] = {}
    for person in sorted(heirs, key=lambda one: (-shared[one][heirs[one]], one)):
        keys.setdefault(heirs[person], person)
    return keys
