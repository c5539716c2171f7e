"""``tributary demo``: see it work."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, TaskID
from rich.table import Table as Grid

from schemas.errors import TributaryError
from tributary.cli.console import err, here, out, progress
from tributary.cli.run import gate_words

if TYPE_CHECKING:
    from tributary.demo import Demo, Outcome

_COUNTS = ("rows_in", "accepted", "quarantined", "refused", "loaded")
STEPS = (
    *("receive", "validate", "deidentify", "encode", "seal"),
    *("load", "receipt", "dispose"),
)
#: Rules shown per feed; the receipt has them all.
_RULES_SHOWN = 4


def demo(
    persons: Annotated[int, typer.Option(min=100, help="People in the invented county.")] = 8_000,
    seed: Annotated[int, typer.Option(help="Another seed, another county.")] = 7,
) -> None:
    """Invent a county, deliver its exports, run every feed through a real Airflow.

    Exits with 0 only where every feed was loaded (or had been before). Run it again: the same
    deliveries are reported as duplicates. Interrupt it and start again: it goes on.

    Example: tributary demo --persons 5000 --seed 7
    """
    from tributary.demo import run
    from tributary.places import embedded_server

    settings = here()
    began = monotonic()
    server = embedded_server(settings)
    was_running = server.running()
    try:
        with _ending_cleanly(), progress() as display:
            shown = run(settings, persons, seed, _Shown(display, began))
    except (KeyboardInterrupt, SystemExit):
        err.print("interrupted: start it again and it goes on")
        raise
    finally:
        if not was_running:
            server.stop()
    print_demo(shown, settings.home, settings.drop)
    out.print(f"took {monotonic() - began:.0f} s")
    if not shown.is_good:
        raise typer.Exit(TributaryError.exit_code)


class _Shown:
    """Stages as lines; the steps of the feeds as bars, or as lines where there is no terminal."""

    def __init__(self, display: Progress, began: float) -> None:
        self._display, self._began = display, began
        self._bars: dict[str, TaskID] = {}
        self._last: dict[str, str] = {}

    def says(self, what: str) -> None:
        err.print(f"{monotonic() - self._began:4.0f} s  {what}", highlight=False)

    def sees(self, feed: str, step: str) -> None:
        if self._last.get(feed) == step or step not in STEPS:
            return
        self._last[feed] = step
        if not err.is_terminal:
            self.says(f"  {feed}: {step}")
            return
        if feed not in self._bars:
            self._bars[feed] = self._display.add_task(feed, total=len(STEPS), note="")
        self._display.update(self._bars[feed], completed=STEPS.index(step) + 1, note=step)


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
    """What came in, what was set aside and why, what is in the warehouse, where to look."""
    grid = _grid("feed", "status", *(key.replace("_", " ") for key in _COUNTS))
    for outcome in shown.outcomes:
        for receipt in outcome.receipts:
            totals = [sum(table[key] for table in receipt["tables"].values()) for key in _COUNTS]
            numbers = [f"{total:,}" for total in totals]
            grid.add_row(outcome.contract, receipt["status"], *numbers)
    out.print(grid)
    for outcome in shown.outcomes:
        _print_findings(outcome, drop)
    out.print(_by_agency("in the warehouse", {f"core.{n}": c for n, c in shown.core.items()}))
    out.print()
    out.print(_by_agency("from free text", shown.texts))
    out.print()
    _print_links(shown)
    _print_products(shown)
    out.print("SQL prompt        tributary warehouse psql", highlight=False)
    out.print(f"logs of the runs  {home / 'airflow' / 'logs'}", highlight=False, soft_wrap=True)


def _print_links(shown: Demo) -> None:
    """Persons whom several agencies know, as linked and in truth; by pairs of records, how good."""
    for dag in shown.failed:
        out.print(f"[red]{dag} failed[/red]; its log says why")
    grid = _grid("persons known to", "linked", "in truth")
    for agencies, counts in shown.links.contacts.items():
        grid.add_row(agencies, f"{counts['linked']:,}", f"{counts['truth']:,}")
    out.print(grid)
    out.print(
        f"of {shown.links.records:,} records: {shown.links.found:,} pairs linked, "
        f"{shown.links.true:,} are one person; precision {shown.links.precision:.3f}, "
        f"recall {shown.links.recall:.3f}\n",
        highlight=False,
    )


def _print_products(shown: Demo) -> None:
    """What members can read now, and how much of it is hidden."""
    grid = _grid("published", "rows", "counts shown", "hidden")
    for name, one in shown.products.products.items():
        grid.add_row(f"mart.{name}", f"{one.rows:,}", f"{one.shown:,}", f"{one.hidden:,}")
    asked = shown.deconfliction
    out.print(grid)
    out.print(
        f"deconfliction: {asked.asked} records asked about, {asked.hits} met by other police, too",
        highlight=False,
    )
    hidden = ", ".join(f"{reason} {count}" for reason, count in shown.products.reasons.items())
    out.print(f"cells hidden: {hidden or 'none'}\n", highlight=False)


def _by_agency(title: str, rows: Mapping[str, Mapping[str, int]]) -> Grid:
    agencies = sorted({agency for counted in rows.values() for agency in counted})
    grid = _grid(title, *(agency.replace("_", "\n") for agency in agencies))
    for name, counted in rows.items():
        grid.add_row(name, *(f"{counted.get(agency, 0):,}" for agency in agencies))
    return grid


def _grid(first: str, *others: str) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    grid.add_column(first, no_wrap=True)
    for other in others:
        grid.add_column(other, justify="right", no_wrap=True)
    return grid


def _print_findings(outcome: Outcome, drop: Path) -> None:
    out.print(f"\n[bold]{outcome.contract}[/bold]")
    for task in outcome.failed:
        out.print(f"  [red]task {task} failed[/red]; its log says why")
    if not outcome.receipts:
        out.print("  [red]no receipt was written[/red]")
        return
    newest = outcome.receipts[-1]
    for code, rows in _by_rule(newest)[:_RULES_SHOWN]:
        count = sum(found["count"] for found in rows)
        out.print(f"  {count:>7,}  {code}  {rows[0]['says']}", highlight=False, soft_wrap=True)
    if newest.get("gate"):
        out.print(f"  gate     {gate_words(newest['gate'])}", highlight=False, soft_wrap=True)
    place = drop.joinpath(*outcome.contract.split(".")) / "receipts"
    out.print(
        f"  receipt  {place / newest['delivery_id']}.receipt.json", highlight=False, soft_wrap=True
    )


def _by_rule(receipt: Mapping[str, Any]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Findings of a receipt by rule, the most frequent first."""
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for found in receipt["rules"]:
        rules.setdefault(found["code"], []).append(found)
    return sorted(rules.items(), key=lambda entry: -sum(found["count"] for found in entry[1]))
