"""``tributary generate``: an invented county, as its agencies would export it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tributary.cli.console import out as answers
from tributary.cli.console import print_json, progress


def generate(
    persons: Annotated[int, typer.Option(min=100, help="People the agencies meet.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 7,
    out: Annotated[Path, typer.Option(help="Directory to write to.")] = Path("county"),
    months: Annotated[int, typer.Option(min=2, max=23, help="Months the exports cover.")] = 18,
    planted: Annotated[
        bool, typer.Option(help="Plant a hotspot and a rising trend, told in the truth.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Invent a county: nobody in it is real, and the truth about it is known.

    Writes one export per feed under OUT/deliveries and what is true, which no agency would know,
    under OUT/truth.

    Example: tributary generate --persons 100000 --seed 7 --out county
    """
    from tributary.county.generate import generate as invent

    with progress() as display:
        task = display.add_task("people", total=None, note="")

        def show(part: str, done: int, total: int) -> None:
            display.update(task, description=part, completed=done, total=total)

        made = invent(persons, seed, out, months=months, planted=planted, progress=show)
    if json:
        paths = {name: [str(path) for path in found] for name, found in made.paths.items()}
        print_json({"deliveries": paths, "truth": str(made.truth), "counts": dict(made.counts)})
        return
    for name, found in made.paths.items():
        for path in found:
            answers.print(f"{name:<22} {path}", soft_wrap=True, highlight=False)
    answers.print(f"{'truth':<22} {made.truth}", soft_wrap=True, highlight=False)
