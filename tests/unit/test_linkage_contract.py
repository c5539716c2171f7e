"""What a contract may say about linkage: every fault is found before anybody is encoded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from schemas.contract import Contract
from schemas.errors import ContractError
from schemas.linkage import agreed_schema
from schemas.linkage_faults import linkage_faults
from schemas.odcs import contracts, load_contract, paths

HMIS, RMS, EASTLAKE, HTCDS, NIBRS = (
    contracts()[name]
    for name in (
        "county_coc.hmis",
        "harbor_police.rms",
        "eastlake_police.rms",
        "safe_passage.htcds",
        "county_sheriff.nibrs",
    )
)


def faults(contract: Contract, **changed: Any) -> list[str]:
    assert contract.linkage is not None
    return list(linkage_faults(replace(contract, linkage=replace(contract.linkage, **changed))))


def test_shipped_contracts_that_know_persons_link_them_and_the_others_do_not() -> None:
    linked = {name for name, contract in contracts().items() if contract.linkage is not None}
    assert linked == {HMIS.name, RMS.name, EASTLAKE.name, HTCDS.name}
    for contract in (HMIS, RMS, EASTLAKE, HTCDS):
        assert faults(contract) == []


@pytest.mark.parametrize(
    ("contract", "changed", "expected"),
    [
        (RMS, {"schema": "nowhere"}, "no linkage schema nowhere"),
        (RMS, {"table": "person"}, "no table person"),
        (RMS, {"unit": "event"}, "unit must be victim"),
        (RMS, {"basis": " "}, "basis"),
        (RMS, {"epochs": ()}, "epoch"),
        (RMS, {"epochs": ("2026", "2026")}, "each once"),
        (RMS, {"epochs": ("../2026",)}, "an epoch is of"),
        # a token that names no victim: the case's, a dropped key, a column that is no token
        (RMS, {"token": "event_token"}, "token event_token"),
        (RMS, {"token": "RowKey"}, "token RowKey"),
        (RMS, {"token": "gender"}, "token gender"),
        (RMS, {"fields": {"surname": "LastName"}}, "two fields or more"),
        (RMS, {"fields": {"surname": "LastName", "nickname": "Alias"}}, "no field nickname"),
        (
            RMS,
            {"fields": {"surname": "LastName", "given_name": "Forename"}},
            "Forename is no field",
        ),
        (
            RMS,
            {"fields": {"surname": "LastName", "given_name": "Narrative"}},
            "must not be encoded",
        ),
        (HMIS, {"fields": {"surname": "LastName", "zip": "RHYBasis"}}, "must not be encoded"),
        # whoever is no victim
        (RMS, {"where": {}}, "victims alone"),
        (RMS, {"where": {"Involvement": ("VIC", "SUS")}}, "victims alone"),
        (RMS, {"where": {"Involvement": ("VIC", None)}}, "victims alone"),
        (RMS, {"where": {"Involvement": ("VIC",), "Role": ("x",)}}, "where names Role"),
        (RMS, {"where": {"Involvement": ("VICTIMS",)}}, "not in list"),
        # youth without a recorded basis
        (HMIS, {"where": {}}, "recorded basis alone"),
        (HMIS, {"where": {"DateDeleted": (None,)}}, "recorded basis alone"),
        (HMIS, {"where": {"RHYBasis": ("not_rhy", None)}}, "recorded basis alone"),
        # a lane of consent whose release says nothing of linkage
        (HTCDS, {"consent": None}, "lane of consent"),
        (HTCDS, {"consent": " "}, "lane of consent"),
    ],
)
def test_faults(contract: Contract, changed: dict[str, Any], expected: str) -> None:
    found = faults(contract, **changed)
    assert any(expected in fault for fault in found), found


def test_lanes_and_formats_that_link_nobody() -> None:
    assert any("aggregate_only" in f for f in linkage_faults(replace(RMS, lane="aggregate_only")))
    linked = replace(NIBRS, linkage=RMS.linkage)
    assert any("no table" in fault for fault in linkage_faults(linked))
    of_victims = replace(RMS, format="nibrs_flat")
    assert any("NIBRS holds no names" in fault for fault in linkage_faults(of_victims))


def test_youth_on_a_statistical_basis_need_one_in_the_contract() -> None:
    assert HMIS.linkage is not None
    where = {**HMIS.linkage.where, "RHYBasis": ("not_rhy", "consent", "statistical")}
    assert faults(HMIS, where=where) == []
    without = replace(HMIS, statistical_basis=None)
    assert any("statisticalBasis" in fault for fault in faults(without, where=where))


@pytest.fixture
def edited(tmp_path: Any) -> Any:
    """Loads the police contract with another ``linkage``."""
    [path] = [path for path in paths() if path.parent.name == "harbor_police"]
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    [given] = [p for p in document["customProperties"] if p["property"] == "linkage"]
    document["customProperties"].remove(given)

    def load(**changed: Any) -> Contract:
        value = {k: v for k, v in {**given["value"], **changed}.items() if v is not None}
        properties = [*document["customProperties"], {"property": "linkage", "value": value}]
        written = tmp_path / path.name
        written.write_text(yaml.safe_dump({**document, "customProperties": properties}))
        sql = path.with_name("rms.sql")
        (tmp_path / sql.name).write_text(sql.read_text(encoding="utf-8"))
        return load_contract(written)

    return load


def test_two_epochs_may_be_listed_while_keys_rotate(edited: Any) -> None:
    assert edited().linkage.epochs == ("2026",)
    assert edited(epoch=None, epochs=["2027", 2026]).linkage.epochs == ("2027", "2026")


@pytest.mark.parametrize(
    "changed",
    [
        {"basis": None},
        {"epoch": None},
        {"fields": None},
        {"fields": "LastName"},
        {"where": "VIC"},
        {"where": {"Involvement": 5}},
        {"suspects": "too"},
    ],
)
def test_what_is_missing_or_unknown_makes_the_contract_unloadable(
    edited: Any, changed: dict[str, Any]
) -> None:
    with pytest.raises(ContractError, match="linkage needs"):
        edited(**changed)


def test_a_fault_makes_the_contract_unloadable(edited: Any) -> None:
    with pytest.raises(ContractError, match="victims alone"):
        edited(where={})


def test_every_block_of_the_county_s_schema_takes_two_fields_or_more() -> None:
    schema = agreed_schema("county")
    assert schema.flip and schema.dummies, "hardened unless agencies agree otherwise"
    assert all(len({part.column for part in block}) > 1 for block in schema.blocks)
