"""Encodings in a sealed package: whether they are what the contract agrees to, and reading them.

``seal`` asks on the node, ``open_package`` on the hub; neither needs a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from anonymize.encoding.columns import METADATA, Epoch, encoding_columns, ill_formed
from anonymize.manifest import LINKAGE, Manifest, Member
from schemas.contract import Contract
from schemas.errors import PackageError
from schemas.linkage import agreed_schema

_BATCH_ROWS = 131_072
_KEYS = re.compile("[0-9a-f]{16}")


def require_linkage(
    manifest: Manifest,
    members: Iterable[Member],
    contract: Contract,
    content: Callable[[str], pa.Buffer],
) -> None:
    """Encodings as the contract agrees to them, of each of its epochs once: a file that is missing
    would look like persons gone."""
    found = [
        _epoch_of(member, contract, content(member.path))
        for member in members
        if member.kind == LINKAGE
    ]
    expected = () if contract.linkage is None else contract.linkage.epochs
    if manifest.status != "refused" and sorted(found) != sorted(expected):
        raise PackageError(
            f"delivery {manifest.delivery_id} lacks encodings its contract agrees to, or holds "
            "them twice; run its encoding again"
        )


def _epoch_of(member: Member, contract: Contract, content: pa.Buffer) -> str:
    """The epoch of a file of encodings that is exactly what the agreed linkage schema encodes."""
    linkage = contract.linkage
    if linkage is None or linkage.table != member.table:
        raise PackageError("the package holds encodings that its contract does not agree to")
    agreed = agreed_schema(linkage.schema)
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            metadata = file.metadata
            epoch = Epoch.from_metadata(metadata.metadata)
            sound = file.schema_arrow.equals(encoding_columns(agreed))
            sound &= set(metadata.metadata) <= {b"ARROW:schema", METADATA}
            sound &= metadata.num_rows == member.rows >= epoch.fakes
            sound &= epoch == Epoch.of(agreed, epoch.epoch, epoch.fakes, epoch.keys)
            sound &= epoch.epoch in linkage.epochs
            sound &= _KEYS.fullmatch(epoch.keys) is not None
    except (OSError, ValueError, pa.ArrowException):
        sound = False
    if not sound:
        raise PackageError(
            f"the package's encodings of {member.table} are not what linkage schema "
            f"{agreed.name} version {agreed.version} describes under the contract's epochs"
        )
    return epoch.epoch


def read_packed(member: Member, content: pa.Buffer) -> Iterator[tuple[Epoch, pa.RecordBatch]]:
    """Batches of a verified file; one that is empty where it has no rows.

    Raises:
        PackageError: a column holds what no encoding is.
    """
    with pq.ParquetFile(pa.BufferReader(content)) as file:
        epoch = Epoch.from_metadata(file.metadata.metadata)
        if not member.rows:
            yield epoch, pa.RecordBatch.from_pylist([], schema=file.schema_arrow)
        for batch in file.iter_batches(_BATCH_ROWS):
            if wrong := ill_formed(batch):
                raise PackageError(
                    f"{', '.join(wrong)} of the encodings of {member.table} does not look encoded; "
                    "nothing of the delivery is loaded"
                )
            yield epoch, batch
