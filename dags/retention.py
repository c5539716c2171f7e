"""Removes, once a day, what is kept long enough; each side of the wall its own.

retain_node     landed deliveries, keys first
retain_hub      packages, records older than their contract allows, feeds without agreement
"""

from __future__ import annotations

import os

from airflow.sdk import DAG, CronTriggerTimetable, task

from tributary import upkeep as steps
from tributary.orchestration import shared, value_free
from tributary.settings import settings

DOCUMENTATION = """\
### Retention
| task | side | |
|---|---|---|
| retain_node | node | destroys landed deliveries older than `landingDays`, and those whose run \
never came to its end after 30 days |
| retain_hub | hub | brings agreements up to date, so that an ended one hides its feed's rows; \
removes packages older than `deidentifiedDays`, records older than `coreDays`, and the rows of \
feeds whose agreement and days of grace have ended |

Suppressions and the ledger stay. What would go: `tributary retain --dry-run`.
"""

with DAG(
    dag_id="retention",
    description="Remove what is kept long enough",
    doc_md=DOCUMENTATION,
    schedule=CronTriggerTimetable("30 2 * * *", timezone="UTC"),
    **shared("hub"),
    tags=["upkeep"],
) as dag:

    @task(queue="node")
    def retain_node() -> dict[str, int]:
        with value_free("retain_node"):
            return steps.retain_node(settings(os.environ))

    @task(queue="hub")
    def retain_hub() -> dict[str, int]:
        with value_free("retain_hub"):
            done = steps.retain_hub(settings(os.environ))
        return {"packages": done["packages"], **{w: len(done[w]) for w in ("expired", "ended")}}

    retain_node()
    retain_hub()
