"""``tributary demo``: see it work."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TaskID
from rich.table import Table as Grid

from schemas.errors import TributaryError
from tributary.cli.console import err, here, out, progress

if TYPE_CHECKING:
    from tributary.demo import Demo, Outcome

_COUNTS = ("rows_in", "accepted", "quarantined", "refused", "loaded")
#: Rules shown per feed; the receipt has them all.
_RULES_SHOWN = 4


def demo(
    persons: Annotated[int, typer.Option(min=100, help="People in the invented county.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Another seed, another county.")] = 1,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop the embedded PostgreSQL at the end.")
    ] = False,
) -> None:
    """Invent a county, deliver its exports, run every feed through a real Airflow.

    Exits with 0 only where every feed was loaded (or had been before). Run it again: the same
    deliveries are reported as duplicates. Interrupt it and start again: it goes on.

    Example: tributary demo --persons 5000 --seed 7
    """
    from tributary.demo import run
    from tributary.steps import embedded_server

    settings = here()
    began = monotonic()
    try:
        with _ending_cleanly(), progress() as display:
            shown = run(settings, persons, seed, _Shown(display, began))
        print_demo(shown, settings.home, settings.drop)
    finally:
        if stop:
            embedded_server(settings).stop()
    out.print(f"took {monotonic() - began:.0f} s")
    if not shown.is_good:
        raise typer.Exit(TributaryError.exit_code)


class _Shown:
    """Stages as lines, runs as bars where there is a terminal."""

    def __init__(self, display: Progress, began: float) -> None:
        self._display, self._began = display, began
        self._bars: dict[str, TaskID] = {}

    def says(self, what: str) -> None:
        err.print(f"[dim]{monotonic() - self._began:4.0f} s[/dim]  {what}", highlight=False)

    def sees(self, feed: str, step: str, done: int, total: int) -> None:
        if feed not in self._bars:
            self._bars[feed] = self._display.add_task(feed, total=total, note="")
        self._display.update(self._bars[feed], completed=done, total=total, note=step)


@contextmanager
def _ending_cleanly() -> Iterator[None]:
    """End like Ctrl-C does when told to end or when the terminal goes away: stop Airflow first."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_demo(shown: Demo, home: Path, drop: Path) -> None:
    """What came in, what was quarantined and why, what is loaded, where to look."""
    grid = Grid("feed", "delivery", "status", *(key.replace("_", " ") for key in _COUNTS))
    for outcome in shown.outcomes:
        for receipt in outcome.receipts:
            totals = [sum(table[key] for table in receipt["tables"].values()) for key in _COUNTS]
            counts = [f"{total:,}" for total in totals]
            grid.add_row(outcome.contract, receipt["delivery_id"][:8], receipt["status"], *counts)
    out.print(grid)
    for outcome in shown.outcomes:
        _print_findings(outcome)
    core = Grid("core table", *(agencies := sorted({a for n in shown.core.values() for a in n})))
    for table, counted in shown.core.items():
        core.add_row(table, *(f"{counted.get(agency, 0):,}" for agency in agencies))
    out.print(core)
    out.print("receipts        ", f"{drop}/<agency>/<feed>/receipts/", highlight=False)
    out.print("SQL prompt       tributary warehouse psql", highlight=False)
    out.print("logs of the runs", f"{home}/airflow/logs/", highlight=False)


def _print_findings(outcome: Outcome) -> None:
    for task in outcome.failed:
        out.print(f"[red]{outcome.contract}: task {task} failed[/red]; its log says why")
    if not outcome.receipts:
        out.print(f"[red]{outcome.contract}: no receipt was written[/red]")
    for receipt in outcome.receipts[-1:]:
        worst = sorted(receipt["rules"], key=lambda found: -found["count"])[:_RULES_SHOWN]
        for found in worst:
            place = ".".join(part for part in (found["table"], found["field"]) if part)
            out.print(
                f"{outcome.contract}  {found['code']} ({found['tier']}) {place}: "
                f"{found['count']:,}. {found['says']}",
                highlight=False,
            )
