"""HMIS to core: what is derived from answers, and what stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymize.outputs import output_schema
from tests.hmis import contract
from warehouse.mapping import mapped

Rows = list[dict[str, Any]]


def token(name: str) -> str:
    return name.encode().hex().ljust(32, "0")


CLIENT = {"client_token": token("c"), "deleted": False}
ENROLLMENT = {
    "enrollment_token": token("e"),
    "client_token": token("c"),
    "project_token": token("p"),
    "entry_month": date(2026, 3, 1),
    "deleted": False,
}
EXIT = {"enrollment_token": token("e"), "exit_month": date(2026, 6, 1), "deleted": False}


@pytest.fixture
def core(tmp_path: Path) -> Any:
    def run(view: str, **tables: Rows) -> Rows:
        given: Mapping[str, Rows] = {"Client": [CLIENT], "Enrollment": [ENROLLMENT], **tables}
        files = {}
        for name, rows in given.items():
            schema = output_schema(contract().table(name))
            assert {key for row in rows for key in row} <= set(schema.names)
            files[name] = [tmp_path / f"{name}.parquet"]
            pq.write_table(pa.Table.from_pylist(rows, schema), files[name][0])
        with mapped(contract(), files) as found:
            return [row for batch in found.batches(view) for row in batch.to_pylist()]

    return run


# answers -> sex_trafficking_indicator, labour_trafficking_indicator
ANSWERS: dict[str, tuple[dict[str, Any], int | None, int | None]] = {
    "not asked": ({}, None, None),
    "did not know, would not say, was not asked": (
        {"ExchangeForSex": "8", "CoercedToContinueWork": "9", "WorkplaceViolenceThreats": "99"},
        *(None, None),
    ),
    "no exchange for sex": ({"ExchangeForSex": "0"}, 0, None),
    "asked or forced": ({"ExchangeForSex": "1", "AskedOrForcedToExchangeForSex": "1"}, 1, None),
    "asked or forced lately": ({"AskedOrForcedToExchangeForSexPastThreeMonths": "1"}, 1, None),
    "asked or forced, against a first no": (
        {"ExchangeForSex": "0", "AskedOrForcedToExchangeForSex": "1"},
        *(1, None),
    ),
    "a minor's exchange": ({"ExchangeForSex": "1", "minor_at_exit": True}, 1, None),
    "an adult's exchange, unforced": (
        {
            "ExchangeForSex": "1",
            "AskedOrForcedToExchangeForSex": "0",
            "minor_at_exit": False,
        },
        *(None, None),
    ),
    "an exchange at an unknown age": ({"ExchangeForSex": "1"}, None, None),
    "coerced to work": ({"CoercedToContinueWork": "1"}, None, 1),
    "threatened at work": (
        {"WorkplaceViolenceThreats": "1", "CoercedToContinueWork": "0"},
        *(None, 1),
    ),
    "neither coerced nor threatened": (
        {"WorkplaceViolenceThreats": "0", "CoercedToContinueWork": "0"},
        *(None, 0),
    ),
    "not coerced, threats unknown": ({"CoercedToContinueWork": "0"}, None, None),
    "promises were broken, no more": ({"WorkplacePromiseDifference": "1"}, None, None),
}


@pytest.mark.parametrize(("answers", "sex", "labour"), ANSWERS.values(), ids=ANSWERS)
def test_indicators(
    core: Any, answers: dict[str, Any], sex: int | None, labour: int | None
) -> None:
    tables = {"Exit": [{**EXIT, **answers}]}
    [link] = core("victim_event", **tables)
    assert link["sex_trafficking_indicator"] == sex
    assert link["labour_trafficking_indicator"] == labour
    [event] = core("event", **tables)
    assert (event["isSexualExploit"], event["isForcedLabour"]) == (sex, labour)
    assert event["trafficking_status"] == ("possible" if 1 in (sex, labour) else None)
    [victim] = core("victim", **tables)
    assert (victim["isSexualExploit"], victim["isForcedLabour"]) == (sex, labour)


def test_an_enrolment_is_an_event_and_its_exit_ends_it(core: Any) -> None:
    enrollment = {**ENROLLMENT, "coc_code": "xx-501", "referral_source": "hotline"}
    [event] = core("event", Enrollment=[enrollment], Exit=[EXIT])
    assert event == {
        "event_token": rf"\x{token('e')}",
        "event_type": "enrollment",
        "event_month": date(2026, 3, 1),
        "end_month": date(2026, 6, 1),
        "state": "XX",
        "coc_code": "XX-501",
        "trafficking_status": None,
        "isForcedLabour": None,
        "isSexualExploit": None,
        "referral_source": "hotline",
        "service_status": "Closed",
    }
    [event] = core("event")
    assert (event["end_month"], event["service_status"]) == (None, "Active")


@pytest.mark.parametrize(
    ("fields", "gender"),
    [
        ({"sex": "Woman"}, "Woman"),
        ({"sex": "Man"}, "Man"),
        ({}, None),
        ({"Woman": "1", "Man": "0"}, "Woman"),
        ({"Man": "1"}, "Man"),
        ({"Woman": "1", "Transgender": "1"}, "Trans/Transgender/NonConforming"),
        ({"Woman": "1", "Man": "1"}, "Trans/Transgender/NonConforming"),
        ({"NonBinary": "1"}, "Trans/Transgender/NonConforming"),
        ({"CulturallySpecific": "1"}, "Trans/Transgender/NonConforming"),
        ({"Questioning": "1"}, None),
        ({"Woman": "0", "Man": "0"}, None),
    ],
)
def test_gender_of_both_versions(core: Any, fields: dict[str, str], gender: str | None) -> None:
    [victim] = core("victim", Client=[{**CLIENT, **fields}])
    assert victim["gender"] == gender


@pytest.mark.parametrize(
    ("fields", "race", "ethnicity"),
    [
        ({"White": "1", "HispanicLatinao": "0"}, "white", "not_hispanic"),
        ({"White": "1", "Asian": "1", "HispanicLatinao": "0"}, "multiple", "not_hispanic"),
        ({"White": "0", "HispanicLatinao": "1"}, None, "hispanic"),
        ({"White": "0", "HispanicLatinao": "0"}, None, None),
        ({"White": "99", "HispanicLatinao": "99"}, None, None),
    ],
)
def test_race(core: Any, fields: dict[str, str], race: str | None, ethnicity: str | None) -> None:
    [victim] = core("victim", Client=[{**CLIENT, **fields}])
    assert (victim["race"], victim["ethnicity"]) == (race, ethnicity)


def test_a_client_is_described_as_of_the_first_stay_and_by_all_answers(core: Any) -> None:
    first = {**ENROLLMENT, "enrollment_token": token("e1"), "entry_month": date(2024, 5, 1)}
    tables = {
        "Enrollment": [
            {**ENROLLMENT, "age_broad": "18--20", "age_band": "15-19"},
            {**first, "age_broad": "9--17", "age_band": "15-19", "minor_at_entry": True},
        ],
        "Exit": [
            {**EXIT, "ExchangeForSex": "0", "WorkplacePromiseDifference": "0"},
            {
                **EXIT,
                "enrollment_token": token("e1"),
                "AskedOrForcedToExchangeForSex": "1",
                "WorkplacePromiseDifference": "99",
            },
        ],
    }
    [victim] = core("victim", **tables)
    assert victim["yearOfRegistration"] == 2024
    assert (victim["ageBroad"], victim["age_band"]) == ("9--17", "15-19")
    assert (victim["isSexualExploit"], victim["typeOfSexProstitution"]) == (1, 1)
    assert (victim["meansFalsePromises"], victim["meansThreats"]) == (0, None)
    links = core("victim_event", **tables)
    assert {link["minor"] for link in links} == {True, None}


def test_a_client_without_enrolments_is_a_victim_unit_without_events(core: Any) -> None:
    [victim] = core("victim", Enrollment=[])
    assert victim["victim_token"] == rf"\x{token('c')}"
    assert victim["yearOfRegistration"] is None
    assert core("event", Enrollment=[]) == []


def test_what_the_source_deleted(core: Any) -> None:
    other = {**CLIENT, "client_token": token("d")}
    tables = {
        "Client": [CLIENT, {**other, "deleted": True}],
        "Enrollment": [
            {**ENROLLMENT, "deleted": True},
            {**ENROLLMENT, "enrollment_token": token("f"), "client_token": token("d")},
            {**ENROLLMENT, "enrollment_token": token("g")},
        ],
        "Withdrawal": [
            {"enrollment_token": token("w1"), "client_token": token("w")},
            {"enrollment_token": token("w2"), "client_token": token("w")},
            {"enrollment_token": token("w3"), "client_token": None},
        ],
    }
    found = {(row["unit"], row["token"]) for row in core("deleted", **tables)}
    assert found == {
        ("victim", rf"\x{token('d')}"),
        ("event", rf"\x{token('e')}"),
        ("event", rf"\x{token('f')}"),
        ("victim", rf"\x{token('w')}"),
        *(("event", rf"\x{token(name)}") for name in ("w1", "w2", "w3")),
    }
    assert [row["victim_token"] for row in core("victim", **tables)] == [rf"\x{token('c')}"]
    for view in ("event", "victim_event"):
        assert [row["event_token"] for row in core(view, **tables)] == [rf"\x{token('g')}"]


def test_a_deleted_exit_ends_nothing(core: Any) -> None:
    gone = {**EXIT, "deleted": True, "AskedOrForcedToExchangeForSex": "1"}
    [event] = core("event", Exit=[gone])
    assert (event["end_month"], event["isSexualExploit"]) == (None, None)


def test_every_accepted_client_and_enrolment_loads_once(core: Any) -> None:
    """``loads`` in the contract: no join may lose or double a row."""
    tables = {
        "Client": [{**CLIENT, "client_token": token(f"c{n}")} for n in range(20)],
        "Enrollment": [
            {**ENROLLMENT, "enrollment_token": token(f"e{n}"), "client_token": token(f"c{n % 20}")}
            for n in range(50)
        ],
        "Exit": [{**EXIT, "enrollment_token": token(f"e{n}")} for n in range(0, 50, 3)],
        "Project": [{"project_token": token("p"), "project_type": "street_outreach"}] * 1,
    }
    assert len(core("victim", **tables)) == 20
    assert len(core("event", **tables)) == len(core("victim_event", **tables)) == 50


def test_services_once_a_month_and_kind(core: Any) -> None:
    night = {
        "enrollment_token": token("e"),
        "service_month": date(2026, 4, 1),
        "record_type": "200",
        "type_provided": "200",
        "deleted": False,
    }
    tables = {
        "Enrollment": [{**ENROLLMENT, "referral_source": "law_enforcement"}],
        "Project": [{"project_token": token("p"), "project_type": "emergency_shelter"}],
        "Services": [
            night,
            night,
            {**night, "service_month": date(2026, 5, 1)},
            {**night, "deleted": True, "record_type": "144"},
            {**night, "record_type": "142", "type_provided": None},
            {**night, "enrollment_token": token("nobody")},
        ],
        "Event": [
            {
                "enrollment_token": token("e"),
                "event_month": date(2026, 4, 1),
                "event": event,
                "deleted": False,
            }
            for event in ("referral_emergency_shelter", "problem_solving")
        ],
    }
    found = {
        (row["service_code"], row["service_month"].month, row["direction"])
        for row in core("service", **tables)
    }
    assert len(core("service", **tables)) == len(found)
    assert found == {
        ("project:emergency_shelter", 3, "provided"),
        ("referral:law_enforcement", 3, "referred_in"),
        ("hmis:200:200", 4, "provided"),
        ("hmis:200:200", 5, "provided"),
        ("hmis:142", 4, "provided"),
        ("ce:referral_emergency_shelter", 4, "referred_out"),
        ("ce:problem_solving", 4, "provided"),
    }


def test_filing_by_public_coc_code(core: Any) -> None:
    export = {"coc_codes": "XX-501;xx-502", "end_month": date(2026, 9, 1)}
    found = core("filing", Export=[export, export, {"coc_codes": None}])
    assert sorted((row["unit"], row["reporting_month"], row["status"]) for row in found) == [
        ("XX-501", date(2026, 9, 1), "reported"),
        ("XX-502", date(2026, 9, 1), "reported"),
    ]


def test_treatment_of_substance_use_does_not_leave() -> None:
    """42 CFR Part 2: by HUD's lists 2 (PATH referral), 5 (PATH), 12 (HOPWA), 17 and 18 (RHY)."""
    from schemas.codes import code_list

    released = code_list("hmis_type_provided").column("released")
    assert {code for code, value in released.items() if value is None} == {
        "2",
        "5",
        "12",
        "17",
        "18",
    }
