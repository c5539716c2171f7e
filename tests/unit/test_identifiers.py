"""What identifies a record and a delivery, gathered from the raw zone."""

from __future__ import annotations

import os

import pyarrow as pa
import pytest

from anonymize.identifiers import SCOPES, gathered, record_keys
from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from connectors.zones import raw
from connectors.zones.raw import RawZone
from schemas.checks import intake_columns
from schemas.contract import Table
from schemas.errors import PrivacyError
from schemas.vocabulary import IDENTIFIER_KINDS
from tests.contracts import contract
from tests.unit.test_policy import decided


def identifying(name: str, kind: str):
    return decided(name, "drop", classification="direct-identifier", identifies=kind)


CASE = Table(
    "Case",
    (
        decided("Number", "pseudonym", {"domain": "case"}, classification="direct-identifier",
                identifies="case_number"),
        identifying("Given", "given_name"),
        identifying("Middle", "middle_name"),
        identifying("Family", "family_name"),
        identifying("Officer", "full_name"),
        identifying("Alias", "alias"),
        identifying("Phone", "phone"),
        identifying("Home", "address"),
        identifying("Key", "nothing"),
        decided("Text", "redact", {"style": "type"}, classification="free-text"),
    ),
    record=("Number",),
)  # fmt: skip
CONTRACT = contract(CASE, options={"placeholders": ["unk", "n/a"]})
COLUMNS = [field.name for field in CASE.fields]


@pytest.fixture
def zone(tmp_path):
    (tmp_path / "raw/d1").mkdir(parents=True)
    return RawZone(tmp_path / "raw", "d1", os.urandom(32))


def put(zone, *rows, columns=COLUMNS):
    batch = pa.record_batch(
        {
            ROW: pa.array(range(1, len(rows) + 1), pa.int64()),
            ACCEPTED: pa.array([row.get("accepted", True) for row in rows]),
            **{name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns},
        }
    )
    with zone.writer("Case", batch.schema) as writer:
        writer.write(batch)
    return batch


def known(zone, batch, contract=CONTRACT):
    keys = record_keys(contract.table("Case"), batch)
    records = gathered(zone, contract, {"Case": pa.compute.unique(keys).drop_null()}).records[
        "Case"
    ]
    return [set(found or ()) for found in records.of(keys).to_pylist()]


def test_a_row_knows_the_identifiers_of_every_row_of_its_record(zone, monkeypatch):
    monkeypatch.setattr(raw, "ROW_GROUP_ROWS", 2)
    batch = put(
        zone,
        {"Number": "26-1", "Given": "Ada", "Middle": "B", "Family": "Quill", "Phone": "472-0101"},
        {"Number": "26-2", "Given": "Olga", "Home": "7 Elm St"},
        {"Number": "26-3", "Officer": "Ofc. M. Umber"},
        {"Number": "26-1", "Given": "Max", "Family": "Muster", "accepted": False},
        {"Family": "Nobody"},
    )  # fmt: skip
    ada = {"26-1", "Ada", "Quill", "Ada Quill", "Ada B Quill", "472-0101", "Max", "Muster",
           "Max Muster"}  # fmt: skip
    assert known(zone, batch) == [
        ada,
        {"26-2", "Olga", "7 Elm St"},
        {"26-3", "Ofc. M. Umber"},
        ada,
        set(),
    ]


def test_only_the_records_asked_for_are_held(zone):
    put(zone, {"Number": "26-1", "Given": "Ada"}, {"Number": "26-2", "Given": "Olga"})
    found = gathered(zone, CONTRACT, {"Case": pa.array(["26-2"])})
    assert found.records["Case"].keys.to_pylist() == ["26-2"]
    assert set(found.delivery.single_names.to_pylist()) == {"Ada", "Olga"}


def test_placeholders_blanks_and_single_letters_identify_nobody(zone):
    batch = put(
        zone, {"Number": "26-1", "Given": "UNK", "Family": " ", "Alias": "N/A", "Middle": "Q"}
    )
    assert known(zone, batch) == [{"26-1"}]


def test_a_street_is_known_without_its_town(zone):
    batch = put(zone, {"Number": "26-1", "Home": "7 Elm St, Apt 3, Harbor City"})
    assert known(zone, batch) == [{"26-1", "7 Elm St", "7 Elm St, Apt 3, Harbor City"}]


def test_keys_a_reader_makes_are_looked_for_in_no_text(zone):
    batch = put(zone, {"Number": "26-1", "Key": "VIC 26-1 row 1"})
    assert known(zone, batch) == [{"26-1"}]


def test_where_there_are_no_records_each_row_is_one(zone):
    alone = contract(Table("Case", CASE.fields), options=CONTRACT.options)
    batch = put(zone, {"Number": "26-1", "Given": "Ada"}, {"Number": "26-1", "Given": "Olga"})
    assert known(zone, batch, alone) == [{"26-1", "Ada"}, {"26-1", "Olga"}]


def test_a_delivery_s_identifiers_are_told_apart_by_how_they_are_looked_for(zone):
    put(
        zone,
        {"Number": "26-1", "Given": "Ada", "Family": "Quill", "Phone": "472-0101",
         "Home": "7 Elm St", "Alias": "Ace"},
        {"Number": "26-2", "Given": "Ada", "Alias": "Big Max", "accepted": False},
    )  # fmt: skip
    found = gathered(zone, CONTRACT, {}).delivery
    assert set(found.full_names.to_pylist()) == {"Ada Quill", "Big Max"}
    assert sorted(found.single_names.to_pylist()) == ["Ace", "Ada", "Quill"]
    assert found.numbers.to_pylist() == ["472-0101"]
    assert set(found.case_numbers.to_pylist()) == {"26-1", "26-2"}


def test_an_identifying_column_that_was_not_read_stops_everything(zone):
    put(zone, {"Number": "26-1"}, columns=[name for name in COLUMNS if name != "Phone"])
    with pytest.raises(PrivacyError, match="raw file Case lacks Phone"):
        gathered(zone, CONTRACT, {})


def test_every_kind_of_identifier_has_a_scope():
    assert {*SCOPES, "nothing"} == set(IDENTIFIER_KINDS)


def test_identifiers_are_read_only_where_text_leaves():
    read = set(intake_columns(CONTRACT)["Case"])
    assert read == set(COLUMNS) - {"Key"}
    fields = tuple(
        decided("Text", "indicators", classification="free-text") if one.name == "Text" else one
        for one in CASE.fields
    )
    coded = contract(Table("Case", fields, record=("Number",)))
    assert set(intake_columns(coded)["Case"]) == {"Number", "Text"}


def test_a_copy_is_not_read_twice():
    copy = decided("Codes", "indicators", copy_of="Text", classification="free-text")
    table = Table("Case", (CASE.fields[-1], copy))
    assert intake_columns(contract(table))["Case"] == ("Text",)


def test_no_description_shows_what_is_known(zone):
    batch = put(zone, {"Number": "26-1", "Given": "Quillfeather"})
    found = gathered(zone, CONTRACT, {"Case": record_keys(CASE, batch)})
    assert "Quillfeather" not in f"{found!r} {found.delivery!r} {found.records['Case']!r}"
