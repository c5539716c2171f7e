"""The DAG that links persons: when it runs, where, and what Airflow keeps of it."""

from __future__ import annotations

import json
import sqlite3

from schemas.errors import ContractError
from schemas.odcs import contracts
from tributary import steps

COUNTS = {
    **{"runs": 1, "records_new": 851, "matches": 189},
    **{"review": 15, "merges": 2, "splits": 0},
}


def test_runs_on_the_hub_one_at_a_time_whenever_a_feed_that_encodes_was_loaded(bag):
    dag = bag.dags["link"]
    assert {task.task_id: task.queue for task in dag.tasks} == {"link": "hub"}
    assert (dag.max_active_runs, dag.catchup, list(dag.params)) == (1, False, [])
    (task,) = dag.tasks
    assert task.retries == 3
    assert type(task.retry_policy).__name__ == "RetryByKind"
    waited_for = {asset.name: asset.uri for asset in dag.timetable.asset_condition.objects}
    assert waited_for == {
        asset.name: asset.uri
        for contract in contracts().values()
        if contract.linkage
        for one in bag.dags[contract.name].tasks
        for asset in one.outlets
    }
    # any of them, not all
    assert type(dag.timetable.asset_condition).__name__ == "AssetAny"


def test_airflow_keeps_counts_alone(bag, metadata, monkeypatch, tmp_path):
    monkeypatch.setenv("TRIBUTARY_HOME", str(tmp_path))
    monkeypatch.setattr(steps, "link", lambda _: COUNTS)
    made = bag.dags["link"].test()
    assert str(made.state) == "success"
    with sqlite3.connect(metadata) as connection:
        kept = connection.execute(
            "SELECT key, CAST(value AS TEXT) FROM xcom WHERE run_id = ?", [made.run_id]
        ).fetchall()
    assert {key: json.loads(value) for key, value in kept} == COUNTS | {"return_value": COUNTS}


def test_encodings_of_another_schema_fail_the_run(bag, metadata, monkeypatch, tmp_path):
    def refuse(_):
        raise ContractError("encodings wait that were made under county 1")

    monkeypatch.setenv("TRIBUTARY_HOME", str(tmp_path))
    monkeypatch.setattr(steps, "link", refuse)
    assert str(bag.dags["link"].test().state) == "failed"
