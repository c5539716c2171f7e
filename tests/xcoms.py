"""What Airflow may keep of a delivery: ids, counts, references, and nothing else."""

from __future__ import annotations

import re
from typing import Any

DELIVERY_ID = r"[0-9a-f]{32}"
STATUS = r"accepted|partial|refused|duplicate"
#: Task -> key -> a type, or the pattern its text has to match as a whole.
ALLOWED: dict[str, dict[str, Any]] = {
    "receive": {"delivery_id": DELIVERY_ID, "waiting": int},
    "validate": {"status": r"accepted|partial|refused"},
    "deidentify": {"rows": int},
    "encode": {"persons": int, "forms": int, "fakes": int},
    "seal": {"delivery_id": DELIVERY_ID},
    "load": {"status": STATUS, "rows": int},
    "receipt": {"status": STATUS, "receipt": rf"/[\w./-]+/receipts/{DELIVERY_ID}\.receipt\.json"},
    "dispose": {"delivery_id": DELIVERY_ID},
    "take_next": {
        "trigger_run_id": r"manual__[\w:.+-]+",
        "_link_TriggerDagRunLink": r"(http://[\d.:]+)?/dags/[\w.]+/runs/[\w:.+-]+",
    },
}
#: The same of the hub's own DAGs.
OF_THE_HUB: dict[str, dict[str, Any]] = {
    "link": dict.fromkeys(("runs", "records_new", "matches", "review", "merges", "splits"), int),
    "answer": {"answered": int, "refused": int},
    "publish": {"release_id": int, "status": "published"},
}


def check(task: str, key: str, value: Any) -> None:
    """Fail unless the XCom is one that is allowed."""
    if task == "validate" and key == "return_value":
        for partition in value:
            _check_partition(partition)
    elif key == "return_value":
        assert value
        for inner, found in value.items():
            _check_one((ALLOWED | OF_THE_HUB)[task][inner], found)
    else:
        _check_one((ALLOWED | OF_THE_HUB)[task][key], value)


def _check_partition(partition: dict[str, Any]) -> None:
    assert set(partition) == {"name", "pieces"}
    assert re.fullmatch(r"p\d{5}", partition["name"])
    for table, first, count in partition["pieces"]:
        assert re.fullmatch(r"\w+", table)
        assert isinstance(first, int)
        assert isinstance(count, int)


def _check_one(allowed: Any, found: Any) -> None:
    if isinstance(allowed, type):
        assert isinstance(found, allowed)
    else:
        assert re.fullmatch(allowed, found)
