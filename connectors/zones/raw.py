"""The raw zone: a delivery's parsed rows as Parquet with modular encryption (AES-256-GCM).

::

    <root>/<delivery id>/<table>.parquet     rows: ``_row``, the contract's columns as text
    <root>/<delivery id>/verdict             report and quarantined rows, sealed; written last

Every file has a key of its own, derived from the delivery's data key and the file's name, and is
bound to its delivery and table (the AAD prefix is not stored in it): a file that was changed, cut,
or put in another's place does not open. Memory is bounded by one row group.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyarrow.parquet.encryption import create_decryption_properties, create_encryption_properties

from connectors.formats.base import ROW
from connectors.table_rules import ACCEPTED
from connectors.zones.durable import make_private, remove, replacing, write_file
from connectors.zones.secret import derive_key, joined
from connectors.zones.vault import Vault, safe_id
from schemas.errors import PrivacyError

ZONE = "raw"
#: Rows of every row group but a table's last.
ROW_GROUP_ROWS = 65_536
_VERDICT = "verdict"
_NONCE_BYTES = 12
_TABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,63}")

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StoredVerdict:
    """What validation decided about a delivery, as kept for the steps after it.

    Attributes:
        report: counts, findings and whatever else later steps need, as JSON; no cell values.
        quarantined: row numbers (``_row``, ascending) that table rules set aside, by table. Rows
            set aside by row checks carry ``_accepted = false`` in the raw file itself.
    """

    report: Mapping[str, Any]
    quarantined: Mapping[str, Rows] = field(default_factory=dict)


class RawWriter:
    """Appends batches to one table; ``RawZone.writer`` makes it."""

    def __init__(self, file: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._file, self._schema = file, schema
        self._waiting: list[pa.RecordBatch] = []
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; small batches are gathered into full row groups."""
        if not batch.num_rows:
            return
        self._waiting.append(batch)
        self.rows += batch.num_rows
        if sum(waiting.num_rows for waiting in self._waiting) >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(self._waiting, self._schema)
            full = table.num_rows - table.num_rows % ROW_GROUP_ROWS
            self._file.write_table(table.slice(0, full), ROW_GROUP_ROWS)
            self._waiting = table.slice(full).to_batches()

    def finish(self) -> None:
        """Append what is still waiting."""
        if self._waiting:
            self._file.write_table(pa.Table.from_batches(self._waiting, self._schema))
            self._waiting = []


