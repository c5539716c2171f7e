"""Whole deliveries through every step into a real PostgreSQL: the four formats, and what breaks.

The home directory is searched for sentinels as an intruder would: every file in it, the database's
own files and logs among them.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import ContractError
from schemas.odcs import contracts
from schemas.vocabulary import AGGREGATE_LANE
from tests.conftest import ROOT
from tests.contracts import agree
from tests.fixtures_warehouse import dump, rows
from tests.plaintext import find_plaintext
from tributary import demo, places
from tributary.county.generate import Generated, generate
from tributary.pipeline import run_delivery
from tributary.settings import Settings

pytestmark = pytest.mark.e2e
CONTRACTS = sorted(contracts())
#: Feeds whose deliveries hold persons; tables of counts hold none to be searched for.
RECORDS = [name for name in CONTRACTS if contracts()[name].lane != "aggregate_only"]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generate(1_500, 11, tmp_path_factory.mktemp("county"), months=6, sentinel="CANARY")


@pytest.fixture(scope="module")
def sentinels(county: Generated) -> tuple[str, ...]:
    """What is searched for: the word in every text sentinel, and the sentinels that are numbers."""
    assert len(county.sentinels) > 40
    return ("CANARY", *(word for word in county.sentinels if "CANARY" not in word))


@pytest.fixture(scope="module")
def receipts(home: Settings, county: Generated) -> dict[str, dict[str, Any]]:
    """Every feed's first delivery, loaded once."""
    return {name: run_delivery(home, name, county.paths[name][0]) for name in CONTRACTS}


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_feed_arrives(name: str, receipts: dict[str, dict[str, Any]]) -> None:
    receipt, counts = receipts[name], contracts()[name].lane == AGGREGATE_LANE
    # a table of counts stands or falls whole
    assert receipt["status"] == ("accepted" if counts else "partial"), "faults are planted in rows"
    assert bool(receipt["rules"]) != counts
    for table, count in receipt["tables"].items():
        assert count["rows_in"] == sum(count[k] for k in ("accepted", "quarantined", "refused"))
        leaves = bool(contracts()[name].table(table).kept)
        assert count["loaded"] == (count["accepted"] if leaves else 0), table
    assert sum(count["loaded"] for count in receipt["tables"].values()) > (10 if counts else 50)


def test_the_numbers_in_core_are_those_of_the_receipts(
    home: Settings, receipts: dict[str, dict[str, Any]]
) -> None:
    warehouse = places.warehouse(home)
    for name, receipt in receipts.items():
        agency, feed = name.split(".")
        for table, change in receipt["changes"].items():
            [(found,)] = rows(
                warehouse,
                f"SELECT count(*) FROM core.{table} WHERE agency = '{agency}' AND feed = '{feed}'",
            )
            assert found == change["inserted"], (name, table)
    assert rows(warehouse, "SELECT count(DISTINCT agency) FROM core.event") == [(5,)]


def test_texts_are_in_core_where_a_contract_lets_them_out(
    home: Settings, county: Generated, receipts: dict[str, dict[str, Any]]
) -> None:
    counts = demo.text_counts(places.warehouse(home))
    # of the nonprofit's notes codes alone; the other two feeds have no text that leaves
    assert counts["redacted narratives"].keys() == {"harbor_police"}
    agencies = {"harbor_police", "safe_passage"}
    assert (
        counts["indicators: means"].keys() == counts["indicators: exploitation"].keys() == agencies
    )
    flagged = counts["flagged as trafficking, neither 64A nor 64B"]
    truth = demo.flagged_in_truth(county.truth.parent)
    assert flagged.keys() == truth.keys() == {"harbor_police"}
    assert 0.5 < flagged["harbor_police"] / truth["harbor_police"] < 1.5
    gate = receipts["harbor_police.rms"]["gate"]
    assert gate["texts"] >= counts["redacted narratives"]["harbor_police"]
    assert gate["hits"] == 0


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_same_delivery_again_changes_nothing(
    name: str, home: Settings, county: Generated, receipts: dict[str, dict[str, Any]]
) -> None:
    before = dump(places.warehouse(home))
    again = run_delivery(home, name, county.paths[name][0])
    assert again["status"] == "duplicate"
    assert again["delivery_id"] == receipts[name]["delivery_id"]
    assert again["tables"] == receipts[name]["tables"]
    assert dump(places.warehouse(home)) == before


