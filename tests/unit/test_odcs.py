"""A contract loads whole or not at all, and says which line to add."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from schemas.errors import ContractError
from schemas.odcs import load_contract

GOOD = """
apiVersion: v3.1.0
kind: DataContract
id: test-agency-feed
name: test_agency.feed
version: 1.2.0
status: active
customProperties:
  - {property: agency, value: test_agency}
  - {property: agencyName, value: Test Agency}
  - {property: sector, value: nonprofit}
  - {property: format, value: rms_csv}
  - {property: lane, value: row_level}
  - {property: custody, value: agency}
  - {property: profile, value: limited_data_set}
  - {property: legalBasis, value: 'MOU 7'}
  - {property: agreement, value: {id: a-1, expires: '2030-01-31'}}
  - {property: schedule, value: {cron: '0 6 * * *', deadlineHours: 26}}
  - {property: retention, value: {landingDays: 0, deidentifiedDays: 90, coreDays: 1825}}
  - {property: thresholds, value: {maxQuarantinedShare: 0.5, maxDeleteShare: 0.1, minRows: 0}}
  - {property: keyEpoch, value: '2026'}
schema:
  - name: Case
    logicalType: object
    properties:
      - name: Number
        logicalType: string
        required: true
        primaryKey: true
        classification: direct-identifier
        encryptedName: case_token
        customProperties:
          - {property: deidentification, value: {operator: pseudonym, domain: case}}
      - name: Note
        logicalType: string
        classification: free-text
        customProperties:
          - {property: deidentification, value: {operator: drop}}
"""


def write(tmp_path: Path, change: object = None) -> Path:
    raw = yaml.safe_load(GOOD)
    if callable(change):
        change(raw)
    path = tmp_path / "feed.odcs.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    (tmp_path / "feed.sql").write_text("CREATE VIEW core.event AS SELECT 1", encoding="utf-8")
    return path


def set_decision(raw: dict, value: object) -> None:
    field = raw["schema"][0]["properties"][0]
    field["customProperties"] = [{"property": "deidentification", "value": value}]


def set_property(raw: dict, name: str, value: object) -> None:
    for item in raw["customProperties"]:
        if item["property"] == name:
            item["value"] = value


def test_a_complete_contract_loads(tmp_path: Path) -> None:
    contract = load_contract(write(tmp_path))
    assert (contract.name, contract.version, contract.lane) == (
        "test_agency.feed",
        "1.2.0",
        "row_level",
    )
    number, note = contract.table("Case").fields
    assert (number.output, number.deidentification.parameters["domain"]) == ("case_token", "case")
    assert note.dropped and contract.table("Case").kept == (number,)
    assert contract.agreement.expires == date(2030, 1, 31)


FAULTS = {
    "no decision": (
        lambda raw: raw["schema"][0]["properties"][0].pop("customProperties"),
        "Case.Number: no de-identification decision; add",
    ),
    "unknown operator": (lambda raw: set_decision(raw, {"operator": "hash"}), "operator hash"),
    "unknown parameter": (
        lambda raw: set_decision(raw, {"operator": "pseudonym", "domain": "x", "salt": "y"}),
        "no parameter salt",
    ),
    "missing parameter": (
        lambda raw: set_decision(raw, {"operator": "pseudonym"}),
        "needs `domain: ...`",
    ),
    "reference to nothing": (
        lambda raw: set_decision(
            raw, {"operator": "age_band", "bands": "ctdc", "reference": "Elsewhere"}
        ),
        "Elsewhere, which is not a field",
    ),
    "name that is kept": (lambda raw: set_decision(raw, {"operator": "keep"}), "may not be `keep`"),
    "unknown lane": (lambda raw: set_property(raw, "lane", "rows"), "lane must be one of"),
    "unknown contract property": (
        lambda raw: raw["customProperties"].append({"property": "colour", "value": 1}),
        "unknown custom property colour",
    ),
    "unknown field property": (
        lambda raw: raw["schema"][0]["properties"][0]["customProperties"].append(
            {"property": "anonymization", "value": 1}
        ),
        "Case.Number: unknown custom property anonymization",
    ),
    "missing agreement": (
        lambda raw: raw["customProperties"].pop(8),
        "agreement is missing; add under customProperties",
    ),
    "misspelt key": (
        lambda raw: raw["schema"][0]["properties"][0].update(clasification="shareable"),
        "no key clasification",
    ),
    "wrong version": (lambda raw: raw.update(apiVersion="v2.0.0"), "apiVersion: v3.1.0"),
    "unknown code list": (
        lambda raw: raw["schema"][0]["properties"][0]["customProperties"].append(
            {"property": "codes", "value": "no_such_list"}
        ),
        "no code list schemas/codes/no_such_list.csv",
    ),
    "agreement without end": (
        lambda raw: set_property(raw, "agreement", {"id": "a"}),
        "expires is missing",
    ),
    "duplicate field": (
        lambda raw: raw["schema"][0]["properties"].append(raw["schema"][0]["properties"][1]),
        "Case.Note stands twice",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_contract_does_not_load(fault: str, tmp_path: Path) -> None:
    change, says = FAULTS[fault]
    with pytest.raises(ContractError) as raised:
        load_contract(write(tmp_path, change))
    assert says in str(raised.value)


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    def change(raw: dict) -> None:
        set_property(raw, "lane", "rows")
        set_property(raw, "sector", "press")

    with pytest.raises(ContractError) as raised:
        load_contract(write(tmp_path, change))
    assert "lane must be" in str(raised.value) and "sector must be" in str(raised.value)


def test_an_expired_agreement_stops_the_feed(tmp_path: Path) -> None:
    contract = load_contract(write(tmp_path))
    contract.require_in_force(date(2030, 1, 31))
    with pytest.raises(ContractError, match="a-1 ended on 2030-01-31"):
        contract.require_in_force(date(2030, 2, 1))


def test_the_digest_covers_contract_and_mapping(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = load_contract(path).digest
    (tmp_path / "feed.sql").write_text("CREATE VIEW core.event AS SELECT 2", encoding="utf-8")
    assert load_contract(path).digest != before


def test_a_contract_without_mapping_does_not_load(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "feed.sql").unlink()
    with pytest.raises(ContractError, match=r"<feed>\.sql"):
        load_contract(path)