class RawZone:
    """The raw files of one delivery."""

    def __init__(self, root: Path, delivery_id: str, data_key: bytes) -> None:
        self._directory = root / safe_id(delivery_id)
        self._delivery_id, self._data_key = delivery_id, data_key

    def __repr__(self) -> str:
        return f"RawZone({self._directory})"

    @classmethod
    def create(cls, root: Path, delivery_id: str, vault: Vault) -> RawZone:
        """An empty zone under a new key; what an earlier, stopped run left is destroyed."""
        destroy(root, delivery_id, vault)
        make_private(root / safe_id(delivery_id))
        return cls(root, delivery_id, vault.create(delivery_id, ZONE))

    @classmethod
    def open(cls, root: Path, delivery_id: str, vault: Vault) -> RawZone:
        """The zone of a delivery that was validated.

        Raises:
            PrivacyError: its key was destroyed.
        """
        return cls(root, delivery_id, vault.open(delivery_id, ZONE))

    @contextmanager
    def writer(self, table: str, schema: pa.Schema) -> Iterator[RawWriter]:
        """Write ``table``; it is there, whole, once the block has ended without an error."""
        path = self._path(table)
        properties = create_encryption_properties(
            self._key(path.name), aad_prefix=self._aad(table), store_aad_prefix=False
        )
        with (
            replacing(path) as partial,
            pq.ParquetWriter(
                partial, schema, compression="zstd", encryption_properties=properties
            ) as file,
        ):
            writer = RawWriter(file, schema)
            yield writer
            writer.finish()

    @contextmanager
    def writers(self) -> Iterator[RawTables]:
        """Write several tables in turn, each with the schema of its first batch.

        Tables are there once ``finish`` was called; a block that ends by an error leaves none.
        """
        with ExitStack() as stack:
            yield RawTables(self, stack)

    def tables(self) -> tuple[str, ...]:
        """Tables written so far, sorted."""
        return tuple(sorted(path.stem for path in self._directory.glob("[!.]*.parquet")))

    def schema(self, table: str) -> pa.Schema:
        with self._opened(table) as file:
            return file.schema_arrow

    def row_groups(self, table: str) -> tuple[int, ...]:
        """Rows of each row group, in order: what a partition plan is made of."""
        with self._opened(table) as file:
            metadata = file.metadata
            return tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups))

    def column_bytes(self, table: str, columns: Collection[str]) -> tuple[int, ...]:
        """Bytes of ``columns`` in each row group, uncompressed as Parquet holds them."""
        with self._opened(table) as file:
            metadata = file.metadata
            places = [n for n, name in enumerate(file.schema_arrow.names) if name in columns]
            return tuple(
                sum(group.column(n).total_uncompressed_size for n in places)
                for group in map(metadata.row_group, range(metadata.num_row_groups))
            )

    def read(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        row_groups: Sequence[int] | None = None,
        batch_rows: int = ROW_GROUP_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        """Batches of ``table`` in file order.

        Args:
            columns: columns to decrypt; all of them by default.
            row_groups: row groups to read; all of them by default.
            batch_rows: longest batch.

        Raises:
            PrivacyError: the file is missing, or not the one that was written.
        """
        with self._opened(table) as file:
            groups = range(file.metadata.num_row_groups) if row_groups is None else row_groups
            batches = file.iter_batches(batch_rows, row_groups=list(groups), columns=columns)
            while True:
                try:
                    batch = next(batches, None)
                except (OSError, pa.ArrowException):
                    raise self._damaged(table) from None
                if batch is None:
                    return
                yield batch

    def write_verdict(self, verdict: StoredVerdict) -> None:
        """Seal the verdict. Its presence says that validation came to its end."""
        content = {
            "report": verdict.report,
            "quarantined": {
                table: b64encode(np.asarray(rows, dtype="<i8").tobytes()).decode("ascii")
                for table, rows in verdict.quarantined.items()
            },
        }
        nonce = os.urandom(_NONCE_BYTES)
        plain = zlib.compress(json.dumps(content).encode("utf-8"))
        sealed = AESGCM(self._key(_VERDICT)).encrypt(nonce, plain, self._aad(_VERDICT))
        write_file(self._directory / _VERDICT, nonce + sealed)

    def read_verdict(self) -> StoredVerdict:
        """The verdict.

        Raises:
            PrivacyError: validation has not come to its end, or the verdict was changed.
        """
        try:
            content = (self._directory / _VERDICT).read_bytes()
        except FileNotFoundError:
            raise PrivacyError(
                f"delivery {self._delivery_id} has no verdict: run its validation again"
            ) from None
        try:
            sealed = content[_NONCE_BYTES:]
            plain = AESGCM(self._key(_VERDICT)).decrypt(
                content[:_NONCE_BYTES], sealed, self._aad(_VERDICT)
            )
        except (InvalidTag, ValueError):
            raise self._damaged(_VERDICT) from None
        found = json.loads(zlib.decompress(plain))
        rows = {
            table: np.frombuffer(b64decode(text), dtype="<i8").astype(np.int64)
            for table, text in found["quarantined"].items()
        }
        return StoredVerdict(found["report"], rows)

    @contextmanager
    def _opened(self, table: str) -> Iterator[pq.ParquetFile]:
        path = self._path(table)
        properties = create_decryption_properties(
            self._key(path.name), aad_prefix=self._aad(table), allow_plaintext_files=False
        )
        try:
            file = pq.ParquetFile(path, decryption_properties=properties)
        except (OSError, pa.ArrowException):
            raise self._damaged(table) from None
        with file:
            yield file

    def _path(self, table: str) -> Path:
        if not _TABLE.fullmatch(table):
            raise PrivacyError("a table name holds letters, digits and _ only")
        return self._directory / f"{table}.parquet"

    def _key(self, name: str) -> bytes:
        return derive_key(self._data_key, "raw file", name)

    def _aad(self, name: str) -> bytes:
        return joined(self._delivery_id, name)

    def _damaged(self, name: str) -> PrivacyError:
        return PrivacyError(
            f"the raw file {name} of delivery {self._delivery_id} is missing, changed or not its "
            "own; run the delivery again from the start"
        )


class RawTables:
    """The tables of one delivery while it is validated; ``RawZone.writers`` makes it."""

    def __init__(self, zone: RawZone, stack: ExitStack) -> None:
        self._zone, self._stack = zone, stack
        self._writers: dict[str, RawWriter] = {}

    def write(self, table: str, rows: pa.RecordBatch) -> None:
        """Append rows to ``table``."""
        if table not in self._writers:
            writer = self._zone.writer(table, rows.schema)
            self._writers[table] = self._stack.enter_context(writer)
        self._writers[table].write(rows)

    def finish(self) -> Callable[[str, tuple[str, ...]], Iterator[pa.RecordBatch]]:
        """Close every table; returns the function that reads back columns of a table.

        It yields nothing for a table no rows came for.
        """
        self._stack.close()

        def load(table: str, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
            if table in self._writers:
                yield from self._zone.read(table, [ROW, ACCEPTED, *columns])

        return load


def destroy(root: Path, delivery_id: str, vault: Vault) -> None:
    """Destroy a delivery's raw files: their key first, then the files. May be repeated."""
    vault.destroy(delivery_id, ZONE)
    remove(root / safe_id(delivery_id))
