"""The DAGs that take records out: what Airflow is told of it, and on which side each step runs."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from schemas.errors import PackageError
from tributary import upkeep

RECEIPT = {"request_id": "a" * 32, "found": 2, "removed": {"victim": 2}, "contract": "x.y"}


@pytest.fixture
def run(bag, metadata, monkeypatch, tmp_path):
    """Runs a DAG; returns its state, and what its tasks left with Airflow."""
    monkeypatch.setenv("TRIBUTARY_HOME", str(tmp_path))

    def go(name):
        made = bag.dags[name].test()
        with sqlite3.connect(metadata) as connection:
            kept = connection.execute(
                "SELECT task_id, CAST(value AS TEXT) FROM xcom WHERE run_id = ?", [made.run_id]
            ).fetchall()
        return str(made.state), {task: json.loads(value) for task, value in kept}

    return go


@pytest.mark.parametrize(("name", "queues"), [
    ("deconflict", {"answer": "hub"}),
    ("expunge", {"expunge": "hub"}),
    ("retention", {"retain_node": "node", "retain_hub": "hub"}),
])  # fmt: skip
def test_every_task_is_on_its_side_of_the_wall_and_takes_nothing(bag, name, queues):
    dag = bag.dags[name]
    assert {task.task_id: task.queue for task in dag.tasks} == queues
    assert not dag.params, "whom it is about, nobody tells Airflow"
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    for task in dag.tasks:
        assert task.retries == 3
        assert type(task.retry_policy).__name__ == "RetryByKind"
        assert not task.get_flat_relative_ids(upstream=True)


def test_of_an_expungement_airflow_keeps_two_numbers(run, monkeypatch):
    monkeypatch.setattr(upkeep, "expunge_waiting", lambda _: {"requests": [RECEIPT, RECEIPT]})
    assert run("expunge") == ("success", {"expunge": {"requests": 2, "found": 4}})


def test_a_refused_request_fails_the_run(run, monkeypatch):
    def refuse(_):
        raise PackageError("1 of 1 requests")

    monkeypatch.setattr(upkeep, "expunge_waiting", refuse)
    assert run("expunge") == ("failed", {})


def test_of_retention_it_keeps_counts(run, monkeypatch):
    monkeypatch.setattr(upkeep, "retain_node", lambda _: {"landed": 1, "unfinished": 0})
    hub = {"packages": 3, "expired": {"x.y": {"event": 5}}, "ended": {}}
    monkeypatch.setattr(upkeep, "retain_hub", lambda _: hub)
    state, kept = run("retention")
    assert state == "success"
    assert kept == {
        "retain_node": {"landed": 1, "unfinished": 0},
        "retain_hub": {"packages": 3, "expired": 1, "ended": 0},
    }


def test_the_deadline_of_a_feed_is_not_met_by_an_expungement(tmp_path: Path):
    from connectors.transports.folder import DropFolder
    from tributary.orchestration import hours_since_delivery

    folder = DropFolder(tmp_path)
    folder.put_erasure("a" * 32, RECEIPT)
    assert hours_since_delivery(folder.receipts) is None
