"""``tributary expunge`` on a whole installation: by the ids its agencies use."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyrage
import pytest

from schemas.errors import DeliveryError, PackageError
from schemas.odcs import contract as contract_named
from tests.contracts import agree
from tests.fixtures_warehouse import rows
from tributary import places, steps, upkeep
from tributary.cli import main
from tributary.county.generate import Generated, generate
from tributary.pipeline import run_delivery
from tributary.settings import Settings
from warehouse.roles import Role

pytestmark = pytest.mark.e2e
HMIS, NIBRS, HTCDS = "county_coc.hmis", "county_sheriff.nibrs", "safe_passage.htcds"

Expunge = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generate(600, 5, tmp_path_factory.mktemp("county"), months=3)


@pytest.fixture(scope="module")
def loaded(home: Settings, county: Generated) -> Settings:
    for name in (HMIS, NIBRS, HTCDS):
        assert run_delivery(home, name, county.paths[name][0])["status"] == "partial"
    return home


def requests(home: Settings) -> list[Path]:
    return list(home.hub.inbox.glob("expunge-*"))


def units(home: Settings, name: str) -> dict[str, int]:
    agency, feed = name.split(".")
    found = {}
    for table in ("event", "victim", "victim_event", "service", "event_text"):
        query = f"SELECT count(*) FROM core.{table} WHERE agency = '{agency}' AND feed = '{feed}'"
        [(found[table],)] = rows(places.warehouse(home), query)
    return found


@pytest.fixture
def expunge(
    loaded: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Expunge:
    """Runs the command in this process: exit code, receipt, everything else it said."""

    def run(*arguments: str, lines: str = "") -> tuple[int, dict[str, Any], str]:
        monkeypatch.setenv("TRIBUTARY_HOME", str(loaded.home))
        monkeypatch.setattr(sys, "argv", ["tributary", "expunge", *arguments, "--json"])
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(said.out or "{}"), said.err

    return run


def hmis_enrolled(path: Path) -> list[str]:
    """Clients of the export, those with an enrolment first."""
    with zipfile.ZipFile(path) as archive:
        [member] = [n for n in archive.namelist() if n.endswith("Enrollment.csv")]
        text = archive.read(member).decode("utf-8-sig")
    return [row["PersonalID"] for row in csv.DictReader(io.StringIO(text))]


def loaded_ids(home: Settings, name: str, unit: str, lines: list[str], by: str = "") -> list[str]:
    """Those lines whose record stands in core, found as the command finds it."""
    from anonymize.keys import KeyRing
    from anonymize.unit_ids import identifiers, tokens, unit_key

    contract = contract_named(name)
    key = unit_key(contract, unit, [one for one in by.split(",") if one])
    keyring = KeyRing.from_file(home.node.secret_file, contract.key_epoch)
    query = (
        f"SELECT encode(token, 'hex') FROM linkage.source_token WHERE agency = '{contract.agency}'"
    )
    standing = {token for (token,) in rows_as_owner(home, query)}
    found = []
    for line in dict.fromkeys(lines):
        with suppress(DeliveryError):  # a placeholder
            made = tokens(contract, key, identifiers(contract, key, [line]), keyring)
            found += [line] if set(made) <= standing else []
    return found


def rows_as_owner(home: Settings, query: str) -> list[tuple[Any, ...]]:
    with (
        places.warehouse(home).connect(Role.OWNER) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute("ALTER TABLE linkage.source_token NO FORCE ROW LEVEL SECURITY")
        return connection.execute(query).fetchall()


def test_a_client_by_her_id_is_gone_and_stays_gone(
    loaded: Settings, county: Generated, tmp_path: Path, expunge: Expunge
) -> None:
    path = county.paths[HMIS][0]
    clients = loaded_ids(loaded, HMIS, "victim", hmis_enrolled(path))
    gone, before = clients[0], units(loaded, HMIS)
    code, receipt, said = expunge(HMIS, "--unit", "victim", lines=f"{gone}\n")
    assert (code, receipt["status"], receipt["found"]) == (0, "done", 1), said
    assert receipt["removed"]["victim"] == 1 and receipt["removed"]["event"] >= 1
    after = units(loaded, HMIS)
    assert after["victim"] == before["victim"] - 1
    assert after["event"] == before["event"] - receipt["removed"]["event"]
    assert gone not in json.dumps(receipt) + said
    [stored] = places.drop_folder(loaded, HMIS).receipts.glob("expunge-*.json")
    assert gone not in stored.read_text() and "token" not in json.loads(stored.read_text())
    assert requests(loaded) == []

    again = run_delivery(loaded, HMIS, changed(path, tmp_path))
    assert "LOAD-SUPPRESSED" in {rule["code"] for rule in again["rules"]}
    assert units(loaded, HMIS) == after
    assert gone in clients and loaded_ids(loaded, HMIS, "victim", [gone]) == []


def changed(path: Path, directory: Path) -> Path:
    """The same export with one byte more: another delivery of the same records."""
    copy = directory / path.name
    copy.write_bytes(path.read_bytes())
    with zipfile.ZipFile(copy, "a") as archive:
        archive.comment = b"again"
    return copy


def incidents(path: Path) -> list[str]:
    lines = path.read_text(encoding="latin-1").splitlines()
    return [f"{line[25:37].strip()}\t{line[16:25]}" for line in lines if line[4] == "1"]


def test_incidents_by_number_and_agency_out_of_an_encrypted_list(
    loaded: Settings, county: Generated, tmp_path: Path, expunge: Expunge
) -> None:
    known = loaded_ids(loaded, NIBRS, "event", incidents(county.paths[NIBRS][0])[:20])
    before = units(loaded, NIBRS)
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(f"# made for a test\n{identity}\n")
    sealed = pyrage.encrypt("\n".join(known[:3]).encode(), [identity.to_public()])
    (tmp_path / "ids.age").write_bytes(sealed)
    given = ("--ids", str(tmp_path / "ids.age"), "--identity", str(tmp_path / "key.txt"))
    code, receipt, said = expunge(NIBRS, "--unit", "event", *given)
    assert (code, receipt["found"], receipt["removed"]["event"]) == (0, 3, 3), said
    assert units(loaded, NIBRS)["event"] == before["event"] - 3
    (tmp_path / "ids.age").write_text("\n".join(known))
    code, _, said = expunge(NIBRS, "--unit", "event", *given)
    assert code == 10 and not any(number.split("\t")[0] in said for number in known)


def test_a_person_without_a_number_by_names_and_birth_date(
    loaded: Settings, county: Generated, expunge: Expunge
) -> None:
    book = openpyxl.load_workbook(county.paths[HTCDS][0], read_only=True, data_only=True)
    cells = [list(row) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    [header] = [row for row in cells if "First Name" in row]
    places = [header.index(name) for name in ("First Name", "Second Name", "Birthdate")]
    found = [[row[place] for place in places] for row in cells if row is not header]
    lines = [
        "\t".join(str(getattr(cell, "date", lambda c=cell: c)()) for cell in row)
        for row in found
        if all(cell is not None and str(cell).strip() for cell in row)
    ]
    by = "prs_FirstName,prs_SecondName,prs_Birthdate"
    persons = loaded_ids(loaded, HTCDS, "victim", lines, by)
    assert persons
    given = ("--unit", "victim", "--by", by)
    code, receipt, said = expunge(HTCDS, *given, lines=persons[0])
    assert (code, receipt["found"]) == (0, 1), said


@pytest.mark.parametrize(
    ("arguments", "lines", "code"),
    [
        ((HMIS, "--unit", "victim"), "", 12),
        ((HMIS, "--unit", "victim"), "SENTINEL-1\tSENTINEL-2\n", 12),
        ((HMIS, "--unit", "victim", "--by", "SSN"), "SENTINEL-1\n", 11),
        ((NIBRS, "--unit", "event"), "SENTINEL-1\n", 12),
        (("no.such", "--unit", "event"), "SENTINEL-1\n", 11),
        ((HMIS, "--unit", "victim", "--ids", "SENTINEL.age"), "", 10),
    ],
)
def test_what_cannot_be_asked_leaves_everything_as_it_is(
    loaded: Settings, expunge: Expunge, arguments: tuple[str, ...], lines: str, code: int
) -> None:
    before = units(loaded, HMIS)
    returned, _, said = expunge(*arguments, lines=lines)
    assert returned == code
    assert "SENTINEL-" not in said
    assert units(loaded, HMIS) == before
    assert requests(loaded) == []


def test_under_the_next_key_epoch_she_stays_away(
    loaded: Settings,
    county: Generated,
    tmp_path: Path,
    expunge: Expunge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = county.paths[HMIS][0]
    gone = loaded_ids(loaded, HMIS, "victim", hmis_enrolled(path))[0]
    assert expunge(HMIS, "--unit", "victim", lines=gone)[0] == 0
    contract = contract_named(HMIS)
    rotated = dataclasses.replace(contract, key_epoch="2027", digest="f" * 64)
    agree(monkeypatch, rotated)
    receipt = run_delivery(loaded, HMIS, changed(path, tmp_path))
    [found] = [r for r in receipt["rules"] if r["code"] == "LOAD-SUPPRESSED"
               and r["table"] == "victim"]  # fmt: skip
    assert found["count"] == 2  # and the one expunged first


def test_what_the_node_holds_of_the_feed_is_destroyed(
    loaded: Settings, county: Generated, tmp_path: Path
) -> None:
    landed = steps.receive(loaded, HMIS, changed(county.paths[HMIS][0], tmp_path))["delivery_id"]
    steps.validate(loaded, HMIS, landed)
    done = upkeep.request_expungement(loaded, HMIS, "victim", ["no such client"])
    assert done["destroyed"] == 1
    for zone in (loaded.node.landing, loaded.node.raw, loaded.node.outgoing):
        assert not (zone / landed).exists()
    assert not list(loaded.node.vault.glob(f"{landed}*"))
    [receipt] = upkeep.expunge_waiting(loaded)["requests"]
    assert (receipt["found"], receipt["releases_withdrawn"]) == (0, 0)


def test_packages_that_wait_go_too_and_retention_takes_old_ones(
    loaded: Settings, county: Generated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = steps.receive(loaded, HMIS, changed(county.paths[HMIS][0], tmp_path))["delivery_id"]
    for partition in steps.validate(loaded, HMIS, landed)["partitions"]:
        steps.deidentify(loaded, HMIS, landed, partition)
    steps.encode(loaded, HMIS, landed)
    steps.seal(loaded, HMIS, landed)
    [package] = loaded.hub.inbox.glob("*.tar")
    old = (datetime.now(UTC) - timedelta(days=91)).timestamp()
    os.utime(package, (old, old))
    assert upkeep.retain_hub(loaded, trial=True)["packages"] == 1
    assert package.exists()

    upkeep.request_expungement(loaded, NIBRS, "event", ["no such incident\tMN0000000"])
    [other] = upkeep.expunge_waiting(loaded)["requests"]
    assert other["packages_discarded"] == 0 and package.exists()
    upkeep.request_expungement(loaded, HMIS, "victim", ["no such client"])
    [own] = upkeep.expunge_waiting(loaded)["requests"]
    assert own["packages_discarded"] == 1 and not package.exists()

    monkeypatch.setattr(sys, "argv", ["tributary", "retain", "--dry-run", "--json"])
    monkeypatch.setenv("TRIBUTARY_HOME", str(loaded.home))
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code


def test_one_bad_request_stops_no_other_and_stays(loaded: Settings) -> None:
    bad = loaded.hub.inbox / f"expunge-{'0' * 32}.json"
    upkeep.request_expungement(loaded, HMIS, "victim", ["no such client"])
    bad.write_text("{}")
    with pytest.raises(PackageError, match="1 of 2 requests"):
        upkeep.expunge_waiting(loaded)
    assert requests(loaded) == [bad]
    bad.unlink()


def test_a_request_handed_in_again_is_a_duplicate(loaded: Settings, tmp_path: Path) -> None:
    upkeep.request_expungement(loaded, HMIS, "victim", ["no such client"])
    [path] = requests(loaded)
    kept = path.read_bytes()
    assert upkeep.expunge_waiting(loaded)["requests"][0]["status"] == "done"
    path.write_bytes(kept)
    assert upkeep.expunge_waiting(loaded)["requests"][0]["status"] == "duplicate"
    assert requests(loaded) == []