def test_nothing_raw_is_left_once_a_delivery_is_loaded(
    home: Settings, receipts: dict[str, dict[str, Any]]
) -> None:
    assert receipts
    for zone in (home.node.landing, home.node.raw, home.node.outgoing, home.hub.inbox):
        assert list(zone.glob("[!.]*")) == [], zone
    assert [path for path in home.node.vault.rglob("*") if path.is_file()] == []


def test_a_changed_contract_replaces_exactly_the_feeds_own_rows(
    home: Settings,
    county: Generated,
    receipts: dict[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "county_coc.hmis"
    warehouse = places.warehouse(home)
    others = "SELECT t::text FROM core.event t WHERE agency <> 'county_coc' ORDER BY 1"
    own = "SELECT event_key::text, delivery_id FROM core.event WHERE agency = 'county_coc'"
    before, keys = rows(warehouse, others), dict(rows(warehouse, own))
    changed = dataclasses.replace(contracts()[name], digest="f" * 64, version="1.0.1")
    agree(monkeypatch, changed)
    receipt = run_delivery(home, name, county.paths[name][0])
    assert receipt["status"] == "partial"
    assert receipt["delivery_id"] != receipts[name]["delivery_id"]
    after = dict(rows(warehouse, own))
    assert set(after) == set(keys), "record keys outlive a new version of the contract"
    assert set(after.values()) == {receipt["delivery_id"]}
    assert rows(warehouse, others) == before
    with pytest.raises(ContractError, match="send the delivery again"):
        run_delivery(home, name)


# --- broken deliveries ----------------------------------------------------------------------------


def truncated(path: Path) -> bytes:
    content = path.read_bytes()
    return content[: len(content) // 2]


BROKEN: dict[str, Callable[[Path], bytes]] = {
    "empty": lambda _: b"",
    "truncated": truncated,
    "binary": lambda _: bytes(range(256)) * 64,
    "sentinel text": lambda _: b"CANARYLAST,CANARYFIRST,1990-01-01,666-12-3456\r\n" * 50,
}


@pytest.mark.parametrize("name", CONTRACTS)
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_delivery_gets_a_receipt_and_changes_nothing(
    name: str,
    fault: str,
    home: Settings,
    county: Generated,
    receipts: dict[str, dict[str, Any]],
    tmp_path: Path,
) -> None:
    if (name, fault) == ("county_sheriff.nibrs", "truncated"):
        pytest.skip("a cut flat file is a shorter flat file: its last incident is quarantined")
    if (name, fault) in (("eastlake_police.rms", "truncated"), ("harbor_police.rms", "truncated")):
        pytest.skip("a cut CSV is a shorter CSV: its last row is quarantined")
    path = tmp_path / "delivery"
    path.write_bytes(BROKEN[fault](county.paths[name][0]))
    core = "SELECT t::text FROM core.event t ORDER BY 1"
    before = rows(places.warehouse(home), core)
    receipt = run_delivery(home, name, path)
    assert receipt["status"] == "refused"
    assert receipt["rules"], "a refusal names its rule"
    assert rows(places.warehouse(home), core) == before
    assert "CANARY" not in json.dumps(receipt)


# --- canaries -------------------------------------------------------------------------------------


def test_no_sentinel_anywhere_during_and_after_a_run(
    home: Settings,
    county: Generated,
    sentinels: tuple[str, ...],
    receipts: dict[str, dict[str, Any]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Good deliveries and broken ones, searched at every step and at the end."""
    caplog.set_level(logging.DEBUG)
    scratch = tmp_path / "scratch"  # where libraries would put temporary files
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    hits: list[Any] = []
    zones = [home.node.landing.parent, home.hub.inbox.parent, scratch]
    written = ""
    for name in CONTRACTS:
        source = county.paths[name][0]
        cut = tmp_path / f"{name}.cut"
        cut.write_bytes(truncated(source))
        for path in (source, cut):
            receipt = run_delivery(
                home, name, path, lambda _: hits.extend(find_plaintext(zones, sentinels))
            )
            written += json.dumps(receipt)
    captured = capfd.readouterr()
    written += caplog.text + captured.out + captured.err
    assert not [word for word in sentinels if word in written]
    assert not hits + find_plaintext([home.home, scratch], sentinels)


def test_the_search_finds_what_is_there(county: Generated, sentinels: tuple[str, ...]) -> None:
    """The canaries are in the deliveries: a search that finds nothing would prove nothing."""
    for name in RECORDS:
        assert find_plaintext([county.paths[name][0].parent], sentinels)


# --- crashes --------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from tributary.pipeline import run_delivery
from tributary.settings import settings
def at(step):
    if step == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
run_delivery(settings(os.environ), sys.argv[1], Path(sys.argv[2]), at)
"""


STEPS = ["validate", "deidentify", "encode", "seal", "load", "receipt", "dispose"]


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_between_steps_leaves_nothing_plain_and_is_followed(
    step: str, home: Settings, county: Generated, sentinels: tuple[str, ...], tmp_path: Path
) -> None:
    name = "county_sheriff.nibrs"
    # A line end more is another delivery of the same incidents.
    path = tmp_path / "delivery.txt"
    path.write_bytes(county.paths[name][0].read_bytes() + b"\r\n" * (STEPS.index(step) + 1))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, name, str(path), step],
        cwd=ROOT,
        env={**os.environ, "TRIBUTARY_HOME": str(home.home)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not find_plaintext([home.node.landing.parent, home.hub.inbox.parent], sentinels)
    receipt = run_delivery(home, name, path)
    # Killed after the load, the delivery is in; the second run says so.
    assert receipt["status"] == ("duplicate" if step in ("receipt", "dispose") else "partial")
    test_nothing_raw_is_left_once_a_delivery_is_loaded(home, {name: receipt})


# --- the command line -----------------------------------------------------------------------------


def tributary(home: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tributary", *arguments],
        cwd=ROOT,
        env={**os.environ, "TRIBUTARY_HOME": str(home.home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_run_prints_the_receipt_as_json(
    home: Settings, county: Generated, receipts: dict[str, dict[str, Any]]
) -> None:
    name = "safe_passage.htcds"
    done = tributary(home, "run", name, str(county.paths[name][0]), "--json")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["status"] == "duplicate"
    assert {"delivery_id", "contract", "status", "tables", "rules"} <= set(receipt)
    assert set(receipt["rules"][0]) >= {"code", "tier", "table", "field", "count", "rows"}


def test_a_refused_delivery_and_an_unknown_contract_have_exit_codes(
    home: Settings, tmp_path: Path, receipts: dict[str, dict[str, Any]]
) -> None:
    broken = tmp_path / "x.zip"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("../../Client.csv", "PersonalID\nCANARY\n")
    done = tributary(home, "run", "county_coc.hmis", str(broken))
    assert done.returncode == 12
    assert "ZIP-TRAVERSAL" in done.stderr and "CANARY" not in done.stdout + done.stderr
    assert tributary(home, "run", "no.contract", str(broken)).returncode == 11


def test_psql_logs_in_as_a_reader(home: Settings, receipts: dict[str, dict[str, Any]]) -> None:
    count = "SELECT count(*) > 0 FROM core.event"
    done = tributary(home, "warehouse", "psql", "-Atc", count)
    assert done.stdout.strip() == "t", done.stderr
    done = tributary(home, "warehouse", "psql", "-Atc", "DELETE FROM core.event")
    assert done.returncode != 0 and "permission denied" in done.stderr
