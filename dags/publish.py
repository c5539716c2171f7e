"""The DAG that publishes: once a week, after what was delivered has been linked.

Which day and hour is a choice of the members: a release a week leaves fewer to subtract from each
other than one after every delivery.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import DAG, Asset, CronTriggerTimetable, Param, task
from airflow.sdk.exceptions import AirflowFailException

from tributary.orchestration import shared, value_free
from tributary.settings import settings

HUB = "hub"
RELEASE = Asset(name="release", uri="x-tributary://mart/release", group="mart")
ALLOW_LOSS = Param(
    False,
    type="boolean",
    title="Allow loss",
    description="Publish although far fewer records are there than the last time.",
)

with DAG(
    dag_id="publish",
    description="A new release of every product, through disclosure control",
    schedule=CronTriggerTimetable("0 9 * * 1", timezone="UTC"),
    params={"allow_loss": ALLOW_LOSS},
    **shared("hub"),
    tags=["hub"],
    doc_md=__doc__,
):

    @task(queue=HUB, outlets=[RELEASE])
    def publish(params: dict[str, Any] | None = None) -> dict[str, Any]:
        from tributary.publishing import publish as run

        with value_free("publish"):
            made = run(settings(os.environ), allow_loss=bool((params or {})["allow_loss"]))
        if made["status"] == "refused":
            found = "; ".join(one["says"] for one in made["gate"] if one["stops"])
            raise AirflowFailException(
                f"the release gate refused release {made['release_id']}: {found}"
            )
        return {name: made[name] for name in ("release_id", "status")}

    publish()
