"""``tributary bench``: how well, and how fast."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer
from rich.table import Table as Grid

from tributary.cli.console import err, out, print_json

app = typer.Typer(help="Measure this installation on annotated data.", no_args_is_help=True)

_ROWS = (
    ("token_recall", "token recall, direct and quasi"),
    ("token_precision", "token precision"),
    ("token_f2", "token F2"),
    ("entity_recall_direct", "direct identifiers, all mentions masked"),
    ("entity_recall_quasi", "quasi identifiers, all mentions masked"),
    ("own_identifier_recall", "identifiers of the record's own, mentions masked"),
    ("person_mention_recall", "PERSON mentions masked"),
    ("person_token_precision", "PERSON token precision"),
    ("person_token_recall", "PERSON token recall"),
    ("person_token_f2", "PERSON token F2"),
    ("indicators_redacted", "indicator words lost"),
)


@app.command("redact")
def redact(
    sets: Annotated[
        list[str],
        typer.Argument(metavar="SET...", help="KIND:PATH (tab, presidio, set) or county."),
    ],
    half: Annotated[
        str, typer.Option(help="all; tune: even indexes; held-out: odd indexes.")
    ] = "all",
    limit: Annotated[int | None, typer.Option(min=1, help="First documents only.")] = None,
    presidio: Annotated[
        bool, typer.Option("--presidio", help="Presidio's default engine beside it, same run.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Score the default redaction on annotated texts.

    Sets of kind "set" are JSON lines {"id", "text", "known"?, "entities": [{"start", "end",
    "type"}], "indicators"?: [{"start", "end"}]}. Tokens are runs of word characters.

    Example: tributary bench redact tab:tab_dev.jsonl --half held-out --presidio
    """
    from tributary.bench import engines
    from tributary.bench.documents import HALVES, annotated
    from tributary.bench.scores import scored

    if half not in HALVES:
        raise typer.BadParameter(f"one of {', '.join(HALVES)}", param_hint="--half")
    try:
        chosen = [annotated(source, half, limit) for source in sets]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="SET") from None
    makers = {"tributary": engines.tributary} | ({"presidio": engines.presidio} if presidio else {})
    answers: dict[str, dict[str, Any]] = {some.name: {} for some in chosen}
    for name, maker in makers.items():
        err.print(f"{name}: loading", highlight=False)
        engine = maker()
        for some in chosen:
            err.print(f"{name}: {some.name}, {len(some.documents)} documents", highlight=False)
            found, seconds = engines.run(engine, some.documents)
            answer = scored(some.documents, found, lenient=some.lenient)
            speed = answer["characters"] / seconds
            answers[some.name][name] = answer | {
                "half": half,
                "seconds": round(seconds, 3),
                "characters_per_second": round(speed),
            }
    if json:
        print_json(answers)
        return
    for source, by_engine in answers.items():
        out.print(_grid(source, by_engine))


@app.command("indicators")
def indicators(
    count: Annotated[int, typer.Option(min=1, help="Narratives of the invented county.")] = 1500,
    seed: Annotated[int, typer.Option(help="Another seed, other narratives.")] = 0,
    split: Annotated[
        str, typer.Option(help="Grammar: train, tune, check, heldout or unseen.")
    ] = "heldout",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Score the indicators on narratives of the held-out grammar.

    A code counts once a text. How somebody was recruited is not labelled there.

    Example: tributary bench indicators --count 3000
    """
    from anonymize.text.indicators import KINDS
    from tributary.bench.indicators import quality
    from tributary.county.narratives import sample
    from tributary.county.narratives.sample import Split

    texts = [(one.text, set(one.indicators)) for one in sample(count, seed, cast("Split", split))]
    rows = quality(texts, [kind for kind in KINDS if kind != "recruitment"])
    if json:
        shares = ("precision", "recall", "f1")
        print_json({one.kind: {name: getattr(one, name) for name in shares} for one in rows})
        return
    grid = Grid("kind", "precision", "recall", "F1", title=f"{count} held-out narratives")
    for one in rows:
        grid.add_row(one.kind, *(_share(value) for value in (one.precision, one.recall, one.f1)))
    out.print(grid)


def _grid(source: str, by_engine: dict[str, dict[str, Any]]) -> Grid:
    first = next(iter(by_engine.values()))
    title = f"{source} ({first['half']}): {first['documents']} documents, {first['characters']:,}"
    grid = Grid("measure", *by_engine, title=f"{title} characters")
    for key, label in _ROWS:
        if first[key] is not None:
            grid.add_row(label, *(_share(answer[key]) for answer in by_engine.values()))
    for name, counts in first["types"].items():
        values = (_share(answer["types"][name]["mention_recall"]) for answer in by_engine.values())
        grid.add_row(f"  {name} ({counts['mentions']} mentions) masked", *values)
    speeds = (f"{answer['characters_per_second']:,}" for answer in by_engine.values())
    grid.add_row("characters a second", *speeds)
    return grid


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
