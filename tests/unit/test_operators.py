"""Operators, one by one, at their edges."""

import hashlib
from datetime import date

import pyarrow as pa
import pytest

from anonymize.operators.age import (
    BANDS,
    age_band,
    completed_years,
    minor,
    nibrs_years,
    stated_years,
)
from anonymize.operators.category import recode, top_code
from anonymize.operators.dates import dates, period
from anonymize.operators.identity import keep, presence, pseudonym
from anonymize.operators.place import county, h3_cell, zip3
from anonymize.operators.registry import REGISTRY
from schemas.codes import code_list
from schemas.vocabulary import OPERATORS

KEY = bytes(range(32))


def text(*values):
    return pa.array(values, pa.string())


def days(*values):
    return pa.array([date.fromisoformat(v) if v else None for v in values], pa.date32())


def test_the_registry_is_the_vocabulary():
    assert {"drop", *REGISTRY} == set(OPERATORS)


# --- identity ------------------------------------------------------------------------------------


def test_keep_and_presence():
    given = text("a", " a ", "", "  ", None)
    assert keep(given).to_pylist() == ["a", "a", None, None, None]
    assert presence(given).to_pylist() == [True, True, False, False, False]


def test_pseudonym_is_keyed_blake2b():
    expected = hashlib.blake2b(b"5:A-117", key=KEY, digest_size=16).hexdigest()
    assert pseudonym([text("A-117")], KEY).to_pylist() == [expected]


def test_pseudonym_of_blank_is_null_and_of_equal_values_equal():
    tokens = pseudonym([text("x", None, "", " ", " x ", "y", "x")], KEY).to_pylist()
    assert tokens[1:4] == [None, None, None]
    assert tokens[0] == tokens[4] == tokens[6] != tokens[5]


def test_pseudonym_sees_one_unicode_form():
    composed, decomposed, wide = "Jos\u00e9", "Jose\u0301", "\uff2a\uff4f\uff53\u00e9"
    assert len(set(pseudonym([text(composed, decomposed, wide)], KEY).to_pylist())) == 1


def test_pseudonym_parts_do_not_run_together():
    first = text("a", "ab", "2:bc", "a", None)
    second = text("bc", "c", "", None, "a")
    tokens = pseudonym([first, second], KEY).to_pylist()
    assert tokens[0] != tokens[1]
    assert tokens[2:] == [None, None, None]
    assert pseudonym([text("a")], KEY).to_pylist()[0] != tokens[0]
    assert (
        pseudonym([text("a1:b")], KEY).to_pylist()
        != pseudonym([text("a"), text("b")], KEY).to_pylist()
    )


def test_pseudonym_under_another_key_is_another():
    assert pseudonym([text("x")], KEY) != pseudonym([text("x")], bytes(32))


def test_pseudonym_of_many_parts():
    tokens = pseudonym([text("21-004", "21-004"), text("CA0190000", "CA0190001")], KEY)
    message = b"6:21-0049:CA0190000"
    expected = hashlib.blake2b(message, key=KEY, digest_size=16).hexdigest()
    assert tokens.to_pylist()[0] == expected
    assert len(set(tokens.to_pylist())) == 2


# --- dates and ages ------------------------------------------------------------------------------


def test_dates_that_are_none_are_null():
    given = text("2024-02-29", "2023-02-29", "2024-02-30", "2024-13-01", "20240101", "x", "", None)
    assert dates(given, ["%Y-%m-%d"]).to_pylist() == [date(2024, 2, 29)] + [None] * 7


