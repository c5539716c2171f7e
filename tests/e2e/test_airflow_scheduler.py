"""Every feed under a real Airflow (scheduler, api-server, dag-processor, triggerer) on PostgreSQL:
killed half-way, started again, and run once more. The demo itself is what runs.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from schemas.odcs import contracts
from tests.fixtures_warehouse import dump, stopping
from tests.plaintext import find_plaintext
from tests.xcoms import check
from tributary import places
from tributary.county.generate import generate
from tributary.settings import Settings, settings
from warehouse import roles
from warehouse.roles import Role

pytestmark = pytest.mark.e2e
FEEDS = sorted(contracts())
PERSONS, SEED, WORD = 400, 11, "CANARY"
_DEMO = f"""
import json, os
from tributary import demo
from tributary.settings import settings

class Watcher:
    def says(self, what): print("says", what, flush=True)
    def sees(self, feed, step): print("sees", feed, step, flush=True)

shown = demo.run(settings(os.environ), {PERSONS}, {SEED}, Watcher(), {WORD!r})
outcomes = {{one.contract: [list(one.receipts), list(one.failed)] for one in shown.outcomes}}
print("shown", json.dumps([shown.is_good, outcomes]), flush=True)
"""


@dataclass
class Ended:
    """What one whole demo said, and what Airflow and the warehouse held after it."""

    is_good: bool
    outcomes: dict[str, tuple[list[dict[str, Any]], list[str]]]
    stages: list[str]
    tasks: list[tuple[str, str, str, int]]
    rows: dict[str, list[tuple[Any, ...]]]

    def statuses(self, feed: str) -> list[str]:
        return [receipt["status"] for receipt in self.outcomes[feed][0]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    found = settings({"TRIBUTARY_HOME": str(tmp_path_factory.mktemp("demo"))})
    with stopping(places.embedded_server(found)):
        yield found


def _start(home: Settings) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _DEMO],
        env={**os.environ, "TRIBUTARY_HOME": str(home.home)},
        stdout=subprocess.PIPE,
        text=True,
    )


def _airflow(home: Settings, query: str) -> list[tuple[Any, ...]]:
    warehouse = places.embedded_server(home).warehouse()
    with warehouse.connect(Role.AIRFLOW, roles.AIRFLOW) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def killed(home: Settings) -> Settings:
    """A demo killed while its deliveries, already taken from the drop folders, are checked."""
    demo = _start(home)
    assert demo.stdout
    for line in demo.stdout:
        if line.split()[::2] == ["sees", "validate"]:
            break
    assert demo.poll() is None, "the demo ended by itself"
    demo.send_signal(signal.SIGKILL)
    demo.wait()
    return home


def _to_the_end(home: Settings, *, let_deadlines_pass: bool = False) -> Ended:
    demo, stages = _start(home), []
    assert demo.stdout
    for line in demo.stdout:
        kind, _, rest = line.partition(" ")
        if kind == "says":
            stages.append(rest.strip())
        if kind == "sees" and let_deadlines_pass:
            _airflow(home, "UPDATE deadline SET deadline_time = now() WHERE NOT missed RETURNING 1")
            let_deadlines_pass = False
        if kind == "shown":
            is_good, outcomes = json.loads(rest)
    assert demo.wait() == 0
    tasks = _airflow(home, "SELECT dag_id, task_id, state, try_number FROM task_instance")
    return Ended(is_good, outcomes, stages, tasks, dump(places.warehouse(home)))


@pytest.fixture(scope="module")
def resumed(killed: Settings) -> Ended:
    return _to_the_end(killed, let_deadlines_pass=True)


@pytest.fixture(scope="module")
def again(resumed: Ended, home: Settings) -> Ended:
    return _to_the_end(home)


@pytest.fixture(scope="module")
def needles(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """What is searched for: the word in every text sentinel, and the sentinels that are numbers."""
    county = generate(PERSONS, SEED, tmp_path_factory.mktemp("county"), sentinel=WORD)
    assert len(county.sentinels) > 40
    return (WORD, *(one for one in county.sentinels if WORD not in one))


def test_what_was_interrupted_goes_on_and_is_not_delivered_again(resumed: Ended) -> None:
    assert "going on with a demo that was interrupted" in resumed.stages
    assert any(tries > 1 for *_, tries in resumed.tasks), "no task was taken over"
    runs = [feed for feed, task, state, _ in resumed.tasks if (task, state) == ("seal", "success")]
    deliveries = [feed for feed in FEEDS for _ in resumed.statuses(feed)]
    assert sorted(runs) == deliveries


@pytest.mark.parametrize("feed", FEEDS)
def test_every_feed_is_loaded_and_gets_its_receipt(feed: str, resumed: Ended) -> None:
    assert resumed.is_good
    assert resumed.statuses(feed)
    assert set(resumed.statuses(feed)) <= {"accepted", "partial"}
    assert resumed.outcomes[feed][1] == []
    rows = (*resumed.rows["event"], *resumed.rows["reported_count"])
    assert [row for (row,) in rows if f"{feed.replace('.', ',')}," in row]


def test_several_deliveries_of_a_feed_were_taken_one_by_one(resumed: Ended) -> None:
    assert len(resumed.statuses("county_sheriff.nibrs")) > 1


def test_nothing_of_a_delivery_is_left_on_the_node(resumed: Ended, home: Settings) -> None:
    assert resumed.is_good
    for zone in (home.node.landing, home.node.raw, home.node.outgoing, home.hub.inbox):
        assert list(zone.glob("[!.]*")) == [], zone
    for feed in FEEDS:
        assert places.drop_folder(home, feed).waiting() == []


def test_airflow_keeps_ids_counts_and_references(resumed: Ended, home: Settings) -> None:
    stored = _airflow(home, "SELECT task_id, key, value FROM xcom")
    assert len(stored) > 10 * len(FEEDS)
    for task, key, value in stored:
        check(task, key, value)
    events = _airflow(
        home,
        "SELECT e.extra FROM asset_event e JOIN asset a ON a.id = e.asset_id "
        "WHERE a.uri LIKE 'x-tributary://core/%'",
    )
    assert len(events) == sum(len(resumed.statuses(feed)) for feed in FEEDS)
    for (extra,) in events:
        assert list(extra) == ["rows"]
        assert isinstance(extra["rows"], int)


def test_a_missed_deadline_is_said_by_contract_and_run(resumed: Ended, home: Settings) -> None:
    assert resumed.is_good
    log = (home.home / "airflow" / "logs" / "triggerer.log").read_text()
    assert "deadline missed: the run of" in log


def test_no_identifier_is_anywhere(
    resumed: Ended, home: Settings, needles: tuple[str, ...], tmp_path: Path
) -> None:
    assert resumed.is_good
    server = places.embedded_server(home)
    login = server.warehouse().conninfo(Role.AIRFLOW, roles.AIRFLOW)
    dumped = [str(server.binary("pg_dump")), "-d", login, "-f", str(tmp_path / "airflow.sql")]
    subprocess.run(dumped, check=True)
    (tmp_path / "warehouse.txt").write_text(repr(resumed.rows))
    assert all(path.stat().st_size > 100_000 for path in tmp_path.iterdir())
    searched = [place for place in home.home.iterdir() if place.is_dir() and place.name != "county"]
    assert {"airflow", "drop", "hub", "node", "warehouse"} <= {place.name for place in searched}
    assert find_plaintext([*searched, tmp_path], needles) == []


def test_no_secret_is_in_a_log(resumed: Ended, home: Settings) -> None:
    assert resumed.is_good
    airflow = home.home / "airflow"
    files = [path for path in home.hub.credentials.iterdir() if path.name in set(Role)]
    secrets = [path.read_text().strip() for path in files]
    secrets += json.loads((airflow / "passwords.json").read_text()).values()
    assert len(secrets) > 4
    assert find_plaintext([airflow / "logs", home.hub.embedded / "run"], secrets) == []
    for path in (airflow / "airflow.cfg", airflow / "passwords.json"):
        assert path.stat().st_mode & 0o077 == 0
    for path in (airflow / "logs").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def _but_releases(rows: Mapping[str, Any]) -> dict[str, Any]:
    anew = ("release", "access_log", "deconfliction")
    return {name: rows[name] for name in rows if name not in anew}


@pytest.mark.parametrize("feed", FEEDS)
def test_the_same_demo_again_changes_nothing(feed: str, resumed: Ended, again: Ended) -> None:
    assert again.is_good
    assert set(again.statuses(feed)) == {"duplicate"}
    # it is published anew, as the same question is asked again, and that is noted
    assert _but_releases(again.rows) == _but_releases(resumed.rows)


def test_the_dags_kept_their_version(again: Ended, home: Settings) -> None:
    assert again.is_good
    versions = _airflow(home, "SELECT dag_id, version_number FROM dag_version")
    assert {(feed, 1) for feed in FEEDS} <= set(versions)
    assert {number for _, number in versions} == {1}


def test_nothing_keeps_running(again: Ended, home: Settings) -> None:
    assert again.is_good
    place = str(home.home / "airflow")
    until = time.monotonic() + 10
    while (left := [one for one in psutil.process_iter(["cwd"]) if _works_in(one, place)]) and (
        time.monotonic() < until
    ):
        time.sleep(0.5)
    assert left == []


def _works_in(process: psutil.Process, place: str) -> bool:
    return (process.info["cwd"] or "").startswith(place)
