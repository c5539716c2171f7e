"""The ledger of link runs (``ops.link_run``): counts and shares, never a value of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from linkage.cluster import Expected, Scores
from linkage.crosswalk import Change
from linkage.evidence import Evidence, Known
from linkage.quality import BINS, LARGE_SHIFT, Drift, drift, histogram
from warehouse.linking.store import Between, SpaceRow
from warehouse.origin import Connection

Histogram = Sequence[int]


@dataclass
class Counts:
    """What a run did; see ``warehouse.models.linked.LinkRun``.

    Attributes:
        histograms: of the scores between two agencies each.
        expected: of the persons that the run looked at.
        unseen: pairs of one person that are expected where none was found likely, or compared.
    """

    started_at: datetime
    records_new: int = 0
    records_standing: int = 0
    pairs: int = 0
    matches: int = 0
    review: int = 0
    merges: int = 0
    splits: int = 0
    most_frequent_token: int = 0
    histograms: dict[Between, Histogram] = field(default_factory=dict)
    drift: Drift = field(default_factory=lambda: Drift(0.0, LARGE_SHIFT))
    expected: Expected = field(default_factory=Expected)
    unseen: float = 0.0

    def compared(self, between: Between, found: Evidence, blocking_recall: float) -> None:
        """Add what one comparison found."""
        links = found.links
        self.pairs += links.candidates
        before = self.histograms.get(between, (0,) * BINS)
        self.histograms[between] = tuple(np.add(before, histogram(links.weight)).tolist())
        self.unseen += links.unseen + found.matches * (1 / max(blocking_recall, 0.5) - 1)

    def decided(self, score: Scores) -> None:
        """Count pairs of records worth reporting, each once."""
        self.matches = int((score > 0).sum())
        self.review = len(score) - self.matches

    def changed(self, changes: Sequence[Change]) -> None:
        self.merges = sum(change.kind == "merge" for change in changes)
        self.splits = len(changes) - self.merges

    def drifted(self, earlier: Mapping[Between, Sequence[Histogram]]) -> None:
        """The largest drift between any two agencies, each against its own past: a run in which
        other agencies delivered than before has other scores, and nothing is wrong with it."""
        found = [drift(now, earlier.get(two, ())) for two, now in self.histograms.items()]
        self.drift = max(found, key=lambda one: one.index / one.limit, default=self.drift)

    @property
    def histogram(self) -> list[int]:
        none = [[0] * BINS]
        return [int(n) for n in np.sum([*none, *map(list, self.histograms.values())], axis=0)]

    @property
    def least_recall(self) -> float:
        """Expected recall, if all that is expected unseen is there."""
        true = self.expected.true + self.unseen
        return min(self.expected.right / true, 1.0) if true else 1.0


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
            "expected_precision": counts.expected.precision,
            "expected_recall": counts.expected.recall,
            "least_recall": counts.least_recall,
            "drift": counts.drift.index,
            "drift_alarm": counts.drift.alarm,
            "score_histogram": counts.histogram,
            "most_frequent_token": counts.most_frequent_token,
        },
    ).fetchone()
    run_id = int(str(row[0])) if row else 0
    for (one, other), scores in sorted(counts.histograms.items()):
        entered = (run_id, one, other, list(scores))
        connection.execute("INSERT INTO ops.link_scores VALUES (%s, %s, %s, %s)", entered)
    if learned is not None:
        kept = (run_id, space.space_id, learned.records, learned.to_json())
        connection.execute("INSERT INTO linkage.weights VALUES (%s, %s, %s, %s)", kept)
    return run_id


_COLUMNS = (
    *("started_at", "finished_at", "schema_name", "schema_version", "epoch"),
    *("records_new", "records_standing", "pairs", "matches", "review", "merges", "splits"),
    *("expected_precision", "expected_recall", "least_recall", "drift", "drift_alarm"),
    *("score_histogram", "most_frequent_token"),
)
_ENTER = (
    f"INSERT INTO ops.link_run ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of this module
    f"VALUES ({', '.join(f'%({name})s' for name in _COLUMNS)}) RETURNING run_id"
)
