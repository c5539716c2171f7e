"""One link run: what is new is compared with everything else, and persons follow from all pairs.

Today's records are compared with each other and with the standing ones of every agency, one agency
at a time. The pairs are kept, so that persons are always those that all pairs together give,
whatever order the deliveries came in; only what the new pairs reach is looked at. All of a run is
one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations

import numpy as np

from anonymize.encoding.encode import Encoded
from linkage.cluster import Scores, clusters, components
from linkage.compare import Rows
from linkage.crosswalk import assign
from linkage.evidence import (
    Known,
    between,
    evidence,
    expected_of,
    joined,
    learned,
    pooled,
    sharpened,
)
from linkage.quality import held_together, most_frequent_token
from schemas.errors import ContractError
from schemas.linkage import LinkageSchema, agreed_schema
from warehouse.database import Warehouse, translated
from warehouse.encodings import content_width, unpacked
from warehouse.linking import statements
from warehouse.linking.copying import Column, Keys
from warehouse.linking.keys import TURN
from warehouse.linking.ledger import Counts, record
from warehouse.linking.store import Between, SpaceRow, Store, Stored
from warehouse.origin import Connection
from warehouse.roles import Role

#: Weights are learned anew when records have come in that number this share of those they were
#: learned from.
_LEARN_AGAIN = 0.5
#: Components up to here are looked at pair by pair.
_COMPLETED = 60

Say = Callable[[str], None]


@dataclass(frozen=True)
class LinkRun:
    """What a run did in one space."""

    schema: str
    epoch: str
    counts: Counts


def link_persons(warehouse: Warehouse, say: Say = lambda _step: None) -> list[LinkRun]:
    """Link what has come since the last run; nothing where nothing has.

    Raises:
        ContractError: encodings wait that were made under a schema that is not installed here; all
            others were linked.
        TransientError, PermanentError: the database.
    """
    done, unknown = [], set()
    with closing(warehouse.connect(Role.LINKER)) as connection, translated("linking"):
        for row in connection.execute(statements.PENDING).fetchall():
            space = SpaceRow(*row)
            if not _is_installed(space):
                unknown.add(f"{space.name} {space.version}")
                continue
            say(f"{space.name}, epoch {space.epoch}")
            with connection.transaction():
                connection.execute(TURN)
                done.append(_Run(connection, space, say).go())
    if unknown:
        raise ContractError(
            f"encodings wait that were made under {', '.join(sorted(unknown))}, which is not the "
            "linkage schema installed here: bring node and hub to one version, or end the old epoch"
        )
    return done


@dataclass(frozen=True)
class _Side:
    """Encodings, and which record each row is of."""

    keys: Keys
    encoded: Encoded

    def __len__(self) -> int:
        return len(self.keys)


class _Run:
    """A run in one space, inside its transaction."""

    def __init__(self, connection: Connection, space: SpaceRow, say: Say) -> None:
        self._connection, self._space, self._say = connection, space, say
        self._schema = agreed_schema(space.name)
        self._store = Store(connection, space.space_id, content_width(self._schema))
        self._counts = Counts(started_at=datetime.now(UTC), records_new=self._store.taken)
        self._found: list[tuple[Keys, Keys, Scores]] = []

    def go(self) -> LinkRun:
        agencies = self._store.agencies()
        new = {agency: self._side(agency, self._store.new(agency)) for agency in agencies}
        new = {agency: side for agency, side in new.items() if len(side)}
        self._say("weights")
        known, anew = self._known(new, agencies)
        if known is not None:
            for agency in agencies:
                self._say(f"pairs with {agency}")
                self._compare(agency, new, known)
        keys, left, right, score = self._pairs()
        if known is not None and anew:
            sharp = sharpened(known, len(keys), (left, right, score), self._schema.min_precision)
            known, score = sharp, score - sharp.above(known)
        self._counts.decided(score)
        self._store.replace_pairs(keys[left], keys[right], score)
        keys = self._store.numbered()
        if known is not None:
            self._complete(keys, known)
        self._say("persons")
        found = self._store.pairs()
        groups = clusters(len(keys), *found)
        assigned = assign(groups.tolist(), self._store.persons())
        self._store.write(assigned.persons)
        self._counts.changed(assigned.changes)
        if known is not None:
            self._counts.expected = expected_of(groups, found, known)
        self._counts.drifted(self._store.histograms())
        kept = known if known is not None and anew and known.records else None
        run_id = record(self._connection, self._space, self._counts, kept)
        self._store.publish(run_id, assigned.changes)
        return LinkRun(self._space.name, self._space.epoch, self._counts)

    # --- reading ------------------------------------------------------------------------------

    def _side(self, agency: str, stored: Stored) -> _Side:
        encoded = _encoded(stored.content, self._schema)
        self._counts.most_frequent_token = max(
            self._counts.most_frequent_token, most_frequent_token(encoded)
        )
        fakes = round(len(stored.keys) * self._store.share_of_fakes(agency))
        return _Side(stored.keys, replace(encoded, fakes=fakes))

    def _known(self, new: dict[str, _Side], agencies: list[str]) -> tuple[Known | None, bool]:
        """Weights, and whether they were learned just now, from new and standing records."""
        stored = self._store.weights()
        known = Known.from_json(*stored) if stored else None
        count = sum(map(len, new.values()))
        if known is not None and count < _LEARN_AGAIN * known.records:
            return known, False
        parts = [side.encoded for side in new.values()]
        for agency in agencies:
            parts.append(_encoded(self._store.standing(agency).content, self._schema))
        again = learned(pooled([part for part in parts if len(part)]))
        if again is None:
            return known, False
        return again, True

    # --- pairs --------------------------------------------------------------------------------

    def _compare(self, agency: str, new: dict[str, _Side], known: Known) -> None:
        """All pairs of new records with ``agency``'s; of two new ones of two agencies once."""
        standing = self._side(agency, self._store.standing(agency))
        self._counts.records_standing += len(np.unique(standing.keys))
        mine = new.get(agency)
        whole = _both(mine, standing)
        for other, side in new.items():
            if other == agency:
                self._add(side, None, (agency, agency), known)
            against = whole if other < agency else standing
            if len(against):
                self._add(side, against, (min(agency, other), max(agency, other)), known)

    def _add(self, left: _Side, right: _Side | None, between: Between, known: Known) -> None:
        """Pairs of two sides, or within one."""
        against = None if right is None else right.encoded
        found = evidence(left.encoded, against, known)
        self._counts.compared(between, found, held_together(found.links, left.encoded, against)[0])
        keys = left.keys if right is None else right.keys
        first, second = left.keys[found.left], keys[found.right]
        apart = first != second
        self._found.append((first[apart], second[apart], found.score[apart]))

    def _pairs(self) -> tuple[Keys, Rows, Rows, Scores]:
        """Keys of records that are in pairs, in order, and the pairs as rows of them, each once
        with the best score of its forms, the lower first."""
        parts = list(zip(*self._found, strict=True)) or [(), (), ()]
        empty = np.empty(0, "S16"), np.empty(0, "S16"), np.empty(0)
        one, other, score = (
            np.concatenate([none, *part]) for none, part in zip(empty, parts, strict=True)
        )
        keys, rows = np.unique(np.concatenate([one, other]), return_inverse=True)
        first, second = rows[: len(one)].astype(np.int64), rows[len(one) :].astype(np.int64)
        pair = np.minimum(first, second) * len(keys) + np.maximum(first, second)
        order = np.lexsort((-score, pair))
        best = order[np.diff(pair[order], prepend=-1) != 0]
        return keys, pair[best] // max(len(keys), 1), pair[best] % max(len(keys), 1), score[best]

    def _complete(self, keys: Keys, known: Known) -> None:
        """Compare what pairs connect, but no block held together: it may speak against them."""
        left, right, score = self._store.pairs()
        missing = _missing(len(keys), left, right, score)
        if not len(missing):
            return
        numbers, content = self._store.content_of(np.unique(missing))
        have = np.isin(missing, numbers).all(axis=1)
        first, second = np.searchsorted(numbers, missing[have].T)
        encoded = _encoded(content, self._schema)
        size = self._counts.records_new + self._counts.records_standing
        found = between(encoded, (first, second), size, known)
        self._store.add_pairs(keys[missing[have, 0]], keys[missing[have, 1]], found)


def _missing(count: int, left: Rows, right: Rows, score: Scores) -> Rows:
    """Pairs (rows of two numbers, the lower first) within components that are not given."""
    given = left * count + right
    wanted = [
        np.array(list(combinations(members.tolist(), 2)))
        for members in components(count, left[score > 0], right[score > 0], _COMPLETED)
    ]
    pairs = np.concatenate([np.empty((0, 2), np.int64), *wanted])
    found: Rows = pairs[~np.isin(pairs[:, 0] * count + pairs[:, 1], given)]
    return found


def _both(one: _Side | None, other: _Side) -> _Side:
    if one is None or not len(one):
        return other
    if not len(other):
        return one
    keys = np.concatenate([one.keys, other.keys])
    return _Side(keys, joined([one.encoded, other.encoded]))


def _encoded(content: Column, schema: LinkageSchema) -> Encoded:
    width = content.dtype.itemsize
    rows = np.ascontiguousarray(content).view(np.uint8).reshape(len(content), width)
    return unpacked(rows, schema)


def _is_installed(space: SpaceRow) -> bool:
    try:
        schema = agreed_schema(space.name)
    except ContractError:
        return False
    return (schema.version, schema.digest) == (space.version, space.digest)
