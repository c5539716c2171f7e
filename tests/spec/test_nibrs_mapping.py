"""What a NIBRS delivery becomes in ``core``: validated, de-identified, mapped.

Unknown is null, never 0; suspects are counts; an incident stands or falls whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from anonymize.keys import KeyRing
from anonymize.policy import bind
from connectors.table_rules import ACCEPTED, TableRules
from schemas.checks import intake_columns
from schemas.odcs import contracts
from schemas.report import IntakeReport
from tests.nibrs import ORI, SOCIETY, incident, read_tables, segment, text
from warehouse.mapping import VIEWS, mapped

Core = dict[str, list[dict[str, Any]]]
MARCH = date(2026, 3, 1)
RECRUITERS = ("IntimatePartner", "Friend", "Family", "Other")


@pytest.fixture
def core(tmp_path: Path) -> Callable[..., Core]:
    """Rows of every view of ``core`` for the given lines, which break no row check."""

    def deliver(*lines: str) -> Core:
        contract = contracts()["county_sheriff.nibrs"]
        policy = bind(contract, KeyRing(bytes(range(32)), contract.key_epoch))
        tables = {
            name: rows.append_column(ACCEPTED, pa.array([True] * len(rows)))
            for name, rows in read_tables(text(*lines), intake_columns(contract))[0].items()
        }
        rules = TableRules(contract, IntakeReport())
        quarantined = rules.run(lambda name, _: tables[name].to_batches())
        files = {}
        for table in contract.tables:
            gone = pa.array(quarantined.get(table.name, []), pa.int64())
            rows = tables[table.name].filter(~pc.field("_row").isin(gone))
            if rows.num_rows and table.kept:
                files[table.name] = [tmp_path / f"{table.name}.parquet"]
                made = [policy.apply(table.name, batch) for batch in rows.to_batches()]
                pq.write_table(pa.Table.from_batches(made), files[table.name][0])
        with mapped(contract, files) as found:
            return {
                view: [row for batch in found.batches(view) for row in batch.to_pylist()]
                for view in VIEWS
            }

    return deliver


def prostitution(age: str, code: str = "40A", disposition: str = "R") -> list[str]:
    return [
        segment("1"),
        segment("2", offense_code=code, weapon_1=""),
        segment("4", offense_code_1=code, **SOCIETY),
        segment("5", age=age, sex="F"),
        segment("6", offense_code=code, age=age, sex="F", disposition=disposition),
    ]


def test_a_trafficking_incident_is_an_event_with_its_parts(core) -> None:
    rows = core(*incident(), segment("6"))
    [event] = rows["event"]
    assert {name: event[name] for name in event if name != "event_token"} == {
        "event_type": "incident",
        "event_month": MARCH,
        "state": "MN",
        "location_code": "14",
        "venue": "hotel_motel",
        "CountryOfExploitation": "USA",
        "trafficking_status": "possible",
        "status_decided_by": "police",
        "isForcedLabour": None,
        "isSexualExploit": 1,
        "offender_count": 1,
        "arrestee_count": 1,
        "victim_count": 1,
    }
    [offense], [link], [victim] = rows["offense"], rows["victim_event"], rows["victim"]
    assert offense["event_token"] == link["event_token"] == event["event_token"]
    assert link["victim_token"] == victim["victim_token"] != event["event_token"]
    assert (offense["offense_code"], offense["attempted"]) == ("64A", False)
    assert (link["role"], link["ageBroad"], link["minor"]) == ("victim", "9--17", True)
    assert (link["sex_trafficking_indicator"], link["labour_trafficking_indicator"]) == (1, None)
    assert (victim["victim_role"], victim["gender"], victim["yearOfRegistration"]) == (
        "victim",
        "Woman",
        2026,
    )
    assert rows["filing"] == [{"unit": ORI, "reporting_month": MARCH, "status": "reported"}]


@pytest.mark.parametrize(
    ("codes", "flags"),
    [
        (["64A"], (1, None, "possible")),
        (["64B"], (None, 1, "possible")),
        (["64A", "64B"], (1, 1, "possible")),
        (["13A"], (None, None, None)),
    ],
)
def test_only_trafficking_offenses_say_what_exploitation_it_was(core, codes, flags) -> None:
    lines = [segment("1"), *(segment("2", offense_code=code) for code in codes)]
    connected = {f"offense_code_{n}": code for n, code in enumerate(codes, 1)}
    rows = core(*lines, segment("4", **connected), segment("5"))
    [event], [victim] = rows["event"], rows["victim"]
    assert (event["isSexualExploit"], event["isForcedLabour"], event["trafficking_status"]) == flags
    assert (victim["isSexualExploit"], victim["isForcedLabour"]) == flags[:2]


@pytest.mark.parametrize(
    ("offense", "relations", "expected"),
    [
        ("64A", ["BG"], (1, 0, 0, 0)),
        ("64A", ["PA", "FR"], (0, 1, 1, 0)),
        ("64A", ["ST"], (0, 0, 0, 1)),
        ("64A", ["RU"], (None, None, None, None)),
        ("64A", ["SE", "RU"], (1, None, None, None)),
        ("13A", ["BG"], (None, None, None, None)),
    ],
)
def test_the_relation_to_the_offender_stands_for_the_recruiter_of_trafficking_victims(
    core, offense, relations, expected
) -> None:
    related = {f"offender_{n}": f"0{n}" for n in range(1, len(relations) + 1)}
    related |= {f"relationship_{n}": code for n, code in enumerate(relations, 1)}
    offenders = [
        segment("5", offender_sequence=number) for number in related.values() if number[0] == "0"
    ]
    rows = core(
        segment("1"),
        segment("2", offense_code=offense),
        segment("4", offense_code_1=offense, **related),
        *offenders,
    )
    [victim] = rows["victim"]
    assert tuple(victim[f"recruiterRelation{name}"] for name in RECRUITERS) == expected


def test_an_unknown_offender_leaves_counts_and_relations_unknown(core) -> None:
    rows = core(
        segment("1"),
        segment("2"),
        segment("4", offender_1="00", relationship_1=""),
        segment("5", offender_sequence="00", age="", sex="", race=""),
    )
    assert rows["event"][0]["offender_count"] is None
    assert rows["perpetrator_count"] == []
    assert rows["victim"][0]["recruiterRelationOther"] is None


@pytest.mark.parametrize(
    ("age", "broad", "minor"),
    [
        ("NN", "0--8", True),
        ("BB", "0--8", True),
        ("00", None, None),
        ("17", "9--17", True),
        ("18", "18--20", False),
        ("99", "48+", False),
        ("1619", None, None),
        ("3038", "30--38", False),
    ],
)
def test_ages_of_victims(core, age, broad, minor) -> None:
    rows = core(segment("1"), segment("2"), segment("4", age=age), segment("5"))
    [link] = rows["victim_event"]
    assert (link["ageBroad"], link["minor"]) == (broad, minor)


def test_a_child_arrested_for_prostitution_is_a_possible_victim(core) -> None:
    rows = core(*prostitution("15"))
    [event], [victim], [link] = rows["event"], rows["victim"], rows["victim_event"]
    assert (event["trafficking_status"], event["isSexualExploit"]) == ("possible", None)
    assert (event["victim_count"], event["arrestee_count"]) == (None, 1)
    assert (victim["victim_role"], victim["gender"], victim["ageBroad"]) == (
        "minor_arrested",
        "Woman",
        "9--17",
    )
    assert (link["role"], link["minor"], link["sex_trafficking_indicator"]) == (
        "minor_arrested",
        True,
        1,
    )


@pytest.mark.parametrize(
    "lines",
    [
        prostitution("18", disposition=""),
        prostitution("00", disposition=""),
        prostitution("1619", disposition=""),
        prostitution("15", code="40C"),
    ],
)
def test_no_other_arrest_makes_a_victim(core, lines) -> None:
    rows = core(*lines)
    assert len(rows["event"]) == 1
    assert rows["event"][0]["trafficking_status"] is None
    assert rows["victim"] == rows["victim_event"] == []


def test_suspects_are_counts_without_any_key(core) -> None:
    offenders = [
        segment("5", offender_sequence=f"0{n}", age=age) for n, age in ((1, "35"), (2, "38"))
    ]
    one, two, four, _ = incident()
    rows = core(one, two, four, *offenders, segment("6"))
    [event] = rows["event"]
    counts = {(row["role"], row["ageBroad"]): row["count"] for row in rows["perpetrator_count"]}
    assert counts == {("offender", "30--38"): 2, ("arrestee", "30--38"): 1}
    assert {name for row in rows["perpetrator_count"] for name in row if "token" in name} == {
        "event_token"
    }
    tokens = set(_tokens(rows))
    assert tokens == {event["event_token"], rows["victim"][0]["victim_token"]}


def test_only_persons_are_victims(core) -> None:
    rows = core(
        segment("1"),
        segment("2", offense_code="23D", weapon_1="", location_code="25"),
        segment("3"),
        segment("4", offense_code_1="23D", **{**SOCIETY, "victim_type": "B"}),
        segment("5"),
    )
    [event] = rows["event"]
    assert (event["victim_count"], event["venue"], event["location_code"]) == (None, None, "25")
    assert rows["victim"] == []


def test_the_place_of_an_event_is_that_of_its_trafficking_offense(core) -> None:
    rows = core(
        segment("1"),
        segment("2", offense_code="13A", location_code="20"),
        segment("2", location_code="58"),
        segment("4", offense_code_2="13A"),
        segment("5"),
    )
    assert rows["event"][0]["venue"] == "cyberspace"
    assert {row["offense_code"]: row["location_code"] for row in rows["offense"]} == {
        "13A": "20",
        "64A": "58",
    }


def test_criminal_activities_are_a_list_and_none_is_unknown(core) -> None:
    rows = core(
        segment("1"),
        segment(
            "2", offense_code="370", weapon_1="", criminal_activity_1="C", criminal_activity_2="E"
        ),
        segment("2", offense_code="13A", criminal_activity_1="N"),
        segment("4", offense_code_1="13A"),
        segment("4", victim_sequence="002", offense_code_1="370", **SOCIETY),
        segment("5"),
    )
    found = {row["offense_code"]: row["criminal_activity"] for row in rows["offense"]}
    assert found == {"370": '{"C","E"}', "13A": None}


def test_group_b_arrests_are_events_of_their_own(core) -> None:
    rows = core(segment("7", "B-1"), segment("7", "B-2", age="17", disposition="H"))
    assert [row["event_type"] for row in rows["event"]] == ["group_b_arrest"] * 2
    assert {row["event_month"] for row in rows["event"]} == {MARCH}
    assert {row["arrestee_count"] for row in rows["event"]} == {1}
    assert {row["minor"] for row in rows["perpetrator_count"]} == {True, False}
    assert {row["offense_code"] for row in rows["offense"]} == {"90C"}
    assert rows["victim"] == []


def test_a_delete_names_the_unit_it_deletes(core) -> None:
    sent = core(*incident(), segment("7", "B-1"))
    deleted = core(segment("1", action="D"), segment("7", "B-1", action="D"))
    assert deleted["event"] == []
    assert {(row["unit"], row["token"]) for row in deleted["deleted"]} == {
        ("event", row["event_token"]) for row in sent["event"]
    }


def test_an_incident_deleted_and_sent_again_is_delivered_and_not_deleted(core) -> None:
    """This is how agencies correct an incident, and an arrest."""
    rows = core(
        segment("1", action="D"), *incident(), segment("7", "B", action="D"), segment("7", "B")
    )
    assert {row["event_type"] for row in rows["event"]} == {"incident", "group_b_arrest"}
    assert rows["deleted"] == []


def test_an_incident_sent_and_then_deleted_is_gone(core) -> None:
    rows = core(*incident(), segment("1", action="D"))
    assert rows["event"] == rows["victim"] == rows["offense"] == []
    assert len(rows["deleted"]) == 1


def test_of_two_reports_with_a_delete_between_them_the_last_one_counts(core) -> None:
    rows = core(*incident(offense="64A"), segment("1", action="D"), *incident(offense="64B"))
    assert [row["offense_code"] for row in rows["offense"]] == ["64B"]
    assert len(rows["event"]) == len(rows["victim"]) == 1


@pytest.mark.parametrize("at", range(4))
def test_an_incident_falls_whole_with_a_broken_line(core, at: int) -> None:
    lines = incident()
    lines[at] = lines[at][:-1]
    rows = core(*lines, *incident("26-000002"))
    assert [len(rows[name]) for name in ("event", "offense", "victim", "victim_event")] == [1] * 4


def test_the_same_number_at_two_agencies_is_two_incidents(core) -> None:
    rows = core(*incident(), *incident(ori="NB9990000"))
    assert len({row["event_token"] for row in rows["event"]}) == 2
    assert {row["state"] for row in rows["event"]} == {"MN", "NE"}
    assert len({row["victim_token"] for row in rows["victim"]}) == 2


def test_a_zero_report_is_filed_unless_the_month_has_an_incident(core) -> None:
    rows = core(
        *incident(),
        segment("0", reporting_month="032026"),
        segment("0", reporting_month="022026"),
        segment("0", reporting_month="012026", action="D"),
    )
    assert {(row["reporting_month"], row["status"]) for row in rows["filing"]} == {
        (MARCH, "reported"),
        (date(2026, 2, 1), "zero_report"),
    }


def test_no_identifier_of_the_file_reaches_core(core) -> None:
    canary, arrest = "ZZCANARYZZ", "YYCANARYYY"
    rows = core(
        *incident(canary),
        segment("6", canary, arrest_transaction_number=arrest, arrest_date="20260327"),
        segment("7", arrest),
        segment("1", f"{canary}D", action="D"),
    )
    written = json.dumps(rows, default=str)
    assert len(rows["event"]) == 2
    for value in (canary, arrest, "20260314", "2026-03-14", "20260327", "2026-03-27"):
        assert value not in written


def _tokens(rows: Core) -> list[str]:
    return [
        value
        for found in rows.values()
        for row in found
        for name, value in row.items()
        if "token" in name
    ]
