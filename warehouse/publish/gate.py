"""The release gate: what must hold before a release takes the place of the last one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from anonymize.disclosure.release import Released
from schemas.contract import Contract

#: A cube that lost more of its units since the last release is looked at before it is published.
MOST_LOST = 0.2
#: Narrowest interval in which the true count of a hidden cell may be known to lie (privacy.md 5.3).
NARROWEST = 3


@dataclass(frozen=True)
class Finding:
    """What the gate found. ``stops``: the release is not published."""

    code: str
    stops: bool
    says: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def coverage(
    contracts: Iterable[Contract], newest: Mapping[str, datetime], now: datetime
) -> list[Finding]:
    """Feeds that have not delivered in time, or never; noted, and told in ``mart.coverage``.

    Args:
        newest: when the newest delivery of each contract was received.
    """
    found = []
    for contract in contracts:
        due = timedelta(hours=contract.schedule.deadline_hours)
        last = newest.get(contract.name)
        if last is None or now - last > due:
            says = "never delivered" if last is None else f"last delivered on {last.date()}"
            found.append(Finding("RELEASE-COVERAGE", False, f"{contract.name} has {says}"))
    return found


def losses(units: Mapping[str, int], before: Mapping[str, int], allowed: bool) -> list[Finding]:
    """Cubes that lost more than ``MOST_LOST`` of their units since the last release."""
    return [
        Finding(
            "RELEASE-LOSS",
            not allowed,
            f"{cube}: {units.get(cube, 0):,} units, {last:,} in the last release; see which "
            "delivery took them away, then publish with --allow-loss",
        )
        for cube, last in before.items()
        if units.get(cube, 0) < last * (1 - MOST_LOST)
    ]


def agencies_lost(now: Iterable[str], before: Iterable[str], allowed: bool) -> list[Finding]:
    """Agencies whose records were in the last release and are gone."""
    return [
        Finding("RELEASE-AGENCY", not allowed, f"{agency} has no record any more")
        for agency in sorted(set(before) - set(now))
    ]


def disclosure(released: Mapping[str, Released]) -> list[Finding]:
    """Cubes whose audit did not come out clean; nothing allows these."""
    found = []
    for cube, one in released.items():
        exact = int(one.summary.get("exactly_recoverable", 0))
        narrowest = float(one.summary.get("narrowest_interval", NARROWEST))
        hidden = int(one.summary.get("suppressed", 0))
        if exact or (hidden and narrowest < NARROWEST):
            found.append(
                Finding(
                    "RELEASE-DISCLOSURE",
                    True,
                    f"{cube}: {exact} hidden cells can be worked out, the narrowest interval is "
                    f"{narrowest}",
                )
            )
    return found
