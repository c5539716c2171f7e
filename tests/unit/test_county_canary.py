"""With a sentinel word, every direct identifier of every row carries a sentinel."""

from __future__ import annotations

import re

import pytest

from tests.counties import County, county, field

WORD = "CANARY"


@pytest.fixture(scope="module")
def marked() -> County:
    return county(1_500, 3, sentinel=WORD)


def everything(here: County) -> str:
    """All text of all deliveries, unpacked."""
    parts = ["\n".join(here.lines(n)) for n in range(here.submissions)]
    parts += [str(here.hmis_rows(name.removesuffix(".csv"))) for name in here.hmis_names()]
    parts.append(here.path("eastlake_police.rms").read_text("utf-8"))
    parts += [str(here.rms_rows()), "\n".join(str(row) for row in here.htcds())]
    return "\n".join(parts)


def test_an_ordinary_county_has_no_sentinel() -> None:
    plain = county()
    assert plain.made.sentinels == ()
    text = everything(plain)
    assert WORD not in text
    assert not re.search(r"\(99\d\) |1987-03-29|03/29/1987|\b99\d00\d{4}\b", text)


def test_every_sentinel_stands_in_a_delivery(marked: County) -> None:
    text = everything(marked)
    assert len(marked.made.sentinels) == len(set(marked.made.sentinels)) > 80
    for sentinel in marked.made.sentinels:
        if re.fullmatch(r"990\d{7}", sentinel):  # a telephone's digits alone
            sentinel = f"({sentinel[:3]}) {sentinel[3:6]}-{sentinel[6:]}"
        stands = sentinel in text or sentinel in text.replace("datetime.datetime(1987, 3, 29", "")
        assert stands, sentinel


def test_every_row_of_clients_and_staff_is_marked(marked: County) -> None:
    for name in ("FirstName", "MiddleName", "LastName", "NameSuffix", "PersonalID", "UserID"):
        assert all(row[name].startswith(WORD) for row in marked.hmis("Client")), name
    for row in marked.hmis("Client"):
        assert row["SSN"] in marked.made.sentinels
        assert row["DOB"] in {"", "1987-03-29", "2011-03-29", "CANARYBADDATE"}
    ids = ("EnrollmentID", "PersonalID", "HouseholdID")
    for row in marked.hmis("Enrollment"):
        assert all(row[name].startswith(WORD) for name in ids)
    for row in marked.hmis("ProjectCoC"):
        assert row["Address1"].startswith("CANARYHMISPROJECTCOCADDRESS1")
    for row in marked.hmis("User"):
        assert row["UserLastName"].startswith(WORD)
        assert row["UserPhone"] in marked.made.sentinels


def test_every_number_of_an_incident_or_arrest_is_marked(marked: County) -> None:
    for number in range(marked.submissions):
        for line in marked.lines(number):
            if line[4] != "0":
                assert re.fullmatch(r"CANARY[IB]\d{4}[\d+]", line[25:37])
            if line[4] == "6":
                assert re.fullmatch(r"CANARYT\d{5}", field(line, "number"))


def test_every_row_of_police_and_nonprofit_is_marked(marked: County) -> None:
    header, *rows = marked.rms_rows()
    words = ("Last Name", "First Name", "Alias", "MNI", "OLN", "FBI Number", "State ID", "Email")
    words += ("Home Address", "Registration 1", "Officer of Record", "FullAddress")
    for row in rows:
        if len(row) == len(header):
            cells = dict(zip(header, row, strict=True))
            assert all(cells[name].startswith(WORD) for name in words)
            assert cells["Case Number"].startswith("CANARYCASE") or not cells["Case Number"]
            assert {cells["SSN"], cells["Phone"], cells["Latitude"]} <= set(marked.made.sentinels)
    sheet = marked.htcds()
    labels = sheet[1]
    for row in sheet[2:]:
        if any(row[1:]):
            cells = dict(zip(labels, row, strict=True))
            for name in ("First Name", "Second Name", "Email", "Mailing Street", "Case Number"):
                assert cells[name].startswith(WORD)
            assert cells["Mobile Phone"] in marked.made.sentinels


def test_narratives_name_people_by_their_sentinels(marked: County) -> None:
    header, *rows = marked.rms_rows()
    at = {name: header.index(name) for name in ("Narrative", "First Name", "Last Name")}
    named = [
        row[at["First Name"]] in row[at["Narrative"]]
        or row[at["Last Name"]] in row[at["Narrative"]]
        for row in rows
        if len(row) == len(header) and row[header.index("Involvement")] == "VIC"
    ]
    assert sum(named) > 0.9 * len(named) > 0
    notes = marked.truth("narratives", feed="safe_passage.htcds")
    assert sum(any(span["own"] for span in note["spans"]) for note in notes) > 0.7 * len(notes)


def test_people_stay_different_people(marked: County) -> None:
    names = {(row["FirstName"], row["LastName"]) for row in marked.hmis("Client")}
    assert len(names) > 0.9 * len(marked.hmis("Client"))


def test_hashed_export_carries_the_hash_of_a_sentinel() -> None:
    hashed = county(400, 3, sentinel=WORD, hashed=True)
    for row in hashed.hmis("Client"):
        assert row["FirstName"] in hashed.made.sentinels
        assert re.fullmatch("[0-9a-f]{64}", row["FirstName"])
        assert row["SSN"] in hashed.made.sentinels
