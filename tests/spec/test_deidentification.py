"""What becomes of a value on its way out of the agency node.

Each entry is a decision as a contract writes it, and what it makes of values: left what the source
holds, right what leaves. ``None`` is unknown. The same rows are run through the whole policy.
"""

from datetime import date

import pyarrow as pa
import pytest

from anonymize.keys import KeyRing
from anonymize.policy import bind
from schemas.contract import Table
from schemas.vocabulary import OPERATORS, TEXT_OPERATORS
from tests.contracts import contract
from tests.unit.test_policy import decided

RING = KeyRing(bytes(range(32)), "test")

#: Operator, parameters, logical type, {source value: what leaves}.
BEHAVIOUR = [
    ("keep", {}, "string", {"35": "35", " 35 ": "35", "": None, None: None}),
    ("presence", {}, "string", {"2024-03-01": True, "no": True, " ": False, None: False}),
    (
        "age_band",
        {"bands": "ctdc", "unit": "years"},
        "integer",
        {"8": "0--8", "9": "9--17", "17": "9--17", "18": "18--20", "48": "48+", "99": "48+"}
        | {"121": None, "-1": None, "17.5": None, "seventeen": None, None: None},
    ),
    (
        "age_band",
        {"bands": "five_year", "unit": "years"},
        "integer",
        {"0": "00-04", "17": "15-19", "89": "85-89", "90": "90+", "113": "90+"},
    ),
    (
        "age_band",
        {"bands": "ctdc", "unit": "nibrs"},
        "string",
        {"NN": "0--8", "NB": "0--8", "BB": "0--8", "17": "9--17", "99": "48+"}
        # a range has a band where both its ends have the same one
        | {"1317": "9--17", "1618": None, "3038": "30--38", "00": None, "170": None},
    ),
    (
        "minor",
        {"unit": "nibrs"},
        "string",
        {"17": True, "18": False, "1517": True, "1619": None, "2530": False, "00": None},
    ),
    (
        "period",
        {"to": "month"},
        "date",
        {"2024-08-31": date(2024, 8, 1), "2024-02-30": None, "08/31/2024": None, "soon": None},
    ),
    ("period", {"to": "quarter"}, "date", {"2024-08-31": date(2024, 7, 1)}),
    ("period", {"to": "year"}, "timestamp", {"2024-08-31 23:59:59": date(2024, 1, 1)}),
    (
        "zip3",
        {},
        "string",
        {"94103": "941", "94103-1234": "941", "941031234": "941"}
        # fewer than 20,000 people live there
        | {"03601": "000", "82101": "000", "89301-0001": "000"}
        | {"2138": None, "K1A 0B1": None, "00000": None},
    ),
    (
        "recode",
        {"codes": "zip3_restricted", "column": "label"},
        "string",
        {"036": "ZIP codes 036xx", "941": None, "": None},
    ),
    (
        "recode",
        {"codes": "zip3_restricted", "column": "label", "separator": ";"},
        "string",
        {"059;036": ["ZIP codes 059xx", "ZIP codes 036xx"], "036;x;036": ["ZIP codes 036xx"]}
        | {"x;y": None, "": None},
    ),
    ("top_code", {"maximum": 5}, "integer", {"0": 0, "5": 5, "6": 5, "400": 5, "-1": None}),
]


def leaves(fields, rows, column=None):
    """What a table of ``fields`` makes of ``rows``; ``column`` is the output column to look at."""
    policy = bind(contract(Table("T", fields)), RING)
    batch = pa.record_batch({name: pa.array(values, pa.string()) for name, values in rows.items()})
    made = policy.apply("T", batch)
    return made.column(column or fields[0].name).to_pylist()


@pytest.mark.parametrize(("operator", "parameters", "kind", "table"), BEHAVIOUR)
def test_operator(operator, parameters, kind, table):
    field = decided("x", operator, parameters, logical_type=kind)
    assert leaves((field,), {"x": list(table)}) == list(table.values())


