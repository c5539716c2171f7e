"""``tributary release``: records in, a table that gives nobody away out."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.testing import CliRunner

from schemas.errors import DeliveryError, SettingsError
from tributary.cli import app

Run = Callable[..., Result]
COUNTS = {(a, b): 40 + len(a) for a in ("north", "south", "east") for b in ("f", "m", "")}
SECRET = "Gonzalez"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    path = tmp_path / "records.csv"
    counts = COUNTS | {("north", "m"): 4}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "area", "sex", "pay", "agency"])
        for number, (key, count) in enumerate(counts.items()):
            for one in range(count):
                writer.writerow([f"{number}-{one}", *key, 10 + one % 3, "AB"[one % 2]])
    return path


@pytest.fixture
def run(records: Path, tmp_path: Path) -> Run:
    def run(*arguments: str, path: Path = records) -> Result:
        out = () if "--out" in arguments else ("--out", str(tmp_path / "out.csv"))
        return CliRunner().invoke(app, ["release", str(path), *arguments, *out])

    return run


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_a_cell_margins_included(run: Run, tmp_path: Path) -> None:
    result = run("--dimensions", "area,sex", "--json")
    assert result.exit_code == 0, result.exception
    answer = json.loads(result.stdout)
    found = rows(tmp_path / "out.csv")
    assert list(found[0]) == ["area", "sex", "count", "status"]
    by_key = {(row["area"], row["sex"]): row for row in found}
    assert len(by_key) == answer["cells"] == 4 * 4
    assert by_key["*", "*"]["count"] == str(sum(COUNTS.values()) - 41)
    assert by_key["north", "m"] == {
        "area": "north",
        "sex": "m",
        "count": "",
        "status": "suppressed",
    }
    assert by_key["south", "unknown"]["count"] in ("45", "")
    assert answer["suppressed"] == 4 == sum(row["count"] == "" for row in found)
    assert answer["exactly_recoverable"] == 0
    assert answer["narrowest_interval"] >= 11
    assert 0 < answer["records_hidden_share"] < 1
    assert answer["seconds"]["all"] > 0


def test_the_audit_is_the_stewards_alone(run: Run, tmp_path: Path) -> None:
    audit = tmp_path / "audit.csv"
    assert run("--dimensions", "area,sex", "--audit", str(audit)).exit_code == 0
    assert stat.S_IMODE(audit.stat().st_mode) == 0o600
    (small,) = [row for row in rows(audit) if row["reason"] == "small"]
    assert small["true_count"] == "4"
    assert int(small["lower"]) <= 4 <= int(small["upper"])
    assert "true_count" not in rows(tmp_path / "out.csv")[0]


def test_parquet_in_and_out(run: Run, tmp_path: Path, records: Path) -> None:
    assert run("--dimensions", "area,sex").exit_code == 0
    table = {name: [row[name] or None for row in rows(records)] for name in ("area", "sex")}
    path, out = tmp_path / "records.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table(table), path)
    assert run("--dimensions", "area,sex", "--out", str(out), path=path).exit_code == 0
    as_text = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in pq.read_table(out).to_pylist()
    ]
    assert as_text == rows(tmp_path / "out.csv")


def test_margins_sums_and_contributors(run: Run, tmp_path: Path) -> None:
    arguments = ("--margins", "area,sex;area;*", "--measure", "pay", "--contributors", "agency")
    result = run("--dimensions", "area,sex", *arguments, "--json")
    assert result.exit_code == 0, result.exception
    found = rows(tmp_path / "out.csv")
    assert {(row["area"] == "*", row["sex"] == "*") for row in found} == {
        (False, False),
        (False, True),
        (True, True),
    }
    for row in found:
        assert (row["count"] == "") == (row["pay"] == "")
    assert json.loads(result.stdout)["narrowest_interval_of_a_contributor"] >= 3


@pytest.mark.parametrize("file", ["out.csv", "audit.csv"])
def test_an_earlier_release_is_held_against_the_new_one(
    run: Run, tmp_path: Path, records: Path, file: str
) -> None:
    assert run("--dimensions", "area,sex", "--audit", str(tmp_path / "audit.csv")).exit_code == 0
    former = tmp_path / "former.csv"
    (tmp_path / file).rename(former)
    with records.open("a", encoding="utf-8") as lines:
        lines.write("new,south,f,10,A\n")
    assert run("--dimensions", "area,sex", "--previous", str(former)).exit_code == 0
    names = ("area", "sex", "count", "status")
    told = [{name: row[name] for name in names} for row in rows(former)]
    assert rows(tmp_path / "out.csv") == told


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--dimensions", "area,county"), "COLUMN-MISSING at county"),
        (("--dimensions", ","), "RELEASE-DIMENSIONS"),
        (("--dimensions", "area", "--measure", "id"), "RELEASE-MEASURE at id: a value is no"),
        (("--dimensions", "area", "--measure", "area"), "RELEASE-MEASURE at area"),
        (("--dimensions", "area", "--margins", "sex"), "RELEASE-MARGINS"),
        (("--dimensions", "area,sex", "--within", "sex:area"), "RELEASE-WITHIN at sex"),
        (("--dimensions", "area,sex", "--within", "sex"), "RELEASE-WITHIN"),
        (("--dimensions", "area", "--min-cell", "1"), "RELEASE-MINIMUM"),
        (("--dimensions", "area", "--contributors", "sex"), "RELEASE-CONTRIBUTORS at sex"),
    ],
)
def test_what_is_wrong_is_said_without_a_value(run: Run, given: tuple[str, ...], says: str) -> None:
    result = run(*given)
    assert isinstance(result.exception, DeliveryError)
    assert str(result.exception).startswith(says)
    assert "north" not in str(result.exception)
    assert "0-1" not in str(result.exception)


@pytest.mark.parametrize("value", ["*", "unknown"])
def test_signs_are_not_mistaken_for_values(run: Run, tmp_path: Path, value: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(f"area\n{SECRET}\n{value}\n", encoding="utf-8")
    result = run("--dimensions", "area", path=path)
    assert isinstance(result.exception, DeliveryError)
    assert str(result.exception).startswith("RELEASE-VALUE at area: ")
    assert SECRET not in str(result.exception)


@pytest.mark.parametrize("content", [b"area\nGonz\xe1lez\n", b"area\n1,2\n", b""])
def test_a_file_that_is_no_csv(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    result = run("--dimensions", "area", path=path)
    assert isinstance(result.exception, DeliveryError)
    assert "1,2" not in str(result.exception)


def test_nothing_is_written_over_what_is_read(run: Run, records: Path) -> None:
    before = records.read_bytes()
    result = run("--dimensions", "area", "--out", str(records))
    assert isinstance(result.exception, SettingsError)
    assert records.read_bytes() == before


def test_the_audit_knows_what_each_agency_knew(run: Run, tmp_path: Path, records: Path) -> None:
    """Fifteen come in, three of them not A's."""
    former, by = tmp_path / "former.csv", ("--dimensions", "area,sex", "--contributors", "agency")
    assert run(*by, "--audit", str(former)).exit_code == 0
    (south,) = [row for row in rows(former) if (row["area"], row["sex"]) == ("south", "f")]
    assert json.loads(south["known"]) == json.loads(south["known_shown"]) == {"A": 23, "B": 22}
    with records.open("a", encoding="utf-8") as lines:
        lines.writelines(f"n{one},south,f,10,{'A' * (one > 2) or 'B'}\n" for one in range(15))
    assert run(*by, "--previous", str(former)).exit_code == 0
    told = {(row["area"], row["sex"]): row["count"] for row in rows(tmp_path / "out.csv")}
    assert told["south", "f"] == south["count"] == "45"  # 12 are A's own: it would learn of 3


@pytest.mark.parametrize("column", ["known", "true_count"])
def test_an_audit_that_was_changed(run: Run, tmp_path: Path, column: str) -> None:
    former, by = tmp_path / "former.csv", ("--dimensions", "area,sex", "--contributors", "agency")
    assert run(*by, "--audit", str(former)).exit_code == 0
    changed = [row | {column: "[x]"} for row in rows(former)]
    with former.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(changed[0]))
        writer.writeheader()
        writer.writerows(changed)
    assert str(run(*by, "--previous", str(former)).exception).startswith("RELEASE-PREVIOUS")


def test_an_earlier_release_of_another_table(run: Run, records: Path) -> None:
    result = run("--dimensions", "area", "--previous", str(records))
    assert str(result.exception).startswith("RELEASE-PREVIOUS")


def test_no_records_are_a_table_of_nobody(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("area,sex\n", encoding="utf-8")
    assert run("--dimensions", "area,sex", path=path).exit_code == 0
    assert rows(tmp_path / "out.csv") == [{"area": "*", "sex": "*", "count": "0", "status": "zero"}]
