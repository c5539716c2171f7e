"""The DAG that links persons across agencies: whenever a feed that encodes was loaded.

Runs that are due while one is under way become one. A run with nothing new to link changes nothing.
"""

from __future__ import annotations

import os
from functools import reduce
from operator import or_
from typing import Any

from airflow.sdk import DAG, Asset, task

from schemas.odcs import contracts
from tributary import steps
from tributary.orchestration import shared, value_free
from tributary.settings import settings

HUB = "hub"
LINKED = Asset(name="linked", uri="x-tributary://linked/person", group="linked")
#: What ``dags/deliveries.py`` announces under a feed's name.
LOADED = [
    Asset(name=feed.name, uri=f"x-tributary://core/{feed.agency}/{feed.name}", group="core")
    for feed in contracts().values()
    if feed.linkage is not None
]

with DAG(
    dag_id="link",
    description="Which records of all agencies are of one person, by their encodings alone",
    schedule=reduce(or_, LOADED) if LOADED else None,
    **shared("hub"),
    tags=["hub"],
    doc_md=__doc__,
):

    @task(queue=HUB, outlets=[LINKED])
    def link() -> dict[str, Any]:
        with value_free("link"):
            return steps.link(settings(os.environ))

    link()
