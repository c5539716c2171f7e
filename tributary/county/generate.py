"""``generate``: the whole county from a number of people and a seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from tributary.county.canary import Canary
from tributary.county.contacts import Period
from tributary.county.county import County, Progress
from tributary.county.facts import establish
from tributary.county.hmis_layout import Version
from tributary.county.people import invent
from tributary.county.planted import planted_table
from tributary.county.truth import Truth
from tributary.county.write_counts import PROVIDERS, write_counts
from tributary.county.write_eastlake import write_eastlake
from tributary.county.write_hmis import write_hmis
from tributary.county.write_htcds import write_htcds
from tributary.county.write_nibrs import write_nibrs
from tributary.county.write_rms import write_rms

MIN_PERSONS: Final = 100
MAX_MONTHS: Final = 23


@dataclass(frozen=True)
class Generated:
    """What was written.

    ``paths``: the deliveries of each contract, in the order in which they are sent. ``truth``: the
    folder that no agency may see. ``counts``: rows, records and faults by name. ``sentinels``: what
    a canary test searches for.
    """

    paths: Mapping[str, tuple[Path, ...]]
    truth: Path
    counts: Mapping[str, int]
    sentinels: tuple[str, ...]


def _silent(part: str, done: int, total: int) -> None:
    """No progress wanted."""


def generate(
    persons: int,
    seed: int,
    out: Path,
    *,
    start: date = date(2025, 1, 1),
    months: int = 18,
    hmis_version: Version = "2026",
    hashed: bool = False,
    monthly: bool = False,
    planted: bool = False,
    sentinel: str | None = None,
    progress: Progress = _silent,
) -> Generated:
    """Write a county of ``persons`` people below ``out``; same arguments, same bytes.

    Args:
        out: gets ``deliveries/<contract>/...`` and ``truth/``.
        start: first day of the period (a first of a month); ``months`` is its length, 1 to 23: the
            FBI takes incidents back to January of the year before the submission.
        hmis_version: format of the HMIS export. ``hashed``: as with HashStatus 4.
        monthly: one NIBRS submission a month instead of two in all.
        planted: with a hotspot and a trend, told in ``truth/planted.parquet`` (see ``planted``).
        sentinel: 1 to 6 capital letters; marks every direct identifier (see ``canary``).
        progress: called as ``progress(part, done, total)``.

    Raises:
        ValueError: fewer than ``MIN_PERSONS`` people, or a start or length that is out of range.
    """
    if persons < MIN_PERSONS:
        raise ValueError(f"a county needs at least {MIN_PERSONS} people")
    if start.day != 1 or not 1 <= months <= MAX_MONTHS:
        raise ValueError(
            f"a period starts on the first of a month and lasts 1 to {MAX_MONTHS} months"
        )
    people = invent(persons, seed, start)
    facts = establish(people, seed, start)
    canary = Canary(sentinel)
    with Truth(out / "truth") as truth:
        truth.people(people)
        truth.facts(facts)
        period, deliveries = Period(start, months), out / "deliveries"
        county = County(seed, period, people, facts, deliveries, truth, canary, progress, planted)
        if planted:
            truth.planted(planted_table(period))
        paths = {
            "county_coc.hmis": (write_hmis(county, hmis_version, hashed),),
            "county_sheriff.nibrs": write_nibrs(county, monthly),
            "eastlake_police.rms": (write_eastlake(county),),
            "harbor_police.rms": (write_rms(county),),
            "safe_passage.htcds": write_htcds(county),
            **{one.contract: write_counts(county, one) for one in PROVIDERS},
        }
        counts = dict(sorted(truth.counts.items()))
    (out / "truth" / "counts.json").write_text(
        json.dumps(counts, indent=1) + "\n", encoding="utf-8"
    )
    return Generated(paths, out / "truth", counts, canary.sentinels)
