"""Who becomes one person in the warehouse, who may know it, and what a deletion leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas.errors import PermanentError
from schemas.linkage import agreed_schema
from tests.fixtures_warehouse import Delivery, Loads, feed_contract, rows, token
from tests.linked_people import SECRET, Person, encodings, person, schema
from warehouse.database import Warehouse
from warehouse.linking.keys import end_epoch, rotate_person_keys
from warehouse.linking.run import LinkRun, link_persons
from warehouse.models import Base
from warehouse.roles import Role

pytestmark = pytest.mark.e2e

DENIED = psycopg.errors.InsufficientPrivilege
#: Clients of a shelter; half of them are known to the police, one of these without a birthday.
MANY = {number: person(number) for number in range(1, 61)}
KNOWN = {number: MANY[number] for number in range(1, 31)} | {1: person(1, date_of_birth=None)}
OTHERS = {number: person(number) for number in range(500, 530)}


@pytest.fixture(autouse=True)
def _fewer_random_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.strangers._FEWEST", 20_000)


@dataclass
class Agencies:
    """Deliveries of two agencies, and runs of the linker between them."""

    warehouse: Warehouse
    workspace: Path
    count: int = 0

    def deliver(
        self,
        agency: str,
        persons: Mapping[int, Person],
        fakes: Mapping[int, Person] | None = None,
        encoded: Sequence[int] | None = None,
        deleted: Sequence[int] = (),
        epoch: str = "2026",
        secret: bytes = SECRET,
    ) -> None:
        """Clients by number, with an encoding each, or those of ``encoded`` alone."""
        self.count += 1
        contract = feed_contract(name=f"{agency}.feed", agency=agency)
        linked = persons if encoded is None else {n: persons[n] for n in encoded}
        forms = [(token("client", n), one) for n, one in linked.items()]
        forms += [(token("fake", n), one) for n, one in (fakes or {}).items()]
        delivery = Delivery(
            clients=dict.fromkeys(persons, "Woman"),
            enrolments={1000 + n: (n, "2026-03-01") for n in persons},
            deleted_clients=deleted,
            name=f"delivery-{self.count}",
            linkage=encodings(forms, epoch=epoch, fakes=len(fakes or {}), secret=secret)
            if forms
            else (),
        )
        Loads(self.warehouse, self.workspace, contract)(delivery)

    def link(self) -> list[LinkRun]:
        return link_persons(self.warehouse)

    def persons(self) -> dict[tuple[str, int], Any]:
        """(agency, client) to person, as a steward sees it."""
        known = {token("client", n): n for n in range(1000)}
        keys = rows(
            self.warehouse,
            "SELECT record_key, encode(token, 'hex') FROM linkage.source_token",
            role=Role.OWNER,
        )
        numbers = {key: known.get(value) for key, value in keys}
        return {
            (agency, numbers[key]): person_key
            for key, person_key, agency in self.see("record_key, person_key, agency")
        }

    def see(self, what: str, table: str = "linked.person_record") -> list[tuple[Any, ...]]:
        return rows(self.warehouse, f"SELECT {what} FROM {table}", role=Role.STEWARD)

    def changes(self) -> list[tuple[Any, ...]]:
        return self.see("kind, person_key, into_key", "linked.person_change ORDER BY change_id")


@pytest.fixture
def agencies(warehouse: Warehouse, tmp_path: Path) -> Agencies:
    return Agencies(warehouse, tmp_path / "workspace")


@pytest.fixture
def of_one_filter(
    agencies: Agencies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Agencies]:
    """Agencies whose agreed schema is of mode ``clk``."""
    shipped = files("schemas").joinpath("linkage_schemas", "county.yaml")
    folder = tmp_path / "linkage_schemas"
    folder.mkdir()
    (folder / "county.yaml").write_text(shipped.read_text() + "mode: clk\n")
    monkeypatch.setattr("schemas.linkage.files", lambda _package: tmp_path)
    for cached in (agreed_schema, schema):
        cached.cache_clear()
    yield agencies
    for cached in (agreed_schema, schema):
        cached.cache_clear()


@pytest.fixture
def linked(agencies: Agencies) -> Agencies:
    agencies.deliver("shelter", MANY)
    agencies.deliver("police", KNOWN | OTHERS)
    agencies.link()
    return agencies


def counts(agencies: Agencies, *tables: str) -> list[int]:
    """Rows of tables of ``linkage``."""
    found = [rows(agencies.warehouse, f"SELECT count(*) FROM linkage.{t}", role=Role.OWNER)
             for t in tables]  # fmt: skip
    return [one for ((one,),) in found]


def test_records_of_one_person_at_two_agencies_get_one_key_and_keep_it(linked: Agencies) -> None:
    persons = linked.persons()
    assert len(persons) == 120
    assert all(persons["shelter", number] == persons["police", number] for number in KNOWN)
    assert len(set(persons.values())) == 90
    (run,) = linked.see(
        "records_new, records_standing, matches, merges, splits, expected_precision, "
        "most_frequent_token, cardinality(score_histogram)",
        "ops.link_run",
    )
    assert run[:5] == (120, 0, 30, 0, 0)
    assert run[5] > 0.99 and run[6:] == (1, 22)
    before = sorted(linked.see("*"))

    assert linked.link() == []
    linked.deliver("shelter", MANY)
    linked.deliver("police", KNOWN | OTHERS)
    linked.link()
    assert sorted(linked.see("*")) == before
    assert linked.changes() == []


def test_records_of_one_filter_each_are_linked_too(of_one_filter: Agencies) -> None:
    of_one_filter.deliver("shelter", MANY)
    of_one_filter.deliver("police", KNOWN | OTHERS)
    of_one_filter.link()
    persons = of_one_filter.persons()
    together = [n for n in KNOWN if persons["shelter", n] == persons["police", n]]
    assert len(together) >= len(KNOWN) - 2
    assert len(set(persons.values())) == 120 - len(together)
    of_one_filter.deliver("clinic", {2: MANY[2]} | {900: person(900)})
    of_one_filter.link()
    later = of_one_filter.persons()
    assert {key: later[key] for key in persons} == persons
    assert later["clinic", 2] == later["shelter", 2]
    assert later["clinic", 900] not in persons.values()
    (stored,) = rows(
        of_one_filter.warehouse, "SELECT fields, rare FROM linkage.space", role=Role.OWNER
    )
    assert stored == (["clk.0", "clk.1", "clk.2", "clk.3"], [])


def test_a_key_changes_where_a_merge_or_a_split_is_recorded_and_nowhere_else(
    linked: Agencies,
) -> None:
    before = linked.persons()
    theirs, ours = before["police", 500], before["shelter", 50]
    linked.deliver("police", KNOWN | OTHERS | {500: MANY[50]})  # it was typed wrongly
    linked.link()
    merged = linked.persons()
    gone, stays = sorted([theirs, ours], reverse=True)  # of two alike, the lower key stays
    assert merged["police", 500] == merged["shelter", 50] == stays
    assert linked.changes() == [("merge", gone, stays)]
    changed = {record for record in before if before[record] != merged[record]}
    assert changed == {record for record in before if before[record] == gone}

    linked.deliver("police", KNOWN | OTHERS)
    linked.link()
    parted = linked.persons()
    assert parted["police", 500] != parted["shelter", 50]
    assert stays in (parted["police", 500], parted["shelter", 50])
    new = ({parted["police", 500], parted["shelter", 50]} - {stays}).pop()
    assert linked.changes()[1:] == [("split", stays, new)]


def test_an_agency_that_watches_its_own_rows_learns_nothing_from_a_merge(
    agencies: Agencies,
) -> None:
    agencies.deliver("shelter", MANY)
    agencies.deliver("police", KNOWN | OTHERS)
    core = [table for table in Base.metadata.sorted_tables if table.schema == "core"]
    watched = [f"SELECT xmin, ctid, t::text FROM core.{table.name} t" for table in core]
    before = [rows(agencies.warehouse, query) for query in watched]
    agencies.link()
    assert any(before) and len(set(agencies.persons().values())) == 90
    assert [rows(agencies.warehouse, query) for query in watched] == before


def test_who_is_deleted_is_gone_from_everything_linked_at_once(linked: Agencies) -> None:
    before = linked.persons()
    linked.deliver("shelter", {}, deleted=[5, 50])
    assert set(before) - set(linked.persons()) == {("shelter", 5), ("shelter", 50)}
    assert linked.changes() == [("removed", None, None)] * 2
    assert counts(linked, "encoding", "crosswalk", "pending") == [118, 118, 1]
    linked.link()
    assert linked.persons() == {r: p for r, p in before.items() if r in linked.persons()}
    assert counts(linked, "pair", "pending") == [29, 0]


def test_who_is_expunged_or_encoded_no_more_is_linked_no_more(linked: Agencies) -> None:
    with linked.warehouse.connect(Role.EXPUNGER) as connection:
        connection.execute(
            "SELECT suppression.expunge('request-1', 'shelter', 'feed', 'victim', %s)",
            [[bytes.fromhex(token("client", 7))]],
        )
    assert ("shelter", 7) not in linked.persons()
    assert counts(linked, "encoding", "crosswalk") == [119, 119]
    # delivered again: the one with an encoding, that nobody may take; the other without
    linked.deliver("shelter", MANY, encoded=[number for number in MANY if number != 9])
    linked.link()
    left = {number for agency, number in linked.persons() if agency == "shelter"}
    assert left == MANY.keys() - {7, 9}
    assert counts(linked, "encoding", "crosswalk") == [118, 118]


def test_records_of_nobody_look_like_others_to_the_linker_and_never_show(
    agencies: Agencies,
) -> None:
    fakes = {number: person(number) for number in range(700, 706)}
    agencies.deliver("shelter", MANY, fakes)
    agencies.link()
    assert counts(agencies, "encoding", "crosswalk", "fake") == [66, 66, 6]
    assert len(agencies.persons()) == 60
    with agencies.warehouse.connect(Role.LINKER) as connection:
        for hidden in ("linkage.fake", "linkage.source_token", "linked.person_record",
                       "core.victim", "core.event"):  # fmt: skip
            with pytest.raises(DENIED):
                connection.execute(f"SELECT count(*) FROM {hidden}")
    # they come and go as records do
    agencies.deliver("shelter", MANY, {number: person(number) for number in range(710, 716)})
    agencies.link()
    assert counts(agencies, "encoding", "crosswalk", "fake") == [66, 66, 6]


def test_persons_last_from_one_epoch_to_the_next(linked: Agencies) -> None:
    before = linked.persons()
    linked.deliver("shelter", MANY, epoch="2027")
    linked.link()
    assert counts(linked, "encoding") == [180]
    linked.deliver("police", KNOWN | OTHERS | {530: MANY[60]}, epoch="2027")
    assert [run.epoch for run in linked.link()] == ["2027"]
    assert end_epoch(linked.warehouse, "2026") == 120
    linked.link()
    assert linked.persons() == before | {("police", 530): before["shelter", 60]}
    assert linked.changes() == []


def test_rotated_keys_fit_nothing_that_was_taken_out_before(linked: Agencies) -> None:
    before = linked.persons()
    rotate_person_keys(linked.warehouse)
    after = linked.persons()
    assert not set(before.values()) & set(after.values())
    assert len({(before[record], after[record]) for record in before}) == 90
    assert linked.changes() == [("rotated", None, None)]


def test_an_agency_with_another_linkage_secret_is_refused(linked: Agencies) -> None:
    """It would link to nobody, and the counts would be wrong with nobody the wiser."""
    with pytest.raises(PermanentError, match="one_linkage_secret"):
        linked.deliver("clinic", KNOWN, secret=bytes(range(1, 33)))
    assert counts(linked, "encoding") == [120]
    linked.deliver("clinic", KNOWN)
    assert counts(linked, "encoding") == [150]


def test_encodings_of_the_wrong_length_are_refused(warehouse: Warehouse) -> None:
    with warehouse.connect(Role.LOADER) as connection:
        opened = connection.execute(
            "SELECT linkage.open_batch('shelter', 'feed', 'd', NULL, 'county', 1, 'digest', "
            "'2026', '{surname}', '{surname.sound}', '{}', 1, 0, 'keys')"
        ).fetchone()
        assert opened
        for tokens, contents in ((16, 39), (15, 40), (32, 40)):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(
                    "SELECT linkage.put_encodings(%s, '1', %b, %b)",
                    [opened[0], bytes(tokens), bytes(contents)],
                )
