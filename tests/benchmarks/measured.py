"""Runs one step of a delivery in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

_STEP = """
import json, os, sys, time
from pathlib import Path
from tributary import steps
from tributary.settings import settings
step, arguments = sys.argv[1], json.loads(sys.argv[2])
started = time.perf_counter()
if "path" in arguments:
    arguments["path"] = Path(arguments["path"])
found = getattr(steps, step)(settings(os.environ), **arguments)
seconds = time.perf_counter() - started
# Not ru_maxrss: it starts with the size of the process that forked this one.
status = Path("/proc/self/status").read_text()
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"seconds": seconds, "mebibytes": peak, "found": found}))
"""


@dataclass(frozen=True)
class Cost:
    """Wall seconds, imports included, and peak resident memory in MiB."""

    step: str
    seconds: float
    mebibytes: float


def run_step(home: Path, step: str, **arguments: Any) -> tuple[Cost, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _STEP, step, json.dumps(arguments)],
        cwd=ROOT,
        env={**os.environ, "TRIBUTARY_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    answer = json.loads(done.stdout.splitlines()[-1])
    return Cost(step, answer["seconds"], answer["mebibytes"]), answer["found"]


def run_delivery(home: Path, name: str, path: Path) -> list[Cost]:
    """Every step of one delivery; de-identification is the sum over its partitions."""
    costs: list[Cost] = []

    def step(verb: str, **arguments: Any) -> Any:
        cost, found = run_step(home, verb, name=name, **arguments)
        costs.append(cost)
        return found

    delivery = step("receive", path=str(path))["delivery_id"]
    partitions = step("validate", delivery_id=delivery)["partitions"]
    first = len(costs)
    for partition in partitions:
        step("deidentify", delivery_id=delivery, partition=partition)
    parts = costs[first:]
    costs[first:] = [
        Cost(
            "deidentify",
            sum(part.seconds for part in parts),
            max(part.mebibytes for part in parts),
        )
    ]
    step("encode", delivery_id=delivery)
    step("seal", delivery_id=delivery)
    status = step("load", delivery_id=delivery)["status"]
    step("receipt", delivery_id=delivery, status=status)
    step("dispose", delivery_id=delivery)
    return costs
