"""The demo's question of deconfliction: one police agency asks how often it should talk to another.

Who was met stands in the answer, which the demo takes away unread.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import ContractError
from tributary import deconfliction
from tributary.settings import Settings

if TYPE_CHECKING:
    from warehouse.database import Warehouse

#: Who asks, by what its export calls a person, and about how many: four demos a day may ask.
FEED, BY, MOST = "harbor_police.rms", ("MNI",), 50


@dataclass(frozen=True)
class DeconflictionShown:
    """Out of the ledger: questions, records asked about, and those that another agency has met."""

    questions: int = 0
    asked: int = 0
    hits: int = 0


def ask(settings: Settings) -> dict[str, Any] | None:
    """Ask about the victims of the newest cases coded as trafficking; None where there are none."""
    found = _victims(settings.home / "county" / "truth")
    return deconfliction.ask(settings, FEED, found, BY) if found else None


def _victims(truth: Path) -> list[str]:
    """What the police call them, from the generator's own notes."""
    coded = pq.read_table(
        truth / "narratives.parquet",
        columns=["unit"],
        filters=[("feed", "=", FEED), ("coded", "=", True)],
    )
    records = pq.read_table(
        truth / "records.parquet",
        columns=["record_id", "unit"],
        filters=[("feed", "=", FEED), ("role", "=", "VIC")],
    )
    theirs = records.filter(pc.is_in(records["unit"], coded["unit"].combine_chunks()))
    return list(dict.fromkeys(theirs["record_id"].to_pylist()[::-1]))[:MOST]


def take_answer(settings: Settings, asked: dict[str, Any] | None) -> None:
    """Take the answer out of the drop folder; one refused for the day is no fault of the demo."""
    if asked is not None:
        with suppress(ContractError):
            deconfliction.answer(settings, FEED, asked)


def deconfliction_shown(warehouse: Warehouse) -> DeconflictionShown:
    """Look at the ledger as a steward: how many, never who."""
    from warehouse.roles import Role

    with closing(warehouse.connect(Role.STEWARD)) as connection:
        row = connection.execute(
            "SELECT count(*), coalesce(sum(asked), 0), coalesce(sum(hits), 0) "
            "FROM ops.deconfliction"
        ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return DeconflictionShown(*map(int, row))