def test_every_operator_is_in_this_specification():
    here = {operator for operator, *_ in BEHAVIOUR}
    elsewhere = {"drop", "pseudonym", "county", "h3_cell", *TEXT_OPERATORS}
    assert here | elsewhere == set(OPERATORS)


def test_dropped_field_leaves_no_column():
    fields = (decided("x", "keep"), decided("LastName", "drop", classification="direct-identifier"))
    policy = bind(contract(Table("T", fields)), RING)
    made = policy.apply("T", pa.record_batch({"x": ["1"], "LastName": ["Quillfeather"]}))
    assert made.schema.names == ["x"]


#: Date of birth, reference date, band, minor.
AGES = [
    ("2006-05-10", "2024-05-09", "9--17", True),
    ("2006-05-10", "2024-05-10", "18--20", False),
    # born on 29 February: a year older on 1 March of a common year
    ("2004-02-29", "2022-02-28", "9--17", True),
    ("2004-02-29", "2022-03-01", "18--20", False),
    # born after the reference date, or on a day systems write when they know none
    ("2024-05-11", "2024-05-10", None, None),
    ("1900-01-01", "2019-05-10", None, None),
    ("1901-01-01", "2019-05-10", "48+", False),
    # older than anyone
    ("1895-05-10", "2024-05-10", None, None),
    (None, "2024-05-10", None, None),
    ("2006-05-10", None, None, None),
    ("10.05.2006", "2024-05-10", None, None),
]


@pytest.mark.parametrize(("born", "at", "band", "minor"), AGES)
def test_age_at_a_reference_date(born, at, band, minor):
    rows = {"DOB": [born], "EntryDate": [at]}
    entry = decided("EntryDate", "drop", logical_type="date")
    for operator, parameters, expected in (
        ("age_band", {"bands": "ctdc", "reference": "EntryDate"}, band),
        ("minor", {"reference": "EntryDate"}, minor),
    ):
        born_field = decided("DOB", operator, parameters, logical_type="date")
        assert leaves((born_field, entry), rows) == [expected]


def test_a_field_s_own_date_formats_are_used():
    field = decided(
        "x", "period", {"to": "month"}, logical_type="date", formats=("%d.%m.%Y", "%Y%m%d")
    )
    rows = {"x": ["31.08.2024", "20240831", "2024-08-31"]}
    assert leaves((field,), rows) == [date(2024, 8, 1), date(2024, 8, 1), None]


#: Latitude, longitude, whether a cell leaves.
POSITIONS = [
    ("37.7759", "-122.4180", True),
    ("0", "10.5", True),
    ("0.0", "0.0", False),  # nowhere
    ("91", "10", False),
    ("45", "181", False),
    ("45", None, False),
    ("N45", "10", False),
]


@pytest.mark.parametrize(("north", "east", "known"), POSITIONS)
def test_a_position_leaves_as_a_cell(north, east, known):
    field = decided("lat", "h3_cell", {"with": "lon", "resolution": 5})
    (cell,) = leaves((field, decided("lon", "drop")), {"lat": [north], "lon": [east]})
    assert (cell is not None) == known
    assert cell is None or len(cell) == 15


def test_an_identifier_leaves_as_a_token():
    field = decided(
        "PersonalID", "pseudonym", {"domain": "client"}, classification="direct-identifier"
    )
    one, same, other, blank = leaves((field,), {"PersonalID": ["A-117", " A-117 ", "A-118", None]})
    assert one == same != other
    assert blank is None
    assert len(one) == 32
    assert set(one) <= set("0123456789abcdef")


def test_a_token_of_several_fields_needs_them_all():
    number = decided("number", "pseudonym", {"domain": "incident", "with": ["ori"]})
    rows = {"number": ["21-4", "21-4", "21-4", "1-4"], "ori": ["CA01", "CA02", None, "CA012"]}
    tokens = leaves((number, decided("ori", "keep")), rows)
    assert tokens[2] is None
    assert len({tokens[0], tokens[1], tokens[3]}) == 3
