"""Small contracts for tests, built without YAML."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.contract import (
    Agreement,
    Contract,
    Deidentification,
    Field,
    Retention,
    Schedule,
    Table,
    Thresholds,
)


def field(name: str, operator: str = "keep", **given: Any) -> Field:
    """A field; keyword arguments that ``Field`` does not know are operator parameters."""
    known = {k: given.pop(k) for k in list(given) if k in Field.__dataclass_fields__}
    return Field(
        **{
            "name": name,
            "logical_type": "string",
            "classification": "shareable",
            "output": name,
            "deidentification": Deidentification(operator, given),
            **known,
        }
    )


def contract(*tables: Table, **given: Any) -> Contract:
    """A contract that loads, but for what ``given`` changes."""
    return Contract(
        **{
            "name": "test_agency.feed",
            "version": "1.0.0",
            "agency": "test_agency",
            "agency_name": "Test Agency",
            "sector": "social_service",
            "format": "hmis_csv",
            "lane": "row_level",
            "custody": "agency",
            "profile": "limited_data_set",
            "legal_basis": "test",
            "agreement": Agreement("test-1", date(2030, 1, 1)),
            "schedule": Schedule("0 6 * * *", 26),
            "retention": Retention(0, 90, 1825),
            "thresholds": Thresholds(0.5, 0.1, 0),
            "key_epoch": "test",
            "tables": tables,
            "digest": "0" * 64,
            "mapping_sql": "SELECT 1",
            **given,
        }
    )


def agree(monkeypatch: pytest.MonkeyPatch, contract: Contract) -> None:
    """Have the steps of a delivery work under ``contract``, whichever they are asked for."""
    from tributary.steps import hub, leaving, receiving, working

    for module in (hub, leaving, receiving, working):
        monkeypatch.setattr(module, "contract_named", lambda _: contract)
