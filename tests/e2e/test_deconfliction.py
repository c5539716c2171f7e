"""Blind deconfliction: what two police agencies may learn of each other, and who learns nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from typer.testing import CliRunner

from anonymize.keys import KeyRing
from anonymize.requests import DeconflictRequest
from anonymize.unit_ids import identifiers, token_of_each, unit_key
from connectors.transports.folder import DropFolder
from schemas.contract import Agreement, Contract, Publication
from schemas.decisions import contract_faults
from schemas.errors import ContractError
from schemas.odcs import contract as contract_named
from tests.contracts import contract
from tests.fixtures_warehouse import rows, token
from tributary import deconfliction
from tributary.cli import app
from tributary.secrets import ensure_secrets
from tributary.settings import settings
from warehouse.agreements import record_all
from warehouse.database import Warehouse
from warehouse.deconflict import deconflict
from warehouse.roles import Role, analyst

pytestmark = pytest.mark.e2e

DENIED = psycopg.errors.InsufficientPrivilege
SPACE = UUID(int=7)
AGREED = Publication(deconfliction=True)
#: Agencies whose analysts have a login (there is a contract of them), under invented terms.
NORTH, SOUTH, SHELTER = "county_sheriff", "harbor_police", "county_coc"


def police(agency: str, **given: Any) -> Contract:
    return contract(
        **{
            "name": f"{agency}.feed",
            "agency": agency,
            "sector": "law_enforcement",
            "publication": AGREED,
            **given,
        }
    )


@dataclass
class County:
    """Agencies, and the persons they met: agency -> number of the person -> month."""

    warehouse: Warehouse
    contracts: Mapping[str, Contract]
    met: Mapping[str, Mapping[int, str]]
    #: persons that linkage has not put together
    apart: set[int] = field(default_factory=set)

    def load(self) -> None:
        record_all(self.warehouse, self.contracts.values())
        with self.warehouse.connect(Role.LOADER) as loader, loader.transaction():
            for agency, persons in self.met.items():
                self._load(loader, agency, persons)
        with self.warehouse.connect(Role.OWNER) as owner, owner.transaction():
            for agency, persons in self.met.items():
                for number in persons:
                    person = number * 1000 + len(agency) if number in self.apart else number
                    owner.execute(
                        "INSERT INTO linked.person_record VALUES (%s, %s, %s)",
                        [key(agency, number), uuid5(SPACE, str(person)), agency],
                    )
                    owner.execute(
                        "INSERT INTO linkage.source_token "
                        "(agency, unit, token, record_key, key_epoch, first_delivery) "
                        "VALUES (%s, 'victim', %s, %s, 'test', 'd')",
                        [agency, bytes.fromhex(own(agency, number)), key(agency, number)],
                    )

    def _load(
        self, loader: psycopg.Connection[Any], agency: str, persons: Mapping[int, str]
    ) -> None:
        loader.execute(
            "INSERT INTO core.reporting_entity VALUES (%s, %s, %s, '{feed}')",
            [agency, agency, self.contracts[agency].sector],
        )
        for number, month in persons.items():
            unit, origin = key(agency, number), [agency, "feed", "d"]
            loader.execute(
                "INSERT INTO core.victim (victim_key, stale, victim_role, agency, feed, "
                "delivery_id) VALUES (%s, false, 'victim', %s, %s, %s)",
                [unit, *origin],
            )
            loader.execute(
                "INSERT INTO core.event (event_key, stale, event_type, event_month, agency, feed, "
                "delivery_id) VALUES (%s, false, 'incident', %s, %s, %s, %s)",
                [unit, date.fromisoformat(month), *origin],
            )
            loader.execute(
                "INSERT INTO core.victim_event (victim_key, event_key, role, agency, feed, "
                "delivery_id) VALUES (%s, %s, 'victim', %s, %s, %s)",
                [unit, unit, *origin],
            )

    def ask(self, agency: str, *numbers: int, of: str = "", **given: Any) -> list[tuple[str, ...]]:
        """What ``agency`` is told about the persons it knows by ``numbers``."""
        tokens = [own(of or agency, number) for number in numbers]
        request = DeconflictRequest.of(self.contracts[agency], "node", tokens)
        return list(deconflict(self.warehouse, request, **given) or ())

    def notices(self, agency: str) -> list[tuple[Any, ...]]:
        with self.warehouse.connect(analyst(agency)) as connection:
            return connection.execute(
                "SELECT record_key, other_agency FROM own.deconfliction_notice ORDER BY asked_at"
            ).fetchall()


def key(agency: str, number: int) -> UUID:
    return uuid5(SPACE, f"{agency} {number}")


def own(agency: str, number: int) -> str:
    return token(agency, number)


@pytest.fixture
def county(warehouse: Warehouse) -> Iterator[County]:
    contracts = {
        NORTH: police(NORTH),
        SOUTH: police(SOUTH),
        SHELTER: police(SHELTER, sector="social_service", publication=Publication()),
    }
    month = "2026-03-01"
    made = County(
        warehouse,
        contracts,
        {
            NORTH: {1: month, 2: month, 3: month, 4: month, 5: "2024-01-01"},
            SOUTH: {1: "2026-05-01", 3: month, 5: month, 6: month},
            SHELTER: {1: month, 2: month},
        },
        apart={3},
    )
    made.load()
    return made


# --- what the two learn ---------------------------------------------------------------------------


def test_each_of_the_two_learns_whom_to_contact_and_nothing_else(county: County) -> None:
    assert county.ask(NORTH, 2, 1, 4) == [(), (SOUTH,), ()]
    assert county.notices(SOUTH) == [(key(SOUTH, 1), NORTH)]
    assert county.notices(NORTH) == []


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (2, "the other agency is a shelter"),
        (3, "nobody linked the records"),
        (4, "nobody else knows the person"),
        (5, "the contacts lie years apart"),
        (6, "the agency does not know the person itself"),
    ],
)
def test_there_is_nothing_to_tell(county: County, number: int, why: str) -> None:
    assert county.ask(NORTH, number) == [()], why
    assert county.notices(SOUTH) == county.notices(NORTH) == []


def test_how_far_apart_contacts_may_lie(county: County) -> None:
    assert county.ask(NORTH, 5, months=26) == [(SOUTH,)]
    assert county.ask(NORTH, 1, months=1) == [()]
    assert county.ask(NORTH, 1, months=2) == [(SOUTH,)]


def test_it_is_written_down_that_somebody_asked_and_never_about_whom(county: County) -> None:
    county.ask(NORTH, 1, 2, 1)
    found = rows(county.warehouse, "SELECT * FROM ops.deconfliction", role=Role.AUDITOR)
    [(_, _, agency, feed, asked, hits)] = found
    assert (agency, feed, asked, hits) == (NORTH, "feed", 3, 2)
    log = rows(county.warehouse, "SELECT * FROM ops.access_log", role=Role.AUDITOR)
    assert [one[2:] for one in log] == [(Role.PUBLISHER, "deconflict", f"{NORTH}.feed")]
    for secret in (own(NORTH, 1), str(key(NORTH, 1)), str(uuid5(SPACE, "1"))):
        assert secret not in f"{found} {log}"


def test_from_the_agencys_own_ids_to_the_answer(
    county: County, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = settings({"TRIBUTARY_HOME": str(tmp_path)})
    ensure_secrets(here)
    name = f"{NORTH}.feed"
    asking = replace(contract_named("county_sheriff.nibrs"), name=name, publication=AGREED)
    monkeypatch.setattr("tributary.cli.deconflict.here", lambda: here)
    monkeypatch.setattr(deconfliction, "contract_named", lambda _: asking)
    monkeypatch.setattr(deconfliction, "contracts", lambda: {name: asking})
    monkeypatch.setattr(deconfliction, "warehouse", lambda _: county.warehouse)
    monkeypatch.setattr(
        deconfliction, "drop_folder", lambda found, _: DropFolder.of(asking, found.drop)
    )
    lines = ["001\tXX0010000\t26-000001", "", "001\tXX0010000\t26-000002"]
    unit = unit_key(asking, "victim")
    keyring = KeyRing.from_file(here.node.secret_file, asking.key_epoch)
    made = token_of_each(asking, unit, identifiers(asking, unit, lines), keyring)
    with county.warehouse.connect(Role.OWNER) as owner:
        for number, one in enumerate(made, 1):
            owner.execute(
                "UPDATE linkage.source_token SET token = %s WHERE agency = %s AND token = %s",
                [bytes.fromhex(one), NORTH, bytes.fromhex(own(NORTH, number))],
            )
    done = CliRunner().invoke(app, ["deconflict", name, "--json"], input="\n".join(lines))
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == [
        {"row": 1, "contact": [SOUTH]},
        {"row": 3, "contact": []},
    ]
    assert county.notices(SOUTH) == [(key(SOUTH, 1), NORTH)]
    # neither question nor answer is left
    assert not [path for path in tmp_path.rglob("deconflict-*") if path.is_file()]


# --- who learns nothing ---------------------------------------------------------------------------


def test_a_social_service_may_not_ask(county: County) -> None:
    with pytest.raises(ContractError, match="does not let"):
        county.ask(SHELTER, 1)


def test_a_contract_of_another_sector_or_lane_cannot_say_that_it_may() -> None:
    for given in ({"sector": "nonprofit"}, {"sector": "social_service"},
                  {"lane": "row_level_with_consent"}):  # fmt: skip
        wrong = police(NORTH, **given)
        assert not wrong.may_deconflict
        assert any("deconfliction" in fault for fault in contract_faults(wrong))


def test_a_loader_that_lies_about_the_agreement_is_not_believed(county: County) -> None:
    """The sector stands with the agency; an agreement alone makes no police of a shelter."""
    with county.warehouse.connect(Role.LOADER) as loader:
        loader.execute("UPDATE ops.agreement SET deconfliction = true")
    with pytest.raises(ContractError):
        county.ask(SHELTER, 1)
    assert county.ask(NORTH, 2) == [()]


@pytest.mark.parametrize(
    "terms",
    [
        {"publication": Publication()},
        {"agreement": Agreement("test-1", date(2026, 1, 1))},
        {"agreement": Agreement("test-1", date(2030, 1, 1), terminated=date(2026, 1, 1))},
    ],
    ids=["never agreed", "expired", "terminated"],
)
def test_both_must_have_agreed(county: County, terms: dict[str, Any]) -> None:
    record_all(county.warehouse, [replace(county.contracts[SOUTH], **terms)])
    assert county.ask(NORTH, 1) == [()]
    assert county.notices(SOUTH) == []
    with pytest.raises(ContractError, match="does not let"):
        county.ask(SOUTH, 1)


def test_the_ids_of_another_agency_tell_nothing(county: County) -> None:
    assert county.ask(NORTH, 1, 5, of=SOUTH, months=99) == [(), ()]
    assert county.notices(SOUTH) == []


def test_a_question_is_answered_once(county: County) -> None:
    request = DeconflictRequest.of(county.contracts[NORTH], "node", [own(NORTH, 1)])
    assert deconflict(county.warehouse, request) == [(SOUTH,)]
    assert deconflict(county.warehouse, request) is None


def test_an_agency_cannot_go_through_a_register(county: County) -> None:
    assert len(county.ask(NORTH, *[2] * 150)) == 150
    with pytest.raises(ContractError, match="a day"):
        county.ask(NORTH, *[1] * 51)
    # other agencies have their own number, and the database a last word
    assert county.ask(SOUTH, 1) == [(NORTH,)]
    with pytest.raises(ContractError, match="a day"):
        county.ask(SOUTH, *[1] * 1000, daily=10**6)
    refused = "SELECT count(*) FROM ops.access_log WHERE action = 'deconflict'"
    assert rows(county.warehouse, refused, role=Role.AUDITOR) == [(4,)]


def test_nobody_else_asks_and_nobody_reads_the_notices_of_others(county: County) -> None:
    county.ask(NORTH, 1)
    call = "SELECT linked.deconflict('r', %s, 'feed', ARRAY[]::bytea[], 12, 100)"
    roles = [role for role in Role if role not in (Role.PUBLISHER, Role.OWNER, Role.AIRFLOW)]
    for role in (*roles, analyst(NORTH), analyst(SOUTH)):
        with county.warehouse.connect(role) as connection:
            with pytest.raises(DENIED):
                connection.execute(call, [NORTH])
            if role != Role.STEWARD:
                with pytest.raises(DENIED):
                    connection.execute("SELECT FROM linked.deconfliction_notice")
    # the owner runs the function for the publisher, and sees core in no other session
    with county.warehouse.connect(Role.OWNER) as owner, pytest.raises(DENIED):
        owner.execute(call, [NORTH])


def test_a_notice_goes_with_the_person(county: County) -> None:
    """Also where the record of the agency that asked is removed: nothing of hers stays behind."""
    for agency in (NORTH, SOUTH):
        county.ask(NORTH, 1)
        assert len(county.notices(SOUTH)) == 1
        with county.warehouse.connect(Role.LOADER) as loader:
            loader.execute("DELETE FROM core.victim WHERE victim_key = %s", [key(agency, 1)])
        assert county.notices(SOUTH) == []
        with county.warehouse.connect(Role.OWNER) as owner:
            owner.execute("TRUNCATE core.victim, core.event, core.victim_event, "
                          "core.reporting_entity, linked.person_record, "
                          "linkage.source_token")  # fmt: skip
        county.load()
