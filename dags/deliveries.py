"""A DAG for every contract: which step of a delivery runs where, and after what.

    receive ─► validate ─► deidentify, per partition ─► encode ─► seal ─► load ─► receipt ─► dispose
          └─► take_next

Nothing else stands here. Steps pass ids, counts and references; Airflow stores and shows those.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import (
    DAG,
    Asset,
    AsyncCallback,
    CronTriggerTimetable,
    DeadlineAlert,
    DeadlineReference,
    Param,
    chain,
    get_current_context,
    get_parsing_context,
    task,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from schemas.contract import Contract
from schemas.odcs import contracts
from tributary import places, steps
from tributary.orchestration import (
    deadline_missed,
    documentation,
    hours_since_delivery,
    shared,
    value_free,
)
from tributary.settings import Settings, settings

#: Task queues of the two sides of the wall. A worker listens on one of them.
NODE, HUB = "node", "hub"

FILE = Param(
    None,
    type=["null", "string"],
    pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$(?!\n)",
    title="File to take",
    description=(
        "Name of one file in the feed's incoming folder; without it the oldest. The file stays "
        "where it is. Airflow stores and shows this name: it must say nothing about a person."
    ),
)


def here() -> Settings:
    return settings(os.environ)


def build(contract: Contract) -> DAG:
    """The DAG of one feed."""
    name = contract.name
    core = Asset(name=name, uri=f"x-tributary://core/{contract.agency}/{name}", group="core")

    @task(queue=NODE, multiple_outputs=True)
    def receive(params: dict[str, Any] | None = None) -> dict[str, Any]:
        folder, file = places.drop_folder(here(), name), (params or {})["file"]
        with value_free("receive"):
            found = steps.receive(here(), name, folder.incoming / file if file else None)
        if found["delivery_id"] is None:
            refuse_overdue(hours_since_delivery(folder.receipts))
            raise AirflowSkipException("nothing is waiting")
        return found

    def refuse_overdue(hours: int | None) -> None:
        if hours is not None and hours > contract.schedule.deadline_hours:
            raise AirflowFailException(
                f"{name} is overdue: the newest delivery is {hours} hours old, the agreement says "
                f"{contract.schedule.deadline_hours}; ask the agency"
            )

    @task(queue=NODE)
    def validate(delivery: str) -> list[dict[str, Any]]:
        with value_free("validate"):
            found = steps.validate(here(), name, delivery)
        get_current_context()["ti"].xcom_push("status", found["status"])
        return found["partitions"]

    @task(queue=NODE, map_index_template="{{ partition_name }}")
    def deidentify(delivery: str, partition: dict[str, Any]) -> dict[str, Any]:
        get_current_context()["partition_name"] = partition["name"]
        with value_free("deidentify"):
            return steps.deidentify(here(), name, delivery, partition)

    @task(queue=NODE)
    def encode(delivery: str) -> dict[str, Any]:
        with value_free("encode"):
            return steps.encode(here(), name, delivery)

    @task(queue=NODE)
    def seal(delivery: str) -> dict[str, Any]:
        with value_free("seal"):
            return steps.seal(here(), name, delivery)

    @task(queue=HUB, outlets=[core], multiple_outputs=True)
    def load(delivery: str) -> dict[str, Any]:
        with value_free("load"):
            found = steps.load(here(), name, delivery)
        get_current_context()["outlet_events"][core].extra = {"rows": found["rows"]}
        return found

    @task(queue=HUB)
    def receipt(delivery: str, status: str) -> dict[str, Any]:
        with value_free("receipt"):
            return steps.receipt(here(), name, delivery, status)

    @task(queue=NODE)
    def dispose(delivery: str) -> dict[str, Any]:
        with value_free("dispose"):
            return steps.dispose(here(), name, delivery)

    with DAG(
        dag_id=name,
        description=f"{contract.agency_name}: {contract.format} deliveries",
        doc_md=documentation(contract),
        schedule=CronTriggerTimetable(contract.schedule.cron, timezone="UTC"),
        deadline=DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(hours=contract.schedule.deadline_hours),
            callback=AsyncCallback(deadline_missed, kwargs={"contract": name}),
        ),
        params={"file": FILE},
        **shared(contract.agency),
        tags=[
            f"agency:{contract.agency}",
            f"sector:{contract.sector}",
            f"lane:{contract.lane}",
        ],
    ) as dag:
        received = receive()
        delivery = received["delivery_id"]
        deidentified = deidentify.partial(delivery=delivery).expand(partition=validate(delivery))
        loaded = load(delivery)
        chain(
            deidentified,
            encode(delivery),
            seal(delivery),
            loaded,
            receipt(delivery, loaded["status"]),
            dispose(delivery),
        )
        received >> TriggerDagRunOperator(
            task_id="take_next",
            queue=NODE,
            trigger_dag_id=name,
            logical_date=None,
            openlineage_inject_parent_info=False,
            pre_execute=skip_unless_waiting,
        )
    return dag


def skip_unless_waiting(context: Any) -> None:  # noqa: ANN401 - Airflow's context
    """Further deliveries get a run of their own, one at a time, whatever becomes of this one."""
    if not context["ti"].xcom_pull(task_ids="receive", key="waiting"):
        raise AirflowSkipException("nothing else is waiting")


wanted = get_parsing_context().dag_id
for found in contracts().values():
    if wanted in (None, found.name):
        globals()[found.name] = build(found)
