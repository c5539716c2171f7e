"""The rule catalogue: every code is used, and every code that is used stands in it."""

from __future__ import annotations

import re

from schemas.catalogue import rules
from schemas.odcs import contracts
from tests.conftest import ROOT

ROOMS = ("schemas", "connectors", "anonymize", "warehouse", "tributary")


def source(but: str = "") -> str:
    return "\n".join(
        path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.parent.name != but
    )


def test_every_code_without_a_query_is_raised_somewhere() -> None:
    text = source()
    of_fields = {
        code
        for contract in contracts().values()
        for table in contract.tables
        for field in table.fields
        for code in field.rules.values()
    }
    generic = {"REQUIRED", "CODES", "DATE", "NUMBER", "RANGE", "PATTERN", "LENGTH"}
    unused = {
        code
        for code, rule in rules().items()
        if not rule.sql and code not in of_fields | generic and f'"{code}"' not in text
    }
    assert not unused


def test_every_code_in_the_source_is_known() -> None:
    # The county's own labels for planted faults are not rules.
    shape = re.compile(r'"((?:FILE|ZIP|ROW|HMIS|NIBRS|RMS|HTCDS|COUNTS|LANE|LOAD)-[A-Z0-9-]+)"')
    used = set(shape.findall(source(but="county")))
    unknown = used - set(rules())
    assert used
    assert not unknown


def test_every_rule_says_what_it_demands_and_what_to_do() -> None:
    for rule in rules().values():
        assert re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)*", rule.code), rule.code
        assert rule.says.endswith(".") and rule.fix.endswith("."), rule.code
