"""Who is encoded for linkage, by lane and role. Each table is the rule.

Everybody in a delivery has a name; the encoder must have been given the names of those alone who
may be linked (45 CFR 1351.21(a); 34 U.S.C. 12291(b)(2); no suspects: 28 CFR Part 23).
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from schemas.linkage_faults import RHY_BASIS
from schemas.odcs import contracts
from tests.encodings import Encoding, encoding
from tests.hmis import archive, client, enrollment, structure
from tests.rms_exports import VICTIM, export
from tests.workbooks import ADDED, CONSENTED, workbook

__all__ = ["encoding"]
LINKED, NOT = True, False

HMIS = contracts()["county_coc.hmis"]
#: Projects of ``structure()``: ordinary, of a victim service provider, for runaway youth, unlisted.
PLAIN, VSP, RHY, NOWHERE = "P", "PV", "PR", "PX"
CONSENT = {"SignedDate": "2026-01-05", "ExpiresDate": "2027-01-05"}
EXPIRED = {"SignedDate": "2024-01-05", "ExpiresDate": "2025-01-05"}
WITHDRAWN = {**CONSENT, "WithdrawnDate": "2026-02-01"}
NONE: dict[str, str] = {}


def hmis_names(
    encoding: Encoding,
    projects: tuple[str, ...],
    *,
    statistical: bool,
    consent: dict[str, str] | None = None,
    directive: str = "2",
    **more: str,
) -> list[str | None]:
    """Names given to the encoder, of a delivery with a client and somebody else's ordinary stay.

    Without ``consent`` the agency sends no Consent.csv.
    """
    files = structure()
    files["Export"] = [{**export, "ExportDirective": directive} for export in files["Export"]]
    names = {"FirstName": "Canary", "LastName": "Quill"}
    files["Client"] = [client("C", **names, **more), client("D", FirstName="Other", LastName="Oak")]
    files["Enrollment"] = [
        *(enrollment(f"E{n}", "C", project) for n, project in enumerate(projects)),
        enrollment("ED", "D", PLAIN),
    ]
    if consent is not None:
        files["Consent"] = [{"PersonalID": "C", **consent}] if consent else []
    contract = HMIS if statistical else replace(HMIS, statistical_basis=None)
    made = encoding(contract, archive(files))
    return made.given["given_name"]


@pytest.mark.parametrize(
    ("projects", "statistical", "consent", "expected"),
    [
        ((PLAIN,), False, None, LINKED),
        ((PLAIN,), True, None, LINKED),
        # a victim service provider's rows never reach the encoder; who is elsewhere, does by that
        ((VSP,), False, None, NOT),
        ((VSP,), True, None, NOT),
        ((VSP,), False, CONSENT, NOT),
        ((VSP, PLAIN), True, None, LINKED),
        # youth: on their own consent alone, in force; a statistical basis lets rows be stored, not
        # linked, and taints what the client has elsewhere
        ((RHY,), False, None, NOT),
        ((RHY,), True, None, NOT),
        ((RHY, PLAIN), True, None, NOT),
        ((RHY,), True, CONSENT, LINKED),
        ((RHY,), False, CONSENT, LINKED),
        ((RHY,), True, EXPIRED, NOT),
        ((RHY,), False, WITHDRAWN, NOT),
        ((RHY,), True, NONE, NOT),
        # rows of youth without consent are not stored, so the client is one of elsewhere
        ((RHY, PLAIN), False, NONE, LINKED),
        # nothing shows that the client is no such youth
        ((NOWHERE,), True, None, NOT),
        ((NOWHERE, PLAIN), True, None, NOT),
        ((), True, None, NOT),
        ((), False, None, NOT),
    ],
)
def test_hmis_clients(
    encoding: Encoding,
    projects: tuple[str, ...],
    statistical: bool,
    consent: dict[str, str] | None,
    expected: bool,
) -> None:
    names = hmis_names(encoding, projects, statistical=statistical, consent=consent)
    assert sorted(map(str, names)) == (["Canary", "Other"] if expected else ["Other"])


@pytest.mark.parametrize(
    ("statistical", "consent", "expected"),
    [
        # the stay at a youth project may not be among the changes
        (True, None, []),
        # rows of youth without consent are never stored, whatever is left out
        (True, CONSENT, ["Canary", "Other"]),
        (False, None, ["Canary", "Other"]),
    ],
)
def test_an_export_of_changes_shows_of_nobody_that_they_are_no_youth(
    encoding: Encoding,
    statistical: bool,
    consent: dict[str, str] | None,
    expected: list[str],
) -> None:
    names = hmis_names(encoding, (PLAIN,), statistical=statistical, consent=consent, directive="1")
    assert sorted(map(str, names)) == expected


def test_a_deleted_client_is_not_encoded(encoding: Encoding) -> None:
    names = hmis_names(encoding, (PLAIN,), statistical=False, DateDeleted="2026-10-01 08:00:00")
    assert names == ["Other"]


def test_what_the_file_says_of_its_basis_counts_for_nothing(encoding: Encoding) -> None:
    """A column of the agency's that is called like the reader's own."""
    names = hmis_names(encoding, (RHY,), statistical=True, **{RHY_BASIS: "consent"})
    assert names == ["Other"]


def test_youth_are_encoded_on_a_statistical_basis_where_the_contract_says_so(
    encoding: Encoding,
) -> None:
    assert HMIS.linkage is not None
    where = {**HMIS.linkage.where, RHY_BASIS: ("not_rhy", "consent", "statistical")}
    files = structure()
    files["Client"] = [client("C", FirstName="Canary", LastName="Quill")]
    files["Enrollment"] = [enrollment("E", "C", RHY)]
    contract = replace(HMIS, linkage=replace(HMIS.linkage, where=where))
    assert encoding(contract, archive(files)).given["given_name"] == ["Canary"]


RMS = contracts()["harbor_police.rms"]


@pytest.mark.parametrize(
    ("involvement", "expected"),
    [
        ("VIC", LINKED),
        ("Victim", LINKED),
        ("SUS", NOT),
        ("Suspect", NOT),
        ("ARR", NOT),
        ("WIT", NOT),
        ("RP", NOT),
        ("OFF", NOT),
        ("", NOT),
        ("Nobody's role", NOT),
    ],
)
def test_police_link_victims_alone(encoding: Encoding, involvement: str, expected: bool) -> None:
    names = {"First Name": "Canary", "Last Name": "Quill", "DOB": "1990-05-17"}
    rows = [
        {**VICTIM, **names, "Involvement": involvement, "MNI": "7001"},
        {**VICTIM, "Case Number": "25-000999", "Involvement": "VIC", "MNI": "7002"},
    ]
    made = encoding(RMS, io.BytesIO(export(rows)))
    assert ("Canary" in made.given["given_name"]) is expected
    assert made.counts.persons == 1 + expected


HTCDS = contracts()["safe_passage.htcds"]
LINKAGE = "Consent to Linkage"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, LINKED),
        ({"Consent": "No"}, NOT),
        ({"Consent Date": None}, NOT),
        ({"Consent Expiry": "2026-06-01"}, NOT),
        ({"Consent Withdrawn": "2026-06-01"}, NOT),
        # the release says that details may be compared, unless the client struck that out
        ({LINKAGE: "Yes"}, LINKED),
        ({LINKAGE: None}, LINKED),
        ({LINKAGE: "No"}, NOT),
        ({LINKAGE: "only with the clinic"}, NOT),
    ],
)
def test_a_nonprofit_s_clients_are_linked_by_their_release_alone(
    encoding: Encoding, row: dict[str, Any], expected: bool
) -> None:
    added = [*ADDED, *([LINKAGE] if LINKAGE in row else [])]
    sheet = workbook([{**CONSENTED, "First Name": "Canary", **row}], added=added)
    made = encoding(HTCDS, sheet)
    assert made.given["given_name"] == (["Canary"] if expected else [])


def test_a_contract_without_linkage_encodes_nobody(encoding: Encoding) -> None:
    made = encoding(replace(RMS, linkage=None), io.BytesIO(export([VICTIM])))
    assert (made.files, made.given, made.counts.persons) == ((), {}, 0)


def test_a_refused_delivery_encodes_nobody(encoding: Encoding) -> None:
    made = encoding(RMS, io.BytesIO(export([VICTIM])), report={"status": "refused"})
    assert (made.files, made.given, made.counts.persons) == ((), {}, 0)
