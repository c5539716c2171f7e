"""The demo: an invented county's agencies deliver, a real Airflow runs every feed.

Nobody in it is real. Run again, the same deliveries come again and are reported as duplicates.
Started again after it was interrupted, it delivers nothing anew: Airflow goes on with the runs that
were under way.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, Protocol

from schemas.errors import SettingsError
from schemas.odcs import contracts
from tributary import places, steps
from tributary.demo_deconfliction import (
    DeconflictionShown,
    ask,
    deconfliction_shown,
    take_answer,
)
from tributary.demo_links import LinksShown, links_shown
from tributary.demo_products import ProductsShown, products_shown
from tributary.settings import Settings

if TYPE_CHECKING:
    from tributary.local_airflow.api import Api
    from warehouse.database import Warehouse

_POLL_SECONDS = 2.0
#: A delivery that ended so is one the demo hopes for.
_GOOD = ("accepted", "partial", "duplicate")


class Watcher(Protocol):
    """Is told what happens."""

    def says(self, what: str) -> None:
        """The demo enters another stage."""

    def sees(self, feed: str, step: str) -> None:
        """A run of ``feed`` is at ``step``."""


@dataclass(frozen=True)
class Outcome:
    """What became of one feed: receipts of its deliveries, and the tasks that failed."""

    contract: str
    receipts: Sequence[Mapping[str, Any]]
    failed: Sequence[str]

    @property
    def is_good(self) -> bool:
        fine = all(receipt["status"] in _GOOD for receipt in self.receipts)
        return bool(self.receipts) and fine and not self.failed


@dataclass(frozen=True)
class Demo:
    """What the demo showed: counts per agency of rows of ``core``, and of what texts gave; who was
    linked, beside the truth; what was published; what was asked of deconfliction; the hub's own
    DAGs that failed."""

    outcomes: Sequence[Outcome]
    core: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    links: LinksShown = field(default_factory=LinksShown)
    products: ProductsShown = field(default_factory=ProductsShown)
    deconfliction: DeconflictionShown = field(default_factory=DeconflictionShown)
    failed: Sequence[str] = ()

    @property
    def is_good(self) -> bool:
        fine = all(outcome.is_good for outcome in self.outcomes)
        return fine and self.products.is_good and not self.failed


def run(
    settings: Settings, persons: int, seed: int, watcher: Watcher, sentinel: str | None = None
) -> Demo:
    """Invent, deliver, run every feed, and look at what came of it.

    Args:
        sentinel: for tests: marks every direct identifier (``tributary.county.canary``).

    Raises:
        SettingsError: Airflow is not installed, or the warehouse is not the embedded one; nothing
            invented goes anywhere else.
    """
    if not settings.is_embedded:
        raise SettingsError("the demo is for the embedded warehouse: unset TRIBUTARY_WAREHOUSE_URL")
    if find_spec("airflow") is None:
        raise SettingsError("the demo needs Airflow: install tributary[airflow]")
    from tributary.local_airflow.session import local_airflow

    feeds, hub = tuple(contracts()), ("link", "deconflict", "publish")
    watcher.says("preparing the warehouse")
    steps.prepare(settings)
    began = _delivered(settings, persons, seed, watcher, sentinel)
    with local_airflow(settings, places.warehouse(settings), feeds + hub, watcher.says) as airflow:
        watcher.says("running the feeds")
        drain(airflow, settings, feeds, began, watcher)
        for dag in hub:
            watcher.says(f"running {dag}")
            asked = ask(settings) if dag == "deconflict" else None
            run_alone(airflow, dag)
            take_answer(settings, asked)
        failed = _failures(airflow, began)
    _under_way(settings).unlink()
    got = {feed: receipts(settings, feed, began) for feed in feeds}
    outcomes = [Outcome(feed, got[feed], failed.get(feed, ())) for feed in feeds]
    warehouse = places.warehouse(settings)
    texts = text_counts(warehouse) | {_TRUTH: flagged_in_truth(settings.home / "county")}
    return Demo(
        outcomes,
        core_counts(warehouse),
        texts,
        links_shown(settings, warehouse),
        products_shown(warehouse),
        deconfliction_shown(warehouse),
        [dag for dag in hub if dag in failed],
    )


def _delivered(
    settings: Settings, persons: int, seed: int, watcher: Watcher, sentinel: str | None
) -> datetime:
    """Deliver, unless an interrupted demo has; returns when the demo began."""
    asked = {"persons": persons, "seed": seed}
    note = _under_way(settings)
    if note.exists():
        before = json.loads(note.read_text(encoding="utf-8"))
        if before["asked"] == asked:
            watcher.says("going on with a demo that was interrupted")
            return datetime.fromisoformat(before["began"])
    watcher.says(f"inventing a county of {persons:,} people")
    began = datetime.now(UTC)
    deliver(settings, persons, seed, sentinel)
    unfinished = note.with_suffix(".tmp")
    unfinished.write_text(json.dumps({"asked": asked, "began": began.isoformat()}), "utf-8")
    unfinished.replace(note)
    return began


def _under_way(settings: Settings) -> Path:
    """Stands from the delivery to the end of a demo."""
    return settings.home / "demo.json"


def deliver(settings: Settings, persons: int, seed: int, sentinel: str | None = None) -> None:
    """Generate the county and put each agency's files into its drop folder, as the agency would."""
    from tributary.county.generate import generate

    county = generate(persons, seed, settings.home / "county", sentinel=sentinel)
    for name, paths in county.paths.items():
        folder = places.drop_folder(settings, name)
        folder.prepare()
        for path in paths:
            unfinished = folder.incoming / f"{path.name}.part"
            shutil.move(path, unfinished)
            unfinished.touch()  # deliveries are taken in the order in which they came
            unfinished.rename(folder.incoming / path.name)


