"""``tributary link``: two files in, pairs out, and a word where a column says nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tributary.cli import app

FIRST = ("MARIA", "JOSEPH", "LINH", "AMARA", "DWAYNE", "ELENA", "HODA", "PETER", "RUTH", "TOMAS")
LAST = ("GARCIA", "OKAFOR", "NGUYEN", "SMITH", "KOWALSKI", "BROWN", "HASSAN", "REYES", "LOPEZ")
SCHEMA = """\
fields:
  - {column: first, kind: given_name}
  - {column: last, kind: surname}
  - {column: born, kind: date}
  - {column: tel, kind: phone}
"""


def person(number: int) -> list[str]:
    born = f"19{60 + number % 40}-{1 + number % 12:02}-{1 + number % 28:02}"
    return [FIRST[number % 10], LAST[number % 9], born, f"555{1_000_000 + number * 7919:07}"]


def written(path: Path, prefix: str, rows: dict[int, list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        to = csv.writer(file)
        to.writerow(["id", "first", "last", "born", "tel"])
        to.writerows([f"{prefix}{number}", *row] for number, row in rows.items())
    return path


def run(folder: Path, *more: str, short: bool = False) -> Result:
    """Links 150 persons with 150, of whom 100 are the same, one in five with a changed name."""
    people = {number: person(number) for number in range(200)}
    if short:
        people = {number: [*row[:3], row[3][-5:]] for number, row in people.items()}
    changed = {
        number: [row[0][:-1], *row[1:]] if number % 5 == 0 else row
        for number, row in people.items()
    }
    left = written(folder / "a.csv", "a", {n: people[n] for n in range(150)})
    right = written(folder / "b.csv", "b", {n: changed[n] for n in range(50, 200)})
    truth = folder / "truth.csv"
    truth.write_text("left,right\n" + "".join(f"a{n},b{n}\n" for n in range(50, 150)), "utf-8")
    schema, secret = folder / "schema.yaml", folder / "secret"
    schema.write_text(SCHEMA, "utf-8")
    secret.touch(mode=0o600)
    secret.write_bytes(bytes(range(32)))
    options = {"left": left, "right": right, "id": "id", "schema": schema, "secret-file": secret,
               "out": folder / "pairs.csv", "truth": truth}  # fmt: skip
    flat = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return CliRunner().invoke(app, ["link", *flat, *more])


def test_pairs_and_figures(tmp_path: Path) -> None:
    result = run(tmp_path, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["precision"] >= 0.98
    assert told["recall"] >= 0.95
    with (tmp_path / "pairs.csv").open(encoding="utf-8") as file:
        pairs = list(csv.DictReader(file))
    assert set(pairs[0]) == {"left_id", "right_id", "score", "decision"}
    matches = [pair for pair in pairs if pair["decision"] == "match"]
    assert len(matches) == told["matches"]
    right = sum(pair["left_id"][1:] == pair["right_id"][1:] for pair in matches)
    assert right / len(matches) == pytest.approx(told["precision"])


def test_a_column_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    result = run(tmp_path, "--json", short=True)
    assert result.exit_code == 0
    assert "warning: tel: hardly any value reads as the kind" in result.stderr
    assert json.loads(result.stdout)["known"]["tel"] < 0.1
    assert "warning" not in run(tmp_path).stderr
