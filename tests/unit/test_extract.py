"""k and l of classes, hierarchies, and the extract that is published."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from anonymize.extracts.classes import check
from anonymize.extracts.extract import Extract, ExtractRequest, extract
from anonymize.extracts.hierarchy import parse, usual
from schemas.codes import code_list
from schemas.errors import ContractError, DeliveryError, PrivacyError
from tributary.cli import app
from tributary.extract_file import extract_file


def people() -> pa.Table:
    """240 invented rows, from a linear congruential generator so that anybody can make them."""
    state, rows = 1, []
    for _ in range(240):
        state = (1103515245 * state + 12345) % 2**31
        n = state >> 8
        rows.append(
            {
                "age": ["minor", "adult", "adult"][n % 3],
                "state": ["98", "99"][n // 3 % 2],
                "gender": ["Woman", "Man", "Trans"][n // 6 % 3 % (1 + n // 18 % 3)],
                "year": f"20{20 + n // 54 % 3}",
                "form": ["sex", "labour", "both", "other"][n // 162 % 4],
                "means": ["debt", "threat", "drugs"][n // 648 % 3],
            }
        )
    return pa.Table.from_pylist(rows)


#: pycanon 1.3.6 on ``people()``: k_anonymity, then l_diversity of form, of means, of both (gen).
PYCANON = [
    ("age", 91, 4, 3, 3),
    ("gender", 26, 4, 3, 3),
    ("year", 73, 4, 3, 3),
    ("age state", 40, 4, 3, 3),
    ("age gender", 8, 3, 3, 3),
    ("age year", 27, 4, 3, 3),
    ("state gender", 12, 4, 3, 3),
    ("state year", 35, 4, 3, 3),
    ("gender year", 8, 3, 3, 3),
    ("age state gender", 4, 1, 1, 1),
    ("age state year", 10, 3, 3, 3),
    ("age gender year", 1, 1, 1, 1),
    ("state gender year", 3, 1, 2, 1),
    ("age state gender year", 1, 1, 1, 1),
]


@pytest.mark.parametrize(("quasi", "k", "form", "means", "both"), PYCANON)
def test_k_and_l_are_those_of_pycanon(quasi: str, k: int, form: int, means: int, both: int) -> None:
    table, names = people(), quasi.split()
    assert check(table, names, k=11).k == k
    assert check(table, names, ["form"], k=11).l == form
    assert check(table, names, ["means"], k=11).l == means
    assert check(table, names, ["form", "means"], k=11).l == both


def test_an_unknown_quasi_identifier_sets_a_row_apart() -> None:
    table = pa.table({"q": ["a", "a", None], "s": ["x", "y", "x"]})
    found = check(table, ["q"], ["s"], k=2)
    assert (found.k, found.l, found.classes, found.rows_below_k) == (1, 1, 2, 1)


def test_an_unknown_sensitive_value_hides_nobody() -> None:
    table = pa.table({"q": ["a", "a", "a"], "s": ["x", None, None]})
    assert check(table, ["q"], ["s"], k=2).l == 1


def test_whoever_knows_one_agency_sees_what_is_left() -> None:
    table = pa.table(
        {"q": ["a"] * 14, "s": ["x"] * 12 + ["y"] * 2, "agency": ["police"] * 12 + ["shelter"] * 2}
    )
    assert (check(table, ["q"], ["s"], k=11).k, check(table, ["q"], ["s"], k=11).l) == (14, 2)
    found = check(table, ["q"], ["s"], k=11, agency="agency")
    assert (found.k, found.l, found.rows_below_k) == (2, 1, 14)


def test_a_class_of_one_agency_is_no_secret_to_it() -> None:
    table = pa.table({"q": ["a"] * 50, "s": ["x", "y"] * 25, "agency": ["police"] * 50})
    found = check(table, ["q"], ["s"], k=11, agency="agency")
    assert (found.k, found.l) == (0, 0)


def test_a_table_without_rows_has_no_class() -> None:
    table = pa.table({"q": pa.array([], pa.string()), "s": pa.array([], pa.string())})
    found = check(table, ["q"], ["s"], k=11)
    assert (found.rows, found.classes, found.k, found.l) == (0, 0, 0, 0)


def test_many_wide_columns_do_not_overflow_the_key() -> None:
    rows = 3000
    each = {
        f"q{i}": pa.array([f"{i}-{(row * (i + 1)) % 2999}" for row in range(rows)])
        for i in range(9)
    }
    twice = pa.concat_tables([pa.table(each)] * 2)
    found = check(twice, list(each), k=2)
    assert (found.k, found.classes) == (2, 2999 + 1 - (rows - 2999))


@pytest.mark.parametrize(
    ("quasi", "sensitive", "error"),
    [
        (("age",), ("age",), PrivacyError),
        (("age", "age"), ("form",), PrivacyError),
        ((), ("form",), PrivacyError),
        (("age",), (), PrivacyError),
        (("age", "gone"), ("form",), DeliveryError),
    ],
)
def test_a_request_without_sense_is_refused(
    quasi: tuple[str, ...], sensitive: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        extract(people(), ExtractRequest(quasi, sensitive))


def test_lists_are_refused_without_their_values() -> None:
    table = pa.table({"q": [["secret"]], "s": ["x"]})
    with pytest.raises(DeliveryError, match="at q") as caught:
        check(table, ["q"], ["s"], k=2)
    assert "secret" not in str(caught.value)


# Hierarchies


def coarse(column: str, value: str) -> list[str | None]:
    return [level.of(value) for level in usual()[column]]


@pytest.mark.parametrize(
    ("column", "value", "levels"),
    [
        ("ageBroad", "9--17", ["0--17", "minor"]),
        ("ageBroad", "18--20", ["18--29", "adult"]),
        ("ageBroad", "48+", ["48+", "adult"]),
        ("age_band", "15-19", ["10-19", "00-19"]),
        ("event_month", "2024-03-01", ["2024-03", "2024-Q1", "2024"]),
        ("event_month", "2024-12", ["2024-12", "2024-Q4", "2024"]),
        ("event_month", "March", [None, None, None]),
        ("yearOfRegistration", "2024", ["2020-2024"]),
        ("county_fips", "99001", ["99"]),
        ("citizenship", "NPL", ["Southern Asia", "Asia"]),
        ("citizenship", "ATA", [None, None]),
        ("gender", "Woman", []),
    ],
)
def test_usual_hierarchies(column: str, value: str, levels: list[str | None]) -> None:
    assert coarse(column, value) == levels


def test_every_country_but_antarctica_lies_in_one_region_of_m49() -> None:
    subregion = code_list("iso_3166").column("subregion")
    region = code_list("iso_3166").column("region")
    assert [code for code, found in subregion.items() if found is None] == ["ATA"]
    pairs = {(subregion[code], region[code]) for code in subregion if code != "ATA"}
    assert (len(pairs), len({sub for sub, _ in pairs})) == (22, 22)
    assert {top for _, top in pairs} == {"Africa", "Americas", "Asia", "Europe", "Oceania"}


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "- {columns: [q]}",
        "- {columns: [q], levels: [{name: x}]}",
        "- {columns: [q], levels: [{name: x, prefix: 0}]}",
        "- {columns: [q], levels: [{name: x, period: decade}]}",
        "- {columns: [q], levels: [{name: x, values: {a: [c], b: [c]}}]}",
        "- {columns: [q], levels: [{name: x, codes: iso_3166, column: planet}]}",
        "- {columns: [q, q], levels: []}",
        "- [",
    ],
)
def test_a_hierarchy_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        parse(text, "h.yaml")


def test_a_level_that_divides_what_was_one_is_refused() -> None:
    bad = parse(
        "- columns: [q]\n  levels:\n"
        "  - {name: a, values: {x: [1, 2]}}\n  - {name: b, values: {y: [1], z: [2]}}\n",
        "h.yaml",
    )
    table = pa.table({"q": ["1", "2"] * 20, "s": ["a", "b", "b", "a"] * 10})
    with pytest.raises(ContractError, match="level b divides"):
        extract(table, ExtractRequest(("q",), ("s",), hierarchies=bad))


# Extracts


def made(rows: int, seed: int = 7) -> pa.Table:
    """Invented victims of three agencies."""
    random = np.random.default_rng(seed)

    def pick(*values: str | None) -> list[str | None]:
        return [values[i] for i in random.integers(0, len(values), rows)]

    return pa.table(
        {
            "ageBroad": pick("0--8", "9--17", "18--20", "30--38", None),
            "county_fips": pick("99001", "99003", "98001", "98005"),
            "citizenship": pick("NPL", "IND", "USA", "MEX", "ZZZ"),
            "exploitation": pick("sex", "labour", "both", None),
            "agency": pick("police", "shelter", "county"),
            "name": [f"Person {i}" for i in range(rows)],
        }
    )


QUASI = ("ageBroad", "county_fips", "citizenship")


def extracted(rows: int = 800, **changes: object) -> Extract:
    given = {"quasi": QUASI, "sensitive": ("exploitation",), **changes}
    return extract(made(rows), ExtractRequest(**given))  # type: ignore[arg-type]


def test_an_extract_holds_what_was_asked() -> None:
    found = extracted()
    again = check(found.table, QUASI, ["exploitation"], k=11)
    assert again == found.figures
    assert again.k >= 11
    assert again.l is not None
    assert again.l >= 2
    assert again.rows == 800 - found.suppressed
    assert found.suppressed <= 40
    assert 0 < found.loss < 1


def test_columns_nobody_decided_on_are_dropped_and_named() -> None:
    found = extracted()
    assert found.table.column_names == [*QUASI, "exploitation"]
    assert found.dropped == ("agency", "name")


def test_the_order_of_rows_says_nothing() -> None:
    table = made(400)
    shuffled = table.take(np.random.default_rng(1).permutation(400))
    request = ExtractRequest(QUASI, ("exploitation",))
    assert extract(table, request).table.equals(extract(shuffled, request).table)


def test_an_extract_for_agencies_holds_without_the_rows_of_any_one() -> None:
    table = made(800)
    plain = extracted()
    found = extracted(agency="agency")
    assert found.loss > plain.loss
    assert "agency" not in found.table.column_names
    # Whoever takes the own rows out of the extract faces k others in every class, and l values.
    published = set(zip(*(found.table[name].to_pylist() for name in QUASI), strict=True))
    for own in ("police", "shelter", "county"):
        left: dict[tuple[str | None, ...], list[str]] = {one: [] for one in published}
        for row in table.to_pylist():
            group = tuple(generalised(name, row[name], found.levels[name]) for name in QUASI)
            if group in published and row["agency"] != own:
                left[group].append(row["exploitation"])
        assert min(len(rows) for rows in left.values()) >= 11
        assert min(len(set(rows) - {None}) for rows in left.values()) >= 2


def generalised(column: str, value: str | None, level: str) -> str | None:
    if level in ("*", "value") or value is None:
        return "*" if level == "*" else value
    return next(one.of(value) or "other" for one in usual()[column] if one.name == level)


def test_a_row_without_agency_stops_the_extract() -> None:
    table = made(50).drop_columns("agency")
    table = table.append_column("agency", pa.array([None] + ["police"] * 49))
    with pytest.raises(PrivacyError, match="row without agency"):
        extract(table, ExtractRequest(QUASI, ("exploitation",), agency="agency"))


def test_an_identifier_named_as_sensitive_is_not_published() -> None:
    with pytest.raises(PrivacyError, match="no extract"):
        extract(made(300), ExtractRequest(QUASI, ("name",)))


def test_a_rare_sensitive_value_becomes_other() -> None:
    table = pa.table({"q": ["a"] * 60, "s": ["x"] * 30 + ["y"] * 25 + ["unique", *["rare"] * 4]})
    found = extract(table, ExtractRequest(("q",), ("s",)))
    assert found.pooled == 5
    assert set(found.table["s"].to_pylist()) == {"x", "y", "other"}


@pytest.mark.parametrize(("rows", "change"), [(8, {}), (300, {"l": 4}), (300, {"k": 301}), (0, {})])
def test_what_cannot_be_reached_yields_nothing(rows: int, change: dict[str, int]) -> None:
    if rows == 0:
        assert extracted(0).table.num_rows == 0
        return
    with pytest.raises(PrivacyError, match="no extract"):
        extracted(rows, **change)


# The command


def command(*words: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, ["extract", *words, "--json"])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


def test_the_command_writes_the_extract_and_says_what_it_took(tmp_path: Path) -> None:
    source, out = tmp_path / "t.csv", tmp_path / "o.csv"
    pacsv.write_csv(made(600), source)
    code, answer = command(
        *(str(source), "--quasi", ",".join(QUASI), "--sensitive", "exploitation"),
        *("--out", str(out), "--max-suppressed", "0.1"),
    )
    assert code == 0
    assert answer["k"] >= 11  # type: ignore[operator]
    assert answer["published"] + answer["suppressed"] == 600  # type: ignore[operator]
    assert set(answer["node"]) == set(QUASI)  # type: ignore[call-overload]
    assert answer["dropped_columns"] == ["agency", "name"]
    content = out.read_text("utf-8")
    assert len(content.splitlines()) == 1 + answer["published"]  # type: ignore[operator]
    assert "Person" not in content + json.dumps(answer)


def test_csv_and_parquet_give_the_same_extract(tmp_path: Path) -> None:
    pacsv.write_csv(made(300), tmp_path / "t.csv")
    pq.write_table(made(300), tmp_path / "t.parquet")
    request = ExtractRequest(QUASI, ("exploitation",), max_suppressed=0.2)
    for suffix in ("csv", "parquet"):
        extract_file(tmp_path / f"t.{suffix}", request, tmp_path / f"o.{suffix}")
    read = pacsv.ConvertOptions(
        column_types=dict.fromkeys(QUASI, pa.string()), strings_can_be_null=True
    )
    found = pacsv.read_csv(tmp_path / "o.csv", convert_options=read)
    assert found.equals(pq.read_table(tmp_path / "o.parquet"))


def test_a_hierarchy_of_ones_own_is_used(tmp_path: Path) -> None:
    (tmp_path / "h.yaml").write_text(
        "- columns: [county_fips]\n  levels: [{name: coast, values: {west: [99001, 98001]}}]\n"
    )
    pacsv.write_csv(made(120), tmp_path / "t.csv")
    _, answer = command(
        *(str(tmp_path / "t.csv"), "--quasi", "county_fips", "--sensitive", "exploitation"),
        *("--hierarchy", str(tmp_path / "h.yaml"), "--out", str(tmp_path / "o.csv"), "--k", "40"),
    )
    assert answer["node"] == {"county_fips": "coast"}
    assert {line.split(",")[0] for line in (tmp_path / "o.csv").read_text().splitlines()[1:]} == {
        '"west"',
        '"other"',
    }


def test_nothing_is_written_where_there_is_no_extract(tmp_path: Path) -> None:
    pacsv.write_csv(made(8), tmp_path / "t.csv")
    with pytest.raises(PrivacyError):
        command(
            *(str(tmp_path / "t.csv"), "--quasi", "ageBroad", "--sensitive", "exploitation"),
            *("--out", str(tmp_path / "o.csv")),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text("secret")
    with pytest.raises(DeliveryError, match="not a Parquet"):
        extract_file(tmp_path / "t.parquet", ExtractRequest(("q",), ("s",)), tmp_path / "o.csv")
