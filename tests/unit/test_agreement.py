"""When an agreement ends, and what a contract must not promise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from schemas.contract import Agreement
from schemas.decisions import contract_faults
from schemas.errors import ContractError
from schemas.odcs import load_contract, paths
from tests.contracts import contract
from tests.fixtures_warehouse import TABLES

HMIS = next(path for path in paths() if path.name.startswith("hmis"))
AGREED = "{id: DSA-2026-ANSEL-COC, expires: '2028-12-31'}"


@pytest.mark.parametrize(
    ("agreement", "last"),
    [
        (Agreement("a", date(2028, 12, 31)), date(2028, 12, 31)),
        (Agreement("a", date(2028, 12, 31), date(2026, 11, 1)), date(2026, 10, 31)),
        (Agreement("a", date(2028, 12, 31), date(2030, 1, 1)), date(2028, 12, 31)),
    ],
)
def test_it_holds_until_its_last_day_and_not_a_day_longer(agreement: Agreement, last: date) -> None:
    assert agreement.last_day == last
    feed = contract(agreement=agreement)
    feed.require_in_force(last)
    with pytest.raises(ContractError, match=last.isoformat()):
        feed.require_in_force(date.fromordinal(last.toordinal() + 1))


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The shipped HMIS contract with one text in place of another."""
    content = HMIS.read_text(encoding="utf-8")
    assert content.count(old) == 1
    for path in (HMIS, HMIS.with_name("hmis.sql")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / HMIS.name).write_text(content.replace(old, new), encoding="utf-8")
    return tmp_path / HMIS.name


def test_a_termination_and_its_grace_are_read(tmp_path: Path) -> None:
    given = AGREED.replace("}", ", terminated: '2026-11-01', graceDays: 0}")
    found = load_contract(changed(tmp_path, AGREED, given)).agreement
    assert (found.terminated, found.grace_days) == (date(2026, 11, 1), 0)


@pytest.mark.parametrize("more", ["status: terminated", "terminated: soon", "graceDays: few"])
def test_what_is_not_understood_ends_no_agreement_in_silence(tmp_path: Path, more: str) -> None:
    with pytest.raises(ContractError, match="agreement"):
        load_contract(changed(tmp_path, AGREED, AGREED.replace("}", f", {more}}}")))


def test_no_contract_lets_rows_of_an_aggregate_source_in(tmp_path: Path) -> None:
    path = changed(tmp_path, "lane, value: row_level}", "lane, value: aggregate_only}")
    with pytest.raises(ContractError, match="aggregate_only"):
        load_contract(path)


@pytest.mark.parametrize(
    "units",
    [
        {"person": ("Client.PersonalID",)},
        {"victim": ("Client.Gender",)},
        {"victim": ("Client.Nothing",)},
        {"victim": ("Nothing.PersonalID",)},
        {"victim": ("PersonalID",)},
    ],
)
def test_units_name_pseudonyms_of_the_contract(units: dict[str, tuple[str, ...]]) -> None:
    sound = {"victim": ("Client.PersonalID",)}
    assert not [one for one in contract_faults(contract(*TABLES, units=sound)) if "units" in one]
    assert [one for one in contract_faults(contract(*TABLES, units=units)) if "units" in one]
