"""Runs of a DAG with steps that only record how they were called: order, arguments, what Airflow
keeps of it. The steps themselves, under a real scheduler, are tested in tests/e2e."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest

from schemas.errors import PrivacyError
from schemas.odcs import contracts
from tests.xcoms import ALLOWED, check
from tributary import steps

FEED = sorted(contracts())[0]
DELIVERY = "0123456789abcdef0123456789abcdef"
STEPS = (
    *("receive", "validate", "deidentify", "encode", "seal"),
    *("load", "receipt", "dispose"),
)


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Steps that succeed; a test changes ``answers``. Yields what was called, in order."""
    monkeypatch.setenv("TRIBUTARY_HOME", str(tmp_path))
    made = _Calls()
    for name in STEPS:
        monkeypatch.setattr(steps, name, made.step(name))
    return made


class _Calls(list):
    def __init__(self):
        super().__init__()
        partitions = [
            {"name": f"p{number:05}", "pieces": [["Client", 0, 1]]} for number in range(2)
        ]
        self.answers = {
            "receive": {"delivery_id": DELIVERY, "waiting": 0},
            "validate": {"status": "partial", "partitions": partitions},
            "deidentify": {"rows": 7},
            "encode": {"persons": 5, "forms": 6, "fakes": 1},
            "seal": {"delivery_id": DELIVERY},
            "load": {"status": "partial", "rows": 14},
            "receipt": {"status": "partial", "receipt": f"/drop/receipts/{DELIVERY}.receipt.json"},
            "dispose": {"delivery_id": DELIVERY},
        }

    def step(self, name):
        def run(settings, contract, *arguments):
            self.append((name, contract, *arguments))
            if isinstance(self.answers[name], Exception):
                raise self.answers[name]
            return self.answers[name]

        return run

    @property
    def names(self):
        return [name for name, *_ in self]


@pytest.fixture
def run(bag, metadata, calls, monkeypatch):
    """Runs the DAG; returns the run's state and the tasks' (mapped ones as a list)."""
    # dag.test() cannot end a run with a deadline well (Airflow 3.3.2); the scheduler can
    monkeypatch.setattr(bag.dags[FEED], "deadline", [])

    def go(**conf):
        made = bag.dags[FEED].test(run_conf=conf)
        states = {}
        for task in made.get_task_instances():
            states.setdefault(task.task_id, []).append(str(task.state))
        kept = {name: found[0] if len(found) == 1 else found for name, found in states.items()}
        return str(made.state), kept

    return go


def _query(metadata, sql):
    with sqlite3.connect(metadata) as connection:
        return connection.execute(sql).fetchall()


class TestAnAcceptedDelivery:
    @pytest.fixture
    def ended(self, run):
        return run()

    def test_goes_through_every_step_in_order_by_its_id(self, ended, calls):
        state, tasks = ended
        assert state == "success"
        assert calls[0] == ("receive", FEED, None)
        assert calls.names == ["receive", "validate", "deidentify", "deidentify", *STEPS[3:]]
        assert {arguments[0] for _, _, *arguments in calls[1:]} == {DELIVERY}
        taken = [call[3] for call in calls if call[0] == "deidentify"]  # in any order
        planned = calls.answers["validate"]["partitions"]
        assert sorted(taken, key=lambda part: part["name"]) == planned
        assert ("receipt", FEED, DELIVERY, "partial") in calls
        assert tasks["take_next"] == "skipped"

    def test_leaves_ids_counts_and_references_with_airflow_and_nothing_else(self, ended, metadata):
        stored = _query(
            metadata,
            "SELECT task_id, key, CAST(value AS TEXT) FROM xcom "
            "WHERE dag_run_id = (SELECT max(id) FROM dag_run)",
        )
        assert {task for task, _, _ in stored} == set(ALLOWED)
        for task, key, value in stored:
            check(task, key, json.loads(value))
        ((extra,),) = _query(metadata, "SELECT extra FROM asset_event ORDER BY id DESC LIMIT 1")
        assert json.loads(extra) == {"rows": 14}


def test_a_refused_delivery_gets_its_receipt_and_fails_no_run(run, calls):
    calls.answers["validate"] |= {
        "status": "refused",
        "partitions": [{"name": "p00000", "pieces": [["Client", 0, 1]]}],
    }
    calls.answers["load"] = {"status": "refused", "rows": 0}
    state, _ = run()
    assert state == "success"
    assert calls.names == list(STEPS)
    assert ("receipt", FEED, DELIVERY, "refused") in calls


def test_where_nothing_waits_the_run_is_skipped(run, calls):
    calls.answers["receive"] = {"delivery_id": None, "waiting": 0}
    state, tasks = run()
    assert state == "success"
    assert set(tasks.values()) == {"skipped"}
    assert calls.names == ["receive"]


def test_where_nothing_has_come_for_too_long_the_run_fails(run, calls, tmp_path):
    calls.answers["receive"] = {"delivery_id": None, "waiting": 0}
    old = tmp_path.joinpath("drop", *FEED.split("."), "receipts", "a.receipt.json")
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    os.utime(old, (0, 0))
    state, tasks = run()
    assert state == "failed"
    assert tasks["receive"] == "failed"


@pytest.mark.parametrize("broken", ["validate", "deidentify", "load"])
def test_a_step_that_fails_for_good_leaves_the_delivery_where_it_is(run, calls, broken):
    calls.answers[broken] = PrivacyError("a key is missing")
    state, tasks = run()
    assert state == "failed"
    assert set(calls.names) == set(STEPS[: STEPS.index(broken) + 1])
    assert tasks["dispose"] == "upstream_failed"


def test_a_file_that_is_named_is_taken_from_the_incoming_folder_alone(run, calls, tmp_path):
    run(file="2026-10.zip")
    assert calls[0][2] == tmp_path.joinpath("drop", *FEED.split("."), "incoming", "2026-10.zip")