def test_dates_take_the_first_format_that_fits():
    given = text("2024-01-05", "01/05/2024", "2024-01-05 23:59:59")
    formats = ["%Y-%m-%d", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S"]
    assert dates(given, formats).to_pylist() == [date(2024, 1, 5)] * 3


@pytest.mark.parametrize(
    ("to", "expected"),
    [("month", "2024-08-01"), ("quarter", "2024-07-01"), ("year", "2024-01-01")],
)
def test_period_is_its_first_day(to, expected):
    found = period(days("2024-08-31", None), to)
    assert found.to_pylist() == [date.fromisoformat(expected), None]
    assert found.type == pa.date32()


@pytest.mark.parametrize(
    ("born", "at", "age"),
    [
        ("2006-05-10", "2024-05-09", 17),
        ("2006-05-10", "2024-05-10", 18),
        ("2004-02-29", "2022-02-28", 17),
        ("2004-02-29", "2022-03-01", 18),
        ("2004-02-29", "2024-02-29", 20),
        ("2006-12-31", "2024-01-01", 17),
        ("2024-05-10", "2024-05-10", 0),
        ("2024-05-11", "2024-05-10", -1),  # born after the reference date
        ("1900-01-01", "1990-05-10", -1),  # a sentinel, though the age were possible
        ("1899-12-30", "1990-05-10", -1),
        ("1900-01-02", "1990-05-10", 90),
        ("1903-05-10", "2024-05-09", 120),
        ("1903-05-10", "2024-05-10", -1),  # 121
        (None, "2024-05-10", -1),
        ("2006-05-10", None, -1),
    ],
)
def test_completed_years(born, at, age):
    assert completed_years(days(born), days(at)).low.tolist() == [age]


@pytest.mark.parametrize(
    ("code", "low", "high"),
    [
        ("NN", 0, 0),
        ("NB", 0, 0),
        ("BB", 0, 0),
        ("00", -1, -1),
        ("01", 1, 1),
        ("17  ", 17, 17),
        ("98", 98, 98),
        ("99", 99, 99),
        ("2530", 25, 30),
        ("3025", -1, -1),
        ("0005", -1, -1),
        ("2500", -1, -1),
        ("170", -1, -1),
        ("7", -1, -1),
        ("1 7", -1, -1),
        ("-17", -1, -1),
        ("\u0661\u0667", -1, -1),  # digits of another script
        ("NN17", -1, -1),
        ("nn", -1, -1),
        ("17180", -1, -1),
        ("", -1, -1),
        (None, -1, -1),
    ],
)
def test_nibrs_years(code, low, high):
    ages = nibrs_years(text("30", code, None))
    assert (ages.low[1], ages.high[1]) == (low, high)
    assert (ages.low[0], ages.low[2]) == (30, -1)


@pytest.mark.parametrize(
    ("given", "age"),
    [("17", 17), (" 8 ", 8), ("120", 120), ("121", -1), ("17.5", -1), ("-1", -1), ("", -1)],
)
def test_stated_years(given, age):
    assert stated_years(text(given)).low.tolist() == [age]


CTDC = {
    0: "0--8", 8: "0--8", 9: "9--17", 17: "9--17", 18: "18--20", 20: "18--20", 21: "21--23",
    23: "21--23", 24: "24--26", 26: "24--26", 27: "27--29", 29: "27--29", 30: "30--38",
    38: "30--38", 39: "39--47", 47: "39--47", 48: "48+", 120: "48+",
}  # fmt: skip
FIVE = {0: "00-04", 4: "00-04", 5: "05-09", 85: "85-89", 89: "85-89", 90: "90+", 99: "90+"}


@pytest.mark.parametrize(("bands", "expected"), [("ctdc", CTDC), ("five_year", FIVE)])
def test_age_bands(bands, expected):
    found = age_band(stated_years(text(*map(str, expected))), bands)
    assert found.to_pylist() == list(expected.values())
    assert set(expected.values()) <= set(BANDS[bands][1])


def test_a_range_has_a_band_only_inside_one():
    ages = nibrs_years(text("2426", "2427", "1718", "9099", "0917", "00"))
    assert age_band(ages, "ctdc").to_pylist() == ["24--26", None, None, "48+", "9--17", None]
    assert age_band(ages, "five_year").to_pylist() == [None, None, "15-19", "90+", None, None]


def test_minor_is_null_where_it_may_be_either():
    ages = nibrs_years(text("17", "18", "1517", "1720", "1820", "NN", "99", "00", None))
    assert minor(ages).to_pylist() == [True, False, True, None, False, True, False, None, None]


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("94103", "941"),
        ("94103-1234", "941"),
        ("941031234", "941"),
        (" 94103 ", "941"),
        ("03601", "000"),
        ("89301-0001", "000"),
        ("20401", "000"),
        ("2138", None),  # a lost leading zero
        ("9410", None),
        ("94103-12", None),
        ("94103 1234", None),
        ("K1A 0B1", None),
        ("00000", None),
        ("\uff19\uff14\uff11\uff10\uff13", None),
        ("", None),
        (None, None),
    ],
)
def test_zip3(given, expected):
    restricted = pa.array(code_list("zip3_restricted").members)
    assert zip3(text(given), restricted).to_pylist() == [expected]


