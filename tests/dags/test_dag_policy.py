"""What every DAG has to keep to."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from copy import copy
from datetime import timedelta

import pytest

from schemas import vocabulary
from schemas.odcs import contracts
from tests.dags.conftest import DAGS

NODE = {"receive", "validate", "deidentify", "encode", "seal", "dispose", "take_next"}
HUB = {"load", "receipt"}
FILES = sorted(DAGS.glob("*.py"))
NAMES = sorted(contracts())
#: DAGs that are of no contract.
OTHERS = {"deconflict", "expunge", "link", "publish", "retention"}


def test_one_dag_for_every_contract_and_no_import_error(bag):
    assert not bag.import_errors
    assert NAMES
    assert set(bag.dags) == {*NAMES, *OTHERS}


@pytest.fixture(params=NAMES)
def dag(request, bag):
    return bag.dags[request.param]


@pytest.fixture
def contract(dag):
    return contracts()[dag.dag_id]


class TestEveryDag:
    def test_runs_one_delivery_at_a_time(self, dag):
        assert dag.max_active_runs == 1
        assert dag.catchup is False

    def test_looks_for_deliveries_when_the_contract_says(self, dag, contract):
        assert dag.timetable.expression == contract.schedule.cron
        assert str(dag.timetable.timezone) == "UTC"

    def test_has_the_deadline_of_its_contract(self, dag, contract):
        (deadline,) = dag.deadline
        assert deadline.interval == timedelta(hours=contract.schedule.deadline_hours)
        assert deadline.callback.path == "tributary.orchestration.deadline_missed"
        assert deadline.callback.kwargs == {"contract": contract.name}

    def test_owner_and_tags_come_from_closed_lists(self, dag, contract):
        agencies = {known.agency for known in contracts().values()}
        allowed = (
            {f"agency:{name}" for name in agencies}
            | {f"sector:{name}" for name in vocabulary.SECTORS}
            | {f"lane:{name}" for name in vocabulary.LANES}
        )
        assert dag.tags <= allowed
        assert {tag.split(":")[0] for tag in dag.tags} == {"agency", "sector", "lane"}
        assert {task.owner for task in dag.tasks} == {contract.agency}

    def test_says_in_the_ui_what_it_stands_on(self, dag, contract):
        for said in (
            contract.agency_name,
            contract.lane,
            contract.legal_basis,
            contract.agreement.id,
            *(table.name for table in contract.tables),
            *dag.task_ids,
        ):
            assert said in dag.doc_md

    def test_every_task_is_on_its_side_of_the_wall(self, dag):
        assert {task.task_id: task.queue for task in dag.tasks} == {
            **dict.fromkeys(NODE, "node"),
            **dict.fromkeys(HUB, "hub"),
        }

    def test_the_hub_comes_after_the_node_and_disposal_after_the_receipt(self, dag):
        above = {task.task_id: task.get_flat_relative_ids(upstream=True) for task in dag.tasks}
        assert above["load"] == {"receive", "validate", "deidentify", "encode", "seal"}
        assert above["dispose"] == NODE - {"dispose", "take_next"} | HUB
        assert {task.trigger_rule for task in dag.tasks} == {"all_success"}

    def test_tries_again_by_kind_of_error(self, dag):
        for task in dag.tasks:
            assert task.retries == 3
            assert type(task.retry_policy).__name__ == "RetryByKind"

    def test_takes_a_plain_file_name_and_nothing_else(self, dag):
        assert list(dag.params) == ["file"]
        param = copy(dag.params.get_param("file"))
        assert param.resolve(None) is None
        assert param.resolve("2026-10.txt") == "2026-10.txt"
        for bad in ("../x.zip", "/etc/passwd", "a/b.zip", ".hidden", "", "x" * 101, "a\n", 7):
            with pytest.raises(Exception, match=r"is not valid|does not match|is not of type"):
                param.resolve(bad)

    def test_loading_announces_counts_under_one_asset(self, dag, contract):
        assets = {task.task_id: task.outlets for task in dag.tasks if task.outlets}
        ((where, (asset,)),) = assets.items()
        assert where == "load"
        assert asset.name == contract.name
        assert asset.uri == f"x-tributary://core/{contract.agency}/{contract.name}"


#: Parses every file in a process of its own; prints what was imported and the DAGs as stored.
_PARSE = """
import json, os, runpy, sys
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager
dags = {}
with _airflow_parsing_context_manager(dag_id=os.environ.get("ONLY")):
    for path in sys.argv[1:]:
        found = runpy.run_path(path).values()
        dags |= {one.dag_id: one for one in found if isinstance(one, DAG)}
modules = sorted({name.split(".")[0] for name in sys.modules})
from airflow.serialization.serialized_objects import DagSerialization
stored = {name: DagSerialization.to_dict(dag) for name, dag in dags.items()}
print(json.dumps({"modules": modules, "dags": stored}))
"""


@pytest.fixture(scope="module")
def parsed():
    """What two parses with different hash seeds gave, and one that asked for a single DAG."""
    environments = ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2"}, {"ONLY": NAMES[0]})
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _PARSE, *map(str, FILES)],
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
        )
        for environ in environments
    ]
    return [json.loads(process.communicate(timeout=240)[0]) for process in processes]


class TestParsing:
    def test_imports_nothing_heavy(self, parsed):
        modules = set(parsed[0]["modules"])
        assert {"airflow", "schemas", "tributary"} <= modules
        heavy = {"great_expectations", "pandas", "duckdb", "presidio_analyzer", "spacy", "psycopg"}
        assert not heavy & modules

    def test_gives_the_same_dags_every_time(self, parsed):
        once, again, _ = parsed
        assert set(NAMES) < set(once["dags"]) <= {*NAMES, *OTHERS}
        assert once["dags"] == again["dags"]

    def test_builds_only_the_dag_that_is_asked_for(self, parsed):
        assert set(parsed[2]["dags"]) - OTHERS == {NAMES[0]}

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_airflow_finds_no_value_that_varies(self, path):
        from airflow.utils.dag_version_inflation_checker import (
            AirflowRuntimeVaryingValueChecker,
            DagVersionInflationCheckLevel,
        )

        checker = AirflowRuntimeVaryingValueChecker(DagVersionInflationCheckLevel.error)
        checker.visit(ast.parse(path.read_text()))
        assert not checker.static_check_result.warnings

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_reads_no_variable_and_no_connection(self, path):
        names = {
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Name | ast.Attribute)
        }
        assert names & {"steps", "run"}
        assert not names & {"Variable", "Connection", "BaseHook"}
