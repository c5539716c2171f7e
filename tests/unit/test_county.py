"""The invented county as a whole: the same again from the same seed, and nobody real in it."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.counties import county
from tributary.county import generate, rates
from tributary.county.misspell import CHANGES, Style, write_down
from tributary.county.people import BOTH, FEMALE, LABOUR, NOT_TRAFFICKED, SEX, invent, years_between

START = date(2025, 1, 1)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    generate(400, 5, tmp_path / "a")
    generate(400, 5, tmp_path / "b")
    first = digests(tmp_path / "a")
    assert first == digests(tmp_path / "b")
    assert len(first) == 17  # ten deliveries, six tables of the truth and its counts


def test_another_seed_is_another_county(tmp_path: Path) -> None:
    generate(400, 5, tmp_path / "a")
    generate(400, 6, tmp_path / "b")
    one, other = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert one.keys() == other.keys()
    assert not [name for name in one if one[name] == other[name]]


def test_an_option_of_one_feed_changes_no_other(tmp_path: Path) -> None:
    generate(400, 5, tmp_path / "a")
    generate(400, 5, tmp_path / "b", hmis_version="2024", hashed=True, monthly=True)
    one, other = digests(tmp_path / "a" / "deliveries"), digests(tmp_path / "b" / "deliveries")
    same = {name for name in one if other.get(name) == one[name]}
    assert {name.split("/")[0] for name in same} == {
        *("eastlake_police.rms", "harbor_police.rms", "safe_passage.htcds"),
        *("haven_house.counts", "open_door.counts"),
    }


def test_truth_is_not_delivered() -> None:
    made = county().made
    delivered = {path for paths in made.paths.values() for path in paths}
    assert all(path.is_file() for path in delivered)
    assert not [path for path in delivered if made.truth in path.parents]
    assert made.truth.parent not in {path.parent for path in delivered}


def test_counts_are_those_of_the_truth() -> None:
    made = county().made
    assert json.loads((made.truth / "counts.json").read_text()) == made.counts
    for name in ("records", "faults"):
        rows = county().truth(name)
        assert rows
        counted = sum(
            count
            for key, count in made.counts.items()
            if (key.endswith(".records")) == (name == "records")
            and not key.endswith((".rows", ".lines"))
        )
        assert len(rows) == counted


@pytest.mark.parametrize(
    ("persons", "options"),
    [
        (99, {}),
        (400, {"start": date(2025, 1, 2)}),
        (400, {"months": 0}),
        (400, {"months": 24}),
        (400, {"sentinel": "toolong"}),
        (400, {"sentinel": "CANARY7"}),
    ],
)
def test_impossible_wishes_are_refused(persons: int, options: dict, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"people|period|sentinel"):
        generate(persons, 1, tmp_path, **options)


@pytest.mark.parametrize("months", [1, 2, 3])
def test_short_periods_and_small_counties_work(months: int, tmp_path: Path) -> None:
    made = generate(100, 3, tmp_path, months=months, monthly=True)
    assert len(made.paths["county_sheriff.nibrs"]) == months


def test_progress_reaches_the_end_of_every_part(tmp_path: Path) -> None:
    seen: dict[str, list[tuple[int, int]]] = {}
    generate(400, 1, tmp_path, progress=lambda part, *at: seen.setdefault(part, []).append(at))
    assert {"rms", "htcds", "nibrs 0", "hmis Client"} <= seen.keys()
    for steps in seen.values():
        done = [at for at, _ in steps]
        assert done == sorted(done)
        assert done[-1] == steps[-1][1]


def test_small_county_has_hundreds_of_rows_in_every_feed() -> None:
    counts = county(2_000, 7).made.counts
    assert counts["county_coc.hmis.Client.rows"] > 300
    assert counts["county_sheriff.nibrs.victim.records"] > 150
    assert counts["harbor_police.rms.involvement.records"] > 300
    assert counts["safe_passage.htcds.case.records"] > 100


# --- nobody real ---------------------------------------------------------------------------------

#: RFC 2606: names that are nobody's.
RESERVED = re.compile(r"(^|\.)example\.(com|net|org)$")
SSN = re.compile(r"9\d\d(0[1-9]|[1-4]\d)\d{4}|x{5}\d{4}")


def test_no_number_could_be_a_social_security_number() -> None:
    """900 to 999 is no SSN; groups 01 to 49 are no ITIN or ATIN either."""
    found = [row["SSN"] for row in county().hmis("Client") if row["SSN"]]
    header, *rows = county().rms_rows()
    at = header.index("SSN")
    found += [row[at] for row in rows if len(row) == len(header) and row[at]]
    found += [person["ssn"] for person in county().people.values()]
    assert len(found) > 3_000
    assert not [number for number in found if not SSN.fullmatch(number)]
    assert len({person["ssn"] for person in county().people.values()}) == len(county().people)


def test_telephones_mail_and_places_are_fictitious() -> None:
    text = county().path("harbor_police.rms").read_text(encoding="utf-8")
    sheet = "\n".join(str(cell) for row in county().htcds() for cell in row if cell)
    for source in (text, sheet):
        assert not re.search(r"\(\d{3}\) (?!555-01\d\d)\d{3}-\d", source)
        assert len(re.findall(r"\(\d{3}\) 555-01\d\d", source)) > 50
        domains = set(re.findall(r"\w@([a-z]+(?:\.[a-z]+)+)", source))
        assert "example.org" in domains
        assert not [name for name in domains if not RESERVED.search(name)]
    zips = {person["zip_code"][:3] for person in county().people.values()}
    assert zips == {"696", "697", "698"}  # no delivery area of the Postal Service


# --- rates ---------------------------------------------------------------------------------------


def test_every_rate_names_its_source() -> None:
    found = {name: rate for name, rate in vars(rates).items() if isinstance(rate, rates.Rate)}
    assert len(found) > 40
    assert not [name for name, rate in found.items() if not 0 < rate < 1 or len(rate.source) < 10]


def test_error_model_of_names_and_dates() -> None:
    people = invent(60_000, 3, START)
    index = np.arange(len(people))
    written = write_down(people, index, np.random.default_rng(1), Style(accents=True))
    expected = {
        "typo": rates.TYPO,
        "names_swapped": rates.NAMES_SWAPPED,
        "dob_missing": rates.DOB_MISSING,
        "moved": rates.MOVED,
    }
    for name, rate in expected.items():
        share = np.mean(written.changes & CHANGES[name] > 0)
        assert share == pytest.approx(rate, abs=0.006), name
    born = people.born.astype("datetime64[D]")
    missing = np.isnat(written.born)
    swapped = written.changes & CHANGES["dob_day_month"] > 0
    assert missing.tolist() == (written.changes & CHANGES["dob_missing"] > 0).tolist()
    assert (written.born != born)[~missing].tolist() == swapped[~missing].tolist()
    assert 0.004 < swapped.mean() < 0.02
    day = written.born[swapped].astype(object)
    true = born[swapped].astype(object)
    for wrong, right in zip(day, true, strict=True):
        assert (wrong.day, wrong.month, wrong.year) == (right.month, right.day, right.year)


def test_unmarked_records_are_as_the_truth_has_them() -> None:
    """A change that is not flagged would spoil every evaluation of linkage."""
    from tributary.county.names import given_names, surnames

    people = invent(5_000, 3, START)
    written = write_down(people, np.arange(5_000), np.random.default_rng(2), Style(accents=True))
    given = given_names().names.to_pylist()
    family = surnames().names.to_pylist()
    clean = np.flatnonzero(written.changes & ~CHANGES["moved"] == 0)
    assert len(clean) > 2_500
    names = list(zip(written.given.to_pylist(), written.surname.to_pylist(), strict=True))
    for i in clean.tolist():
        assert names[i][0] == given[people.given[i]]
        second = people.surname2[i]
        whole = family[people.surname[i]] + (family[second] if second >= 0 else "")
        assert squeezed(names[i][1]) == squeezed(whole)


def squeezed(name: str) -> str:
    """Agencies glue and hyphenate the parts of a name."""
    return re.sub("[ -]", "", name).lower()


def test_people_are_drawn_with_the_stated_shares() -> None:
    people = invent(100_000, 9, START)
    age = people.age(np.arange(len(people)), np.full(len(people), np.datetime64(START)))
    victim = people.kind != NOT_TRAFFICKED
    assert victim.mean() == pytest.approx(rates.VICTIMS, abs=0.005)
    assert (age[victim] < 18).mean() == pytest.approx(rates.VICTIM_MINORS, abs=0.015)
    assert (age[~victim] < 18).mean() == pytest.approx(rates.MINORS, abs=0.01)
    kinds = np.bincount(people.kind, minlength=4) / victim.sum()
    assert kinds[SEX] == pytest.approx(rates.SEX_ONLY, abs=0.02)
    assert kinds[LABOUR] == pytest.approx(rates.LABOUR_ONLY, abs=0.02)
    assert kinds[BOTH] > 0.05
    female = people.sex == FEMALE
    assert female[people.kind == SEX].mean() == pytest.approx(rates.SEX_VICTIMS_FEMALE, abs=0.015)
    teens = (age >= 15) & (age < 18)
    assert teens[victim & (age < 18)].mean() == pytest.approx(rates.OLDER_TEENS, abs=0.03)


def test_ages_are_counted_in_full_years() -> None:
    born = np.array(["2000-02-29", "2000-12-31", "NaT"], "datetime64[D]")
    day = np.array(["2018-02-28", "2019-01-01", "2019-01-01"], "datetime64[D]")
    assert years_between(born, day).tolist() == [17, 18, -1]