def test_zip3_list_is_the_union_of_the_published_ones():
    """Census 2000 (HHS guidance), Census 2010, and a longer public list of 2010."""
    of_2000 = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"
    of_2010 = "036 059 102 203 205 369 556 692 821 823 878 879 884 893"
    elsewhere = "202 204 753 772"
    listed = code_list("zip3_restricted")
    assert set(listed.members) == set(f"{of_2000} {of_2010} {elsewhere}".split())
    for column, known in (("census_2000", of_2000), ("census_2010", of_2010)):
        marked = {code for code, mark in listed.column(column).items() if mark}
        assert marked == set(known.split())


def test_county_is_looked_up():
    fips = {"A": "06001", "B": None}
    assert county(text("A", " A ", "B", "C", None), fips).to_pylist() == ["06001"] * 2 + [None] * 3


def test_h3_cell_of_a_known_position():
    cells = h3_cell(
        text("37.775938728915946", " 37.7759 "), text("-122.41795063018799", "-122.418"), 5
    )
    assert cells.to_pylist() == ["85283083fffffff"] * 2


@pytest.mark.parametrize(
    ("north", "east"),
    [
        ("0", "0"), ("0.0", "-0.000"), ("90.1", "0"), ("-91", "5"), ("45", "180.5"), ("45", ""),
        (None, "5"), ("45", None), ("x", "5"), ("4.5e1", "5"), ("nan", "5"), ("inf", "5"),
        ("45 5", "5"), ("45", "5 6"), ("45,5", "5"), ("999", "999"),
    ],
)  # fmt: skip
def test_h3_cell_of_no_position_is_null(north, east):
    assert h3_cell(text("10", north), text("10", east), 5).is_valid().to_pylist() == [True, False]


def test_h3_cell_on_the_equator_is_known():
    assert h3_cell(text("0", "10", "90"), text("10", "0", "180"), 3).null_count == 0


# --- categories ----------------------------------------------------------------------------------

MAPPING = {"1": "yes", "0": "no", "9": None, "2": "yes"}


def test_recode():
    assert recode(text("1", " 0", "9", "7", None), MAPPING).to_pylist() == [
        "yes",
        "no",
        *[None] * 3,
    ]


def test_recode_of_a_multi_select():
    given = text("1;0", "0; 1 ;1", "2;1", "7;1", "9", "7;;", "", None, ";")
    found = recode(given, MAPPING, ";")
    assert found.to_pylist() == [["yes", "no"], ["no", "yes"], ["yes"], ["yes"], *[None] * 5]
    assert found.type == pa.list_(pa.string())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0", 0), ("4", 4), ("5", 5), ("6", 5), ("999999999", 5), ("007", 5), (" 3 ", 3),
        ("-1", None), ("1.0", None), ("9999999999", None), ("x", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_top_code(given, expected):
    assert top_code(text(given), 5).to_pylist() == [expected]


# --- every operator ------------------------------------------------------------------------------

EVERY = {
    "keep": keep,
    "presence": presence,
    "pseudonym": lambda v: pseudonym([v], KEY),
    "pseudonym of two": lambda v: pseudonym([v, v], KEY),
    "dates": lambda v: dates(v, ["%Y-%m-%d", "%d%m%Y"]),
    "nibrs": lambda v: age_band(nibrs_years(v), "ctdc"),
    "years": lambda v: minor(stated_years(v)),
    "age": lambda v: age_band(completed_years(dates(v, ["%Y-%m-%d"]), dates(v, ["%Y"])), "ctdc"),
    "zip3": lambda v: zip3(v, text("036")),
    "county": lambda v: county(v, {"A": "06001"}),
    "h3_cell": lambda v: h3_cell(v, v, 4),
    "recode": lambda v: recode(v, MAPPING),
    "recode of many": lambda v: recode(v, MAPPING, ";"),
    "top_code": lambda v: top_code(v, 3),
}


@pytest.mark.parametrize("name", EVERY)
def test_no_rows_and_no_values(name):
    function = EVERY[name]
    assert len(function(text())) == 0
    assert len(function(text(None, None))) == 2
    whole = function(text("1", "b", None, "1"))
    assert function(text("x", "1", "b", None, "1").slice(1)).equals(whole), "sliced input"
    assert function(text()).type == whole.type == function(text(None)).type
