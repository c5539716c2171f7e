"""What was found while a delivery was taken in: counts and rule codes, never a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from schemas.catalogue import rule
from schemas.vocabulary import TIERS

#: Row numbers kept per finding; ``count`` is always complete.
ROWS_KEPT = 1_000


@dataclass(frozen=True)
class Finding:
    """One rule broken in one place. ``rows`` holds the first ``ROWS_KEPT`` row numbers."""

    code: str
    table: str | None
    field: str | None
    count: int
    rows: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        known = rule(self.code)
        return {
            **asdict(self),
            "rows": list(self.rows),
            "tier": known.tier,
            "says": known.says,
            "fix": known.fix,
        }


@dataclass
class TableCount:
    """Rows of one table: ``rows_in = accepted + quarantined + refused``; ``loaded <= accepted``."""

    rows_in: int = 0
    quarantined: int = 0
    refused: int = 0
    loaded: int = 0

    @property
    def accepted(self) -> int:
        return self.rows_in - self.quarantined - self.refused

    def as_json(self) -> dict[str, int]:
        return {
            "rows_in": self.rows_in,
            "accepted": self.accepted,
            "quarantined": self.quarantined,
            "refused": self.refused,
            "loaded": self.loaded,
        }


@dataclass(frozen=True)
class Scope:
    """What a delivery claims to cover, which decides whether absence means deletion.

    ``full_refresh``: rows of the period that are not in the delivery were removed at the source.
    ``trusted`` is false where the export contradicts itself; absence then deletes nothing.
    ``as_of`` is the day the export was made, where the format tells: an older export that arrives
    late does not overwrite a newer one.
    ``changes_only``: a record holds what changed and leaves out the rest, so that replacing an
    earlier version by it would blank what is still true.
    """

    full_refresh: bool = False
    changes_only: bool = False
    trusted: bool = True
    start: date | None = None
    end: date | None = None
    as_of: date | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "full_refresh": self.full_refresh,
            "changes_only": self.changes_only,
            "trusted": self.trusted,
            **{
                name: day.isoformat() if day else None
                for name, day in (("start", self.start), ("end", self.end), ("as_of", self.as_of))
            },
        }


@dataclass
class IntakeReport:
    """Collects findings and counts while a delivery is read and checked.

    ``facts`` are short, value-free statements for the receipt (format version, hash verdict).
    ``lane_violated`` records that the delivery held rows its lane forbids: its landed file must be
    destroyed as soon as the allowed rows are written.
    """

    tables: dict[str, TableCount] = field(default_factory=dict)
    facts: dict[str, str | int | bool] = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    lane_violated: bool = False
    _found: dict[tuple[str, str | None, str | None], tuple[int, list[int]]] = field(
        default_factory=dict
    )

    def table(self, name: str) -> TableCount:
        return self.tables.setdefault(name, TableCount())

    def read(self, table: str, rows: int) -> None:
        """Count ``rows`` as read from the source, whatever becomes of them."""
        self.table(table).rows_in += rows

    def note(
        self,
        code: str,
        table: str | None = None,
        field: str | None = None,
        rows: Iterable[int] = (),
        count: int | None = None,
    ) -> None:
        """Record that ``code`` was broken; changes no row count.

        ``count`` defaults to the number of ``rows``, and to 1 where no rows are given.
        """
        rule(code)
        numbers = [int(row) for row in rows]
        total = count if count is not None else (len(numbers) or 1)
        seen, kept = self._found.get((code, table, field), (0, []))
        kept.extend(numbers[: ROWS_KEPT - len(kept)])
        self._found[(code, table, field)] = (seen + total, kept)

    def quarantine(
        self, code: str, table: str, field: str | None = None, rows: Iterable[int] = ()
    ) -> None:
        """Record ``code`` and take its rows out of the accepted ones.

        The caller sees to it that a row is quarantined once, under the first rule it broke.
        """
        numbers = list(rows)
        if numbers:
            self.note(code, table, field, numbers)
            self.table(table).quarantined += len(numbers)

    def refuse(self, code: str, table: str, count: int) -> None:
        """Record rows the lane or a missing consent forbids to store; no row numbers are kept."""
        if count:
            self.note(code, table, count=count)
            self.table(table).refused += count
            self.lane_violated = True

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(code, table, field, count, tuple(sorted(rows)))
            for (code, table, field), (count, rows) in self._found.items()
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "tables": {name: count.as_json() for name, count in sorted(self.tables.items())},
            "rules": [finding.as_json() for finding in self.findings],
            "facts": dict(sorted(self.facts.items())),
        }


def merged(findings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Findings in the order a reader wants them: worst tier first, then by code."""
    return sorted(findings, key=lambda found: (TIERS.index(found["tier"]), found["code"]))
