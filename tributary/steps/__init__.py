"""The steps of a delivery, shared by the DAGs and the command line.

    receive -> validate -> deidentify (per partition) -> encode -> seal      on the agency node
    load -> receipt                                                on the hub
    link, over all feeds                                           on the hub
    dispose                                                        on the agency node

Each step takes a contract name and a delivery id, and returns only references and counts: what it
returns is stored by Airflow. Each can be repeated: it finds its own earlier work by the delivery
id and either keeps it, if it is whole, or replaces it.

Heavy rooms are imported inside the steps, because a DAG file imports this module when it is parsed.
"""

from __future__ import annotations

from tributary.steps.hub import link, load, prepare, receipt
from tributary.steps.leaving import dispose, seal
from tributary.steps.receiving import receive, receive_retained, retained
from tributary.steps.working import deidentify, encode, validate

__all__ = [
    "deidentify",
    "dispose",
    "encode",
    "link",
    "load",
    "prepare",
    "receipt",
    "receive",
    "receive_retained",
    "retained",
    "seal",
    "validate",
]
