"""The demo without Airflow: what it refuses, how it delivers, which receipts it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from configparser import ConfigParser
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from sqlalchemy import URL

from schemas.errors import SettingsError
from schemas.odcs import contracts
from tributary import demo, places
from tributary.demo_deconfliction import FEED, MOST, ask, take_answer
from tributary.local_airflow import config
from tributary.local_airflow.processes import Processes
from tributary.local_airflow.session import _alone
from tributary.secrets import ensure_secrets
from tributary.settings import settings

NIBRS = "county_sheriff.nibrs"


class Silent:
    def says(self, what):
        pass

    def sees(self, feed, step):
        pass


@pytest.fixture
def home(tmp_path):
    return settings({"TRIBUTARY_HOME": str(tmp_path)})


def test_nothing_invented_goes_into_a_warehouse_of_your_own(tmp_path):
    real = settings(
        {"TRIBUTARY_HOME": str(tmp_path), "TRIBUTARY_WAREHOUSE_URL": "postgresql://db/w"}
    )
    with pytest.raises(SettingsError, match="TRIBUTARY_WAREHOUSE_URL"):
        demo.run(real, 100, 1, Silent())
    assert list(tmp_path.iterdir()) == []


class TestDelivering:
    def test_puts_every_feeds_files_where_they_are_taken_in_order(self, home):
        demo.deliver(home, 150, 3)
        waiting = {feed: places.drop_folder(home, feed).waiting() for feed in contracts()}
        assert all(waiting.values())
        names = [path.name for path in waiting[NIBRS]]
        assert len(names) > 1
        assert names == sorted(names), "the generator names its submissions by month"

    def test_leaves_no_second_copy(self, home):
        demo.deliver(home, 150, 3)
        left = list((home.home / "county" / "deliveries").rglob("*"))
        assert left
        assert not any(path.is_file() for path in left)

    def test_is_not_done_again_by_a_demo_that_goes_on(self, home):
        began = demo._delivered(home, 150, 3, Silent(), None)
        for feed in contracts():
            for path in places.drop_folder(home, feed).waiting():
                path.unlink()
        assert demo._delivered(home, 150, 3, Silent(), None) == began
        assert places.drop_folder(home, NIBRS).waiting() == []
        assert demo._delivered(home, 150, 4, Silent(), None) > began
        assert places.drop_folder(home, NIBRS).waiting()


def test_only_receipts_since_the_demo_began_count_and_the_oldest_comes_first(home):
    folder = places.drop_folder(home, NIBRS)
    now = datetime.now(UTC)
    for name, age in (("a", 3), ("b", 1), ("c", 2)):
        path = folder.put_receipt(name * 32, {"status": name})
        then = (now - timedelta(hours=age)).timestamp()
        os.utime(path, (then, then))
    found = demo.receipts(home, NIBRS, now - timedelta(hours=2, minutes=30))
    assert [receipt["status"] for receipt in found] == ["c", "b"]


@pytest.mark.parametrize(
    ("statuses", "failed", "is_good"),
    [
        (["accepted", "partial"], [], True),
        (["duplicate"], [], True),
        (["refused"], [], False),
        (["accepted", "refused"], [], False),
        (["accepted"], ["load"], False),
        ([], [], False),
    ],
)
def test_a_feed_is_good_where_all_its_deliveries_are(statuses, failed, is_good):
    got = [{"status": status} for status in statuses]
    assert demo.Outcome(NIBRS, got, failed).is_good is is_good


class TestDeconfliction:
    def test_asks_about_the_police_own_victims_of_trafficking_by_token_alone(self, home):
        ensure_secrets(home)
        demo.deliver(home, 400, 3)
        asked = ask(home)
        assert 0 < len(asked["rows"]) <= MOST
        [path] = home.hub.requests.iterdir()
        called = pq.read_table(home.home / "county" / "truth" / "records.parquet")["record_id"]
        assert not {one for one in called.to_pylist() if one} & set(path.read_text().split('"'))

    def test_a_county_without_such_a_case_asks_nothing(self, home, monkeypatch):
        monkeypatch.setattr("tributary.demo_deconfliction._victims", lambda _truth: [])
        assert ask(home) is None
        take_answer(home, None)

    def test_a_refused_question_does_not_end_the_demo(self, home):
        places.drop_folder(home, FEED).put_answer("a" * 32, {"refused": "enough for a day"})
        take_answer(home, {"request_id": "a" * 32, "rows": [1]})


class TestLocalAirflow:
    def test_writes_its_secrets_where_only_their_owner_reads(self, tmp_path):
        home = config.Home(tmp_path / "airflow")
        home.prepare()
        url = URL.create("postgresql+psycopg", "me", "s%cret", query={"host": "/a dir"})
        password = config.write(home, url, 4711)
        for path in (home.configuration, home.passwords):
            assert path.stat().st_mode & 0o777 == 0o600
        parser = ConfigParser()
        parser.read(home.configuration)
        assert parser["database"]["sql_alchemy_conn"] == url.render_as_string(hide_password=False)
        assert parser["api"]["host"] == "127.0.0.1"
        assert json.loads(home.passwords.read_text()) == {config.USER: password}
        environ = home.environment(tmp_path)
        assert password not in environ.values()
        assert not [value for value in environ.values() if "s%cret" in value or "s%25cret" in value]

    def test_keeps_the_key_its_database_is_encrypted_with(self, tmp_path):
        home = config.Home(tmp_path)
        keys = set()
        for port in (1, 2):
            config.write(home, URL.create("postgresql"), port)
            parser = ConfigParser()
            parser.read(home.configuration)
            keys.add((parser["core"]["fernet_key"], parser["api_auth"]["jwt_secret"]))
        assert len({fernet for fernet, _ in keys}) == 1
        assert len({jwt for _, jwt in keys}) == 2

    def test_the_callers_environment_changes_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "True")
        monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
        environ = config.Home(tmp_path).environment(tmp_path)
        assert "AIRFLOW__CORE__LOAD_EXAMPLES" not in environ
        assert environ["AIRFLOW_HOME"] == str(tmp_path)

    def test_runs_once_at_a_time(self, tmp_path):
        home = config.Home(tmp_path)
        refused = pytest.raises(SettingsError, match="already running")
        with _alone(home), refused, _alone(home):
            pass
        with _alone(home):
            pass

    def test_sweeps_up_what_a_killed_start_left_and_nothing_else(self, tmp_path):

        run, other = tmp_path / "run", tmp_path / "other"
        children = []
        for place in (run, other):
            place.mkdir()
            sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
            children.append(subprocess.Popen(sleeper, cwd=place, start_new_session=True))
        left, stranger = children
        try:
            Processes(run, tmp_path, {}).sweep()
            assert left.poll() is not None
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()
