"""``tributary bench linkage``: how well and how fast records are linked."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from schemas.linkage import MODES
from tributary.cli.console import err, out, print_json

_FILE: dict[str, Any] = {"exists": True, "dir_okay": False, "readable": True}


def linkage(
    size: Annotated[int, typer.Option(min=1_000, help="Records a side, invented.")] = 100_000,
    left: Annotated[Path | None, typer.Option(help="A CSV instead.", **_FILE)] = None,
    right: Annotated[Path | None, typer.Option(help="The other; else LEFT alone.", **_FILE)] = None,
    id: Annotated[str, typer.Option(help="Column that names a record.")] = "id",  # noqa: A002
    schema: Annotated[Path | None, typer.Option(help="Linkage schema of LEFT.", **_FILE)] = None,
    truth: Annotated[Path | None, typer.Option(help="CSV of true pairs of ids.", **_FILE)] = None,
    mode: Annotated[str, typer.Option(help="Of invented records: fields or clk.")] = MODES[0],
    json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Link invented records of two agencies, plain and hardened, or two files of your own.

    Half of the invented people are known to both agencies. Precision and recall are also told by
    name culture, sex and age. Quality is at the threshold that was chosen without labels; seconds
    include the keying of both sides. With files, Splink on the raw fields stands beside it where it
    is installed.

    Examples:

        tributary bench linkage --size 1000000

        tributary bench linkage --mode clk

        tributary bench linkage --left a.csv --right b.csv --id rec_id --schema s.yaml
        --truth pairs.csv
    """
    if mode not in MODES:
        raise typer.BadParameter(f"one of {', '.join(MODES)}", param_hint="--mode")
    if left is None:
        from tributary.bench.linkage import county

        answers = {}
        for name, hardened in (("plain", False), ("hardened", True)):
            err.print(f"county, {size:,} records a side, {name}", highlight=False)
            answers[name] = county(size, hardened=hardened, mode=mode)
    elif schema is None or truth is None:
        raise typer.BadParameter("files need --schema and --truth", param_hint="--left")
    else:
        answers = _files(left, right, id, schema, truth)
    if json:
        print_json(answers)
        return
    for name, answer in answers.items():
        out.print(
            f"{name}: precision {answer['precision']:.4f}, recall {answer['recall']:.4f}, "
            f"F1 {answer['f1']:.4f}; seconds {answer['seconds']}",
            highlight=False,
        )
        if expected := answer.get("expected"):
            out.print(
                f"  expected without the truth: precision {expected['precision']:.4f}, "
                f"recall {expected['recall']:.4f}",
                highlight=False,
            )
        for kind, found in answer.get("groups", {}).items():
            out.print(f"  by {kind}: " + "; ".join(map(_group, found)), highlight=False)


def _group(found: dict[str, Any]) -> str:
    quality, mark = found["quality"], " (worse)" if found["worse"] else ""
    return f"{found['group']} {quality['precision']:.3f}/{quality['recall']:.3f}{mark}"


def _files(
    left: Path, right: Path | None, id_column: str, schema: Path, truth: Path
) -> dict[str, Any]:
    from schemas.linkage import load_schema
    from tributary.bench.linkage import SECRET
    from tributary.bench.splink_anchor import installed, splink
    from tributary.link_files import link_files

    with TemporaryDirectory() as scratch:
        secret, pairs = Path(scratch) / "secret", Path(scratch) / "pairs.csv"
        secret.touch(mode=0o600)
        secret.write_bytes(SECRET)
        answers: dict[str, Any] = {
            "tributary": link_files(
                left, right, id_column=id_column, schema=schema, secret_file=secret, out=pairs,
                truth=truth,
            )
        }  # fmt: skip
    if installed():
        found = splink(left, right, id_column, load_schema(schema).kinds, truth)
        answers["splink"] = {
            **asdict(found["chosen"]),
            "best": asdict(found["best"]),
            "seconds": found["seconds"],
        }
    else:
        err.print("Splink is not installed: pip install splink to see it beside", highlight=False)
    return answers
