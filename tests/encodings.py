"""Encodes small invented deliveries, and shows what the encoder was given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymize.encoding import delivery as module
from anonymize.encoding.columns import Epoch, from_batch
from anonymize.encoding.delivery import EncodedCounts, encode_delivery
from anonymize.encoding.encode import Encoded
from anonymize.keys import KeyRing
from connectors.formats.base import ROW, Intake, reader
from connectors.table_rules import ACCEPTED, Rows
from connectors.zones.raw import RawZone, StoredVerdict
from connectors.zones.vault import Vault
from schemas.checks import intake_columns
from schemas.contract import Contract
from schemas.linkage import agreed_schema
from schemas.report import IntakeReport

TODAY = date(2026, 11, 1)
SECRET, LINKAGE_SECRET = bytes(range(32)), bytes(range(32, 64))
#: Another agency's node.
ELSEWHERE = bytes(range(64, 96))


@dataclass(frozen=True)
class File:
    """One file of encodings."""

    epoch: Epoch
    rows: pa.RecordBatch
    content: bytes

    @property
    def encoded(self) -> Encoded:
        return from_batch(self.rows, agreed_schema(self.epoch.schema), self.epoch.fakes)

    def column(self, name: str) -> list[Any]:
        found: list[Any] = self.rows.column(name).to_pylist()
        return found

    def of(self, token: str) -> dict[str, Any]:
        """The only row of a token."""
        [row] = (row for row in self.rows.to_pylist() if row["token"] == token)
        return dict(row)


@dataclass(frozen=True)
class Made:
    """What became of a delivery; ``given``: the plain columns of its real persons."""

    counts: EncodedCounts
    files: tuple[File, ...]
    given: Mapping[str, list[str | None]]
    outgoing: Path

    @property
    def file(self) -> File:
        [found] = self.files
        return found


Encoding = Callable[..., Made]


@pytest.fixture
def encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Encoding:
    """Reads a delivery under a contract, without its checks, and encodes it.

    ``refused_rows`` and ``quarantined`` are what row checks and table rules would set aside.
    """
    given: dict[str, list[str | None]] = {}
    disguised = module.disguised

    def seen(columns: Mapping[str, pa.ChunkedArray], *rest: Any) -> Any:
        given.update({name: column.to_pylist() for name, column in columns.items()})
        return disguised(columns, *rest)

    monkeypatch.setattr(module, "disguised", seen)

    def encoded(
        contract: Contract,
        source: BinaryIO,
        *,
        delivery_id: str = "d1",
        node: bytes = SECRET,
        agreed: bytes = LINKAGE_SECRET,
        report: Mapping[str, Any] | None = None,
        refused_rows: Sequence[int] = (),
        quarantined: Mapping[str, Rows] | None = None,
    ) -> Made:
        given.clear()
        vault = Vault(tmp_path / "vault", bytes(reversed(range(32))))
        zone = RawZone.create(tmp_path / "raw", delivery_id, vault)
        intake = Intake(contract, intake_columns(contract), IntakeReport(), TODAY)
        with zone.writers() as tables:
            for table, rows in reader(contract.format)(source, intake):
                accepted = ~np.isin(rows[ROW].to_numpy(), refused_rows)
                tables.write(table, rows.append_column(ACCEPTED, pa.array(accepted)))
            tables.finish()
        stored = {"status": "accepted", "scope": intake.report.scope.as_json()}
        counts = encode_delivery(
            zone,
            StoredVerdict({**stored, **(report or {})}, quarantined or {}),
            contract,
            KeyRing(node, contract.key_epoch),
            agreed,
            delivery_id,
            tmp_path / "out" / delivery_id,
        )
        paths = sorted((tmp_path / "out" / delivery_id).glob("linkage/*/*.parquet"))
        files = tuple(map(_file, paths))
        return Made(counts, files, dict(given), tmp_path / "out" / delivery_id)

    return encoded


def _file(path: Path) -> File:
    with pq.ParquetFile(path) as file:
        epoch = Epoch.from_metadata(file.metadata.metadata)
        rows = file.read().combine_chunks()
        batch = pa.RecordBatch.from_arrays(
            [column.combine_chunks() for column in rows.columns], schema=rows.schema
        )
    return File(epoch, batch, path.read_bytes())


def hud_name(soundex: str) -> str:
    """A name as HUD's hashed export holds it."""
    return hashlib.sha256(soundex.encode()).hexdigest()


def hud_ssn(number: str) -> str:
    return number[-4:] + hashlib.sha256(number.encode()).hexdigest()
