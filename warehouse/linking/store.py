"""What a link run reads and writes, as the linker, inside its transaction.

* ``taken``: records that this run links, with the mark they stood under.
* ``affected``: records whose person may change: those, and all that pairs or persons connect them
  with, however far.
* ``numbered``: the affected that are connected at all, by number from 0 on, in the order of their
  keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from linkage.cluster import Scores
from linkage.compare import Rows
from linkage.crosswalk import Change
from warehouse.linking import statements
from warehouse.linking.copying import KEY, Column, Keys, copy_in, copy_out
from warehouse.origin import Connection

#: Two agencies, in order; one of them twice where its own records are compared.
Between = tuple[str, str]


@dataclass(frozen=True)
class SpaceRow:
    """A row of ``linkage.space`` with records that wait to be linked."""

    space_id: int
    name: str
    version: int
    digest: str
    epoch: str


@dataclass(frozen=True)
class Stored:
    """Encodings of one agency: a row each, several where a record has several forms."""

    keys: Keys
    content: Column


class Store:
    """The tables of a run in one space."""

    def __init__(self, connection: Connection, space_id: int, width: int) -> None:
        self._connection = connection
        self._space = {"space": space_id}
        self._width = width
        connection.execute(statements.TABLES)
        self.taken = connection.execute(statements.TAKE, self._space).rowcount
        connection.execute(statements.COUNT_TAKEN)

    def agencies(self) -> list[str]:
        return [str(name) for (name,) in self._all(statements.AGENCIES)]

    def share_of_fakes(self, agency: str) -> float:
        ((share,),) = self._all(statements.SHARE_OF_FAKES, agency=agency)
        return float(str(share))

    def new(self, agency: str) -> Stored:
        return self._encodings(statements.NEW, agency)

    def standing(self, agency: str) -> Stored:
        return self._encodings(statements.STANDING, agency)

    def _encodings(self, query: str, agency: str) -> Stored:
        types = (KEY, f"V{self._width}")
        keys, content = copy_out(self._connection, query, {**self._space, "agency": agency}, types)
        return Stored(np.ascontiguousarray(keys), content)

    def weights(self) -> tuple[str, int] | None:
        """What was learned last, and from how many records."""
        found = self._all(statements.WEIGHTS)
        return (str(found[0][0]), int(str(found[0][1]))) if found else None

    def histograms(self) -> dict[Between, list[list[int]]]:
        """Those of earlier runs under the same schema and epoch, by the agencies compared."""
        found: dict[Between, list[list[int]]] = defaultdict(list)
        for one, other, scores in self._all(statements.HISTOGRAMS):
            found[str(one), str(other)].append(list(scores))  # type: ignore[call-overload]
        return found

    # --- pairs --------------------------------------------------------------------------------

    def replace_pairs(self, left: Keys, right: Keys, score: Scores) -> None:
        """The pairs of the records that are linked, in place of those they had."""
        self._run(statements.TAKEN_AFFECTED)
        self._run(statements.FORGET_LEFT)
        self._run(statements.FORGET_RIGHT)
        self.add_pairs(left, right, score)
        self._run(statements.FOUND_AFFECTED)
        while self._run(statements.SPREAD):
            pass
        self._run(statements.NUMBER)
        self._run(statements.COUNT_NUMBERED)

    def add_pairs(self, left: Keys, right: Keys, score: Scores) -> None:
        copy_in(self._connection, "found", [left, right, score.astype(">f4")])
        self._run(statements.ADD_PAIRS)

    def numbered(self) -> Keys:
        """Keys of the numbered records, in order."""
        return copy_out(self._connection, statements.NUMBERED, {}, (KEY,))[0]

    def pairs(self) -> tuple[Rows, Rows, Scores]:
        """Pairs among the numbered records, by number; each once, as the newest epoch has it."""
        left, right, score = copy_out(self._connection, statements.PAIRS, {}, (">i4", ">i4", ">f4"))
        return left.astype(np.int64), right.astype(np.int64), score.astype(np.float64)

    def content_of(self, numbers: Rows) -> tuple[Rows, Column]:
        """Encodings of numbered records in this space, in the order of their numbers."""
        self._connection.execute(statements.WANTED)
        copy_in(self._connection, "wanted", [numbers.astype(">i4")])
        found, content = copy_out(
            self._connection, statements.CONTENT_OF, self._space, (">i4", f"V{self._width}")
        )
        return found.astype(np.int64), content

    # --- persons ------------------------------------------------------------------------------

    def persons(self) -> list[UUID | None]:
        """The person of each numbered record, in order."""
        return [key for (key,) in self._all(statements.PERSONS)]  # type: ignore[misc]

    def write(self, persons: Sequence[UUID]) -> None:
        """Give the numbered records these persons, and records nothing connects one each.

        From here on deletions wait: a record that goes while this is written stays nowhere.
        """
        keys = b"".join(person.bytes for person in persons)
        numbers = np.arange(len(persons), dtype=">i4")
        copy_in(self._connection, "person", [numbers, np.frombuffer(keys, KEY)])
        for statement in (
            statements.LOCK,
            statements.MOVE,
            statements.ENTER,
            statements.ENTER_LONE,
            statements.DONE,
        ):
            self._run(statement)

    def publish(self, run_id: int, changes: Sequence[Change]) -> None:
        """Bring the crosswalk of what stands in ``core`` into ``linked``."""
        self._connection.execute(
            "SELECT linked.publish(%s, %s::text[], %s::uuid[], %s::uuid[])",
            [
                run_id,
                [change.kind for change in changes],
                [change.before for change in changes],
                [change.after for change in changes],
            ],
        )

    # --- running ------------------------------------------------------------------------------

    def _all(self, query: str, **more: object) -> list[tuple[object, ...]]:
        return self._connection.execute(query, {**self._space, **more}).fetchall()

    def _run(self, statement: str) -> int:
        return max(self._connection.execute(statement, self._space).rowcount, 0)
