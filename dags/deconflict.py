"""Answers the questions of deconfliction that police agencies' nodes have handed over.

A question is a signed file of tokens in the inbox. The DAG has no parameter, and of what it answers
Airflow keeps two numbers: how many questions, and how many were refused.
"""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, task

from tributary import deconfliction as steps
from tributary.orchestration import shared, value_free
from tributary.settings import settings

DOCUMENTATION = """\
### Blind deconfliction
Police agencies ask with `tributary deconflict` on their node which other police agency has met
victims of theirs. Off unless the contracts of both say `publication: {deconfliction: true}`. The
answer names agencies and goes into the feed's drop folder; the other agency is told, too
(`own.deconfliction_notice`).

A run fails where a question is not signed by a node that may deliver, or damaged; the question
stays where it is, and every other one was answered.
"""

with DAG(
    dag_id="deconflict",
    description="Answer questions of deconfliction",
    doc_md=DOCUMENTATION,
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
    **shared("hub"),
    tags=["upkeep"],
) as dag:

    @task(queue="hub")
    def answer() -> dict[str, Any]:
        with value_free("deconflict"):
            done = steps.answer_waiting(settings(os.environ))
        return {name: len(requests) for name, requests in done.items()}

    answer()
