"""The ledger of link runs (``ops.link_run``): counts and shares, never a value of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from linkage.crosswalk import Change
from linkage.evidence import Known
from linkage.link import Links
from linkage.quality import BINS, LARGE_SHIFT, Drift, histogram
from warehouse.linking.store import SpaceRow
from warehouse.origin import Connection


@dataclass
class Counts:
    """What a run did; see ``warehouse.models.linked.LinkRun``."""

    started_at: datetime
    records_new: int = 0
    records_standing: int = 0
    pairs: int = 0
    matches: int = 0
    review: int = 0
    merges: int = 0
    splits: int = 0
    most_frequent_token: int = 0
    histogram: Sequence[int] = (0,) * BINS
    drift: Drift = field(default_factory=lambda: Drift(0.0, LARGE_SHIFT))
    #: Pairs of one person, as the probabilities expect: among the matches, and in all.
    right: float = 0.0
    true: float = 0.0

    def compared(self, links: Links) -> None:
        """Add what one comparison found."""
        self.pairs += links.candidates
        self.matches += links.matches
        self.review += len(links.probability) - links.matches
        self.histogram = tuple(np.add(self.histogram, histogram(links.weight)).tolist())
        right = links.expected_precision * links.matches
        self.right += right
        self.true += right / links.expected_recall if links.expected_recall else 0.0

    def changed(self, changes: Sequence[Change]) -> None:
        self.merges = sum(change.kind == "merge" for change in changes)
        self.splits = len(changes) - self.merges

    @property
    def expected_precision(self) -> float:
        return min(self.right / self.matches, 1.0) if self.matches else 1.0

    @property
    def expected_recall(self) -> float:
        return min(self.right / self.true, 1.0) if self.true else 1.0


def record(connection: Connection, space: SpaceRow, counts: Counts, learned: Known | None) -> int:
    """Enter a run, and the weights it learned, if it did; returns its number."""
    row = connection.execute(
        _ENTER,
        {
            "started_at": counts.started_at,
            "finished_at": datetime.now(UTC),
            "schema_name": space.name,
            "schema_version": space.version,
            "epoch": space.epoch,
            "records_new": counts.records_new,
            "records_standing": counts.records_standing,
            "pairs": counts.pairs,
            "matches": counts.matches,
            "review": counts.review,
            "merges": counts.merges,
            "splits": counts.splits,
            "expected_precision": counts.expected_precision,
            "expected_recall": counts.expected_recall,
            "drift": counts.drift.index,
            "drift_alarm": counts.drift.alarm,
            "score_histogram": list(counts.histogram),
            "most_frequent_token": counts.most_frequent_token,
        },
    ).fetchone()
    run_id = int(str(row[0])) if row else 0
    if learned is not None:
        kept = (run_id, space.space_id, learned.records, learned.to_json())
        connection.execute("INSERT INTO linkage.weights VALUES (%s, %s, %s, %s)", kept)
    return run_id


_COLUMNS = (
    *("started_at", "finished_at", "schema_name", "schema_version", "epoch"),
    *("records_new", "records_standing", "pairs", "matches", "review", "merges", "splits"),
    *("expected_precision", "expected_recall", "drift", "drift_alarm"),
    *("score_histogram", "most_frequent_token"),
)
_ENTER = (
    f"INSERT INTO ops.link_run ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of this module
    f"VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)}) RETURNING run_id"
)
