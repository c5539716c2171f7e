"""Carries out the requests to expunge that agency nodes have handed over.

A request is a signed file of tokens in the inbox. The DAG has no parameter: whom it is
about, nobody tells Airflow.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, task

from tributary import upkeep as steps
from tributary.orchestration import shared, value_free
from tributary.settings import settings

DOCUMENTATION = """\
### Expungement
Agencies ask for it with `tributary expunge` on their node. Each request that waits is carried out
in a transaction of its own, and its receipt, which names no one, goes into the feed's drop folder.
Releases that drew on the agency are withdrawn at once.

A run fails where a request is not signed by a node that may deliver, or damaged; the request stays
where it is, and every other one was carried out.
"""

with DAG(
    dag_id="expunge",
    description="Carry out requests to expunge records",
    doc_md=DOCUMENTATION,
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
    **shared("hub"),
    tags=["upkeep"],
) as dag:

    @task(queue="hub")
    def expunge() -> dict[str, Any]:
        with value_free("expunge"):
            done = steps.expunge_waiting(settings(os.environ))["requests"]
        return {"requests": len(done), "found": sum(one["found"] for one in done)}

    expunge()