def drain(
    airflow: Api, settings: Settings, feeds: Iterable[str], began: datetime, watcher: Watcher
) -> None:
    """Start runs until nothing is waiting and nothing is running.

    A run starts the next one itself where more is waiting; runs of an interrupted demo go on
    beside ours. A feed with a failed run is left alone.
    """
    folders = {feed: places.drop_folder(settings, feed) for feed in feeds}
    while True:
        active = {run["dag_id"] for run in airflow.active_runs()}
        idle = {feed for feed, at in folders.items() if feed not in active and at.waiting()}
        if idle:
            idle -= _failures(airflow, began).keys()
        for feed in sorted(idle):
            airflow.trigger(feed)
        if not active and not idle:
            return
        for task in airflow.tasks(states=["running"]):
            watcher.sees(task["dag_id"], task["task_id"])
        sleep(_POLL_SECONDS)


def run_alone(airflow: Api, dag: str) -> None:
    """Start a run of a DAG of the hub, and wait until nothing runs."""
    airflow.trigger(dag)
    while airflow.active_runs():
        sleep(_POLL_SECONDS)


def _failures(airflow: Api, began: datetime) -> dict[str, list[str]]:
    """Tasks that failed since ``began``, by feed."""
    found: dict[str, list[str]] = {}
    for run in airflow.runs(states=["failed"]):
        if run["end_date"] and datetime.fromisoformat(run["end_date"]) >= began:
            failed = airflow.tasks(run["dag_id"], run["dag_run_id"], states=["failed"])
            found.setdefault(run["dag_id"], []).extend(task["task_id"] for task in failed)
    return found


def receipts(settings: Settings, feed: str, since: datetime) -> list[Mapping[str, Any]]:
    """Receipts the agency has got since then, oldest first."""
    folder = places.drop_folder(settings, feed).receipts
    written = {path: path.stat().st_mtime for path in folder.glob("*.receipt.json")}
    new = [
        path
        for path in sorted(written, key=written.__getitem__)
        if written[path] >= since.timestamp()
    ]
    return [json.loads(path.read_text(encoding="utf-8")) for path in new]


def core_counts(warehouse: Warehouse) -> dict[str, dict[str, int]]:
    """Rows per table of ``core`` and agency, as a steward sees them."""
    from psycopg import sql

    from warehouse.core_tables import CORE
    from warehouse.roles import Role

    query = sql.SQL("SELECT agency, count(*) FROM core.{} GROUP BY agency ORDER BY agency")
    with closing(warehouse.connect(Role.STEWARD)) as connection:
        return {
            table: dict(connection.execute(query.format(sql.Identifier(table))).fetchall())
            for table in CORE
        }


#: What is said about texts, agency by agency.
_TEXTS = """
    SELECT 'redacted narratives', agency, count(*) FROM core.event_text GROUP BY 2
    UNION ALL
    SELECT 'flagged as trafficking, neither 64A nor 64B', agency, count(*) FROM core.event
    WHERE trafficking_flagged_not_64x = 1 GROUP BY 2
    UNION ALL
    SELECT 'indicators: ' || replace(kind, '_', ' '), agency, count(*)
    FROM core.event_indicator GROUP BY 1, 2
    ORDER BY 1 DESC
"""


def text_counts(warehouse: Warehouse) -> dict[str, dict[str, int]]:
    """What free text gave to ``core``, by agency: redacted texts, and indicators by kind."""
    from warehouse.roles import Role

    found: dict[str, dict[str, int]] = {}
    with closing(warehouse.connect(Role.STEWARD)) as connection:
        for what, agency, count in connection.execute(_TEXTS):
            found.setdefault(str(what), {})[str(agency)] = int(count)
    return found


_TRUTH = "the same, by the narratives' truth"


def flagged_in_truth(county: Path) -> dict[str, int]:
    """Police cases that a narrative flags as trafficking and no offence does, by agency."""
    import pyarrow.parquet as pq

    known = pq.read_table(
        county / "truth" / "narratives.parquet",
        columns=["feed", "unit"],
        filters=[("flagged_not_64x", "=", True), ("feed", "=", "harbor_police.rms")],
    )
    cases = set(known["unit"].to_pylist())
    return {"harbor_police": len(cases)} if cases else {}
