"""``tributary audit leaks`` on a real PostgreSQL: clean, then with leaks planted in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from connectors.formats.base import Intake, reader
from schemas.odcs import contract as contract_named
from schemas.report import IntakeReport
from tests.e2e.test_pipeline import tributary
from tributary import places, steps
from tributary.county.generate import Generated, generate
from tributary.pipeline import run_delivery
from tributary.settings import Settings
from warehouse.roles import Role

pytestmark = pytest.mark.e2e
FEED = "county_coc.hmis"
Plant = Callable[[str], None]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generate(2_000, 23, tmp_path_factory.mktemp("county"), months=3)


@pytest.fixture(scope="module")
def loaded(home: Settings, county: Generated) -> Settings:
    """A delivery in the warehouse, landed once more and not yet disposed of."""
    assert run_delivery(home, FEED, county.paths[FEED][0])["status"] == "partial"
    steps.receive(home, FEED, county.paths[FEED][0])
    return home


@pytest.fixture(scope="module")
def person(county: Generated) -> dict[str, str]:
    """A client the lane lets in, whose name is no word of English."""
    contract = contract_named(FEED)
    columns = {name: tuple(table.by_name) for name, table in contract.by_name.items()}
    intake = Intake(contract, columns, IntakeReport(), date.today())
    with county.paths[FEED][0].open("rb") as source:
        for table, batch in reader(contract.format)(source, intake):
            for one in batch.to_pylist() if table == "Client" else ():
                first, last = one["FirstName"] or "", one["LastName"] or ""
                if len(first) > 5 and len(last) > 7 and last.isalpha():
                    return {"FirstName": first, "LastName": last}
    raise AssertionError("the county has no such client")


@pytest.fixture
def planted(loaded: Settings) -> Iterator[Plant]:
    """Writes into one service of the feed, as code that passes the gate by would."""
    warehouse = places.warehouse(loaded)
    with warehouse.connect(Role.LOADER) as connection:
        [(place, before)] = connection.execute(
            "SELECT ctid::text, service_code FROM core.service LIMIT 1"
        ).fetchall()
        written = [place]

        def plant(text: str) -> None:
            [(written[0],)] = connection.execute(
                "UPDATE core.service SET service_code = %s WHERE ctid = %s::tid"
                " RETURNING ctid::text",
                [text, written[0]],
            ).fetchall()

        yield plant
        plant(before)


def test_a_clean_warehouse_is_clean(loaded: Settings) -> None:
    done = tributary(loaded, "audit", "leaks", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["hits"] == []
    assert found["rows"] > 1_000 and found["tables"] > 8 and found["columns"] > 40
    assert found["deliveries"] == 1 and found["unread"] == 0
    assert found["identifiers"] > 1_000


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("seen 415-555-0134", "PHONE_NUMBER"),
        ("SSN 123 45 6789", "US_SSN"),
        ("a.b@example.org", "EMAIL_ADDRESS"),
        ("plate: 7ABC123", "LICENSE_PLATE"),
    ],
)
def test_what_has_the_form_of_an_identifier_is_found(
    loaded: Settings, planted: Plant, text: str, what: str
) -> None:
    planted(text)
    done = tributary(loaded, "audit", "leaks", "--json")
    assert done.returncode == 13, done.stderr
    hit = {"table": "core.service", "column": "service_code", "found": what, "rows": 1}
    assert json.loads(done.stdout)["hits"] == [hit]


def test_names_of_a_delivery_in_landing_are_found(
    loaded: Settings, planted: Plant, person: dict[str, str]
) -> None:
    planted(f"brought by {person['LastName'].upper()}, {person['FirstName']}")
    done = tributary(loaded, "audit", "leaks")
    assert done.returncode == 13, done.stderr
    assert "core.service" in done.stdout and "delivery" in done.stdout
    assert person["LastName"].lower() not in (done.stdout + done.stderr).lower()


def test_once_its_key_is_destroyed_a_delivery_is_searched_for_no_more(
    loaded: Settings, planted: Plant, person: dict[str, str]
) -> None:
    planted(f"{person['FirstName']} {person['LastName']}")
    [delivery] = [path.name for path in loaded.node.landing.glob("[!.]*")]
    steps.dispose(loaded, FEED, delivery)
    done = tributary(loaded, "audit", "leaks", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deliveries"] == 0
