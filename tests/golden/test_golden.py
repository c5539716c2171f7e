"""One folder per feed: a small invented delivery, and all that must come out of it.

``<contract>/delivery.<suffix>`` or ``<contract>/delivery/`` (zipped here) goes through validation,
de-identification and mapping under a fixed secret; ``<contract>/expected.json`` holds counts,
rules and every row of ``core``. ``TRIBUTARY_UPDATE_GOLDEN=1 pytest tests/golden`` writes it anew;
the difference is reviewed like code.
"""

from __future__ import annotations

import json
import os
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from anonymize.deidentify import deidentify
from anonymize.keys import KeyRing
from anonymize.partitions import plan
from anonymize.policy import bind
from connectors.validate import validate
from connectors.zones.raw import RawZone, StoredVerdict
from connectors.zones.vault import Vault
from schemas.contract import Contract
from schemas.odcs import contracts
from schemas.vocabulary import AGGREGATE_LANE
from warehouse.mapping import VIEWS, mapped

HERE = Path(__file__).parent
#: The day of intake: consent and retention depend on it.
TODAY = date(2026, 11, 1)
SECRET = bytes(range(32))
COUNTS = sorted(name for name, one in contracts().items() if one.lane == AGGREGATE_LANE)


def delivery(folder: Path) -> BytesIO:
    parts = folder / "delivery"
    if not parts.is_dir():
        [file] = folder.glob("delivery.*")
        return BytesIO(file.read_bytes())
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(parts.iterdir()):
            archive.writestr(path.name, path.read_bytes())
    packed.seek(0)
    return packed


def outcome(contract: Contract, source: BytesIO, tmp_path: Path) -> dict[str, Any]:
    vault = Vault(tmp_path / "vault", bytes(reversed(range(32))))
    zone = RawZone.create(tmp_path / "raw", "golden", vault)
    with zone.writers() as tables:
        verdict = validate(contract, source, tables, TODAY, "500MB")
    stored = StoredVerdict({}, verdict.quarantined)
    policy = bind(contract, KeyRing(SECRET, contract.key_epoch))
    outgoing = tmp_path / "outgoing"
    for partition in plan(zone, contract, 1_000):
        deidentify(zone, stored, policy, partition, outgoing)
    files = {
        table.name: sorted((outgoing / "tables" / table.name).glob("*.parquet"))
        for table in contract.tables
    }
    with mapped(contract, files) as core:
        rows = {
            view: sorted(
                (row for batch in core.batches(view) for row in batch.to_pylist()),
                key=lambda row: json.dumps(row, default=str),
            )
            for view in VIEWS
        }
    report = verdict.report.as_json()
    return {
        "status": verdict.status,
        "facts": report["facts"],
        "tables": {name: count for name, count in report["tables"].items() if count["rows_in"]},
        "rules": sorted(
            (
                {key: rule[key] for key in ("code", "tier", "table", "field", "count", "rows")}
                for rule in report["rules"]
            ),
            key=lambda rule: (rule["code"], rule["table"] or "", rule["field"] or ""),
        ),
        "core": {view: found for view, found in rows.items() if found},
    }


@pytest.mark.parametrize("name", sorted(contracts()))
def test_every_feed_has_a_golden_delivery_and_gives_what_it_gave(name: str, tmp_path: Path) -> None:
    folder = HERE / name
    assert folder.is_dir(), f"add tests/golden/{name}: a delivery and expected.json"
    found = json.loads(
        json.dumps(outcome(contracts()[name], delivery(folder), tmp_path), default=str)
    )
    expected = folder / "expected.json"
    if os.environ.get("TRIBUTARY_UPDATE_GOLDEN"):
        expected.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(set(contracts()) - set(COUNTS)))
def test_a_golden_delivery_shows_both_sides(name: str) -> None:
    """A golden delivery in which nothing is set aside, or nothing loads, would prove little."""
    expected = json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))
    assert expected["core"]["event"]
    assert any(count["quarantined"] or count["refused"] for count in expected["tables"].values())


@pytest.mark.parametrize("name", COUNTS)
def test_of_counts_the_other_side_is_a_delivery_of_its_own(name: str, tmp_path: Path) -> None:
    """A table of counts stands or falls whole."""
    expected = json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))
    assert expected["core"].keys() == {"reported_count", "filing"}
    refused = BytesIO((HERE / name / "refused.csv").read_bytes())
    found = outcome(contracts()[name], refused, tmp_path)
    assert (found["status"], found["core"]) == ("refused", {})
    assert {one["accepted"] for one in found["tables"].values()} == {0}
