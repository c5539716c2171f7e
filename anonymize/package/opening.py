"""The hub's side: verifies a package and reads it."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from anonymize.encoding.columns import Epoch
from anonymize.encoding.packed import read_packed, require_linkage
from anonymize.manifest import LINKAGE, TABLES, WITHHELD, Manifest, Member
from anonymize.outputs import misfits, output_schema, withheld_schema
from anonymize.package.layout import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    MAX_MEMBERS,
    MEMBER,
    SIGNATURE,
    mapped,
    require_gate,
)
from anonymize.package.signing import CONTEXT
from schemas.contract import Contract
from schemas.errors import PackageError

_BATCH_ROWS = 131_072


@dataclass(frozen=True)
class Package:
    """A package whose every part was verified; ``open_package`` makes it."""

    manifest: Manifest
    _contract: Contract
    _content: Mapping[str, pa.Buffer]

    def read(self, table: str) -> Iterator[pa.RecordBatch]:
        """De-identified rows of ``table``, with ``output_schema``.

        Raises:
            PackageError: a column holds what its operator cannot have made.
        """
        for batch in self._batches(TABLES, table):
            wrong = misfits(self._contract.table(table), batch)
            if wrong:
                raise PackageError(
                    f"delivery {self.manifest.delivery_id}: {table}.{', '.join(wrong)} does not "
                    "look de-identified; nothing of it is loaded"
                )
            yield batch

    def withheld(self, table: str) -> Iterator[pa.RecordBatch]:
        """Key tokens of quarantined rows of ``table``, with ``withheld_schema``."""
        for batch in self._batches(WITHHELD, table):
            if misfits(self._contract.table(table), batch):
                raise PackageError(
                    f"delivery {self.manifest.delivery_id}: the withheld keys of {table} are not "
                    "tokens; nothing of it is loaded"
                )
            yield batch

    def encodings(self) -> Iterator[tuple[Epoch, pa.RecordBatch]]:
        """Encodings of the delivery's persons, with ``encoding_columns`` of the agreed schema.

        A delivery that has any has at least one batch of each epoch its contract lists; a batch may
        be empty. Every row of an epoch comes once, the batches of one epoch after those of another.
        Each stands for what the delivery says *now* of the person that ``token`` names, as do the
        rows of ``read``; several rows of a token are forms of one identity, and tokens of fakes
        occur nowhere else in the package. A batch becomes what the linkage zone compares by
        ``anonymize.encoding.columns.from_batch(batch, agreed_schema(epoch.schema), epoch.fakes)``.

        Raises:
            PackageError: a column holds what no encoding is.
        """
        for member in self.manifest.files:
            if member.kind == LINKAGE:
                yield from read_packed(member, self._content[member.path])

    def _batches(self, kind: str, table: str) -> Iterator[pa.RecordBatch]:
        for member in self.manifest.files:
            if (member.kind, member.table) == (kind, table):
                with _parquet(self._content[member.path]) as file:
                    yield from file.iter_batches(_BATCH_ROWS)


def open_package(
    path: Path, trusted: Mapping[str, bytes], contract: Contract, delivery_id: str
) -> Package:
    """Verify a package and open it.

    Args:
        trusted: public keys (32 bytes) of the nodes that may deliver under ``contract``, by name.
        contract: the contract as the hub knows it.
        delivery_id: the delivery this package is expected to be.

    Raises:
        PackageError: anything is not as agreed; nothing was read but what had to be verified.
    """
    try:
        whole = mapped(path)
        content = _contents(whole)
        signed = content.pop(MANIFEST).to_pybytes()
        signature = content.pop(SIGNATURE).to_pybytes()
    except (OSError, KeyError, tarfile.TarError, pa.ArrowException):
        raise PackageError("the package is cut short or not a package; seal it again") from None
    manifest = _verified(signed, signature, trusted)
    _require_agreed(manifest, contract, delivery_id)
    if manifest.status != "refused":
        require_gate(manifest)
    _require_members(manifest, content)
    for member in manifest.files:
        if member.kind != LINKAGE:
            _require_outputs(member, contract, content[member.path])
    require_linkage(manifest, manifest.files, contract, content.__getitem__)
    return Package(manifest, contract, content)


def _contents(whole: pa.Buffer) -> dict[str, pa.Buffer]:
    """Members by name, if the tar file is laid out as ``seal`` lays it out, to the last byte.

    Plain files in plain headers, one directly after the other: no links, no devices, no long-name
    or extended headers, nothing between, nothing after.
    """
    found: dict[str, pa.Buffer] = {}
    expected = 0
    with tarfile.open(fileobj=pa.BufferReader(whole), mode="r:") as tar:
        for member in tar:
            plain = member.type == tarfile.REGTYPE and not member.pax_headers
            in_order = (member.offset, member.offset_data) == (expected, expected + 512)
            first_two = (MANIFEST, SIGNATURE)[len(found)] if len(found) < 2 else None
            named = member.name == first_two if first_two else MEMBER.fullmatch(member.name)
            if not (plain and in_order and named) or member.name in found:
                raise PackageError("the package holds a member that no package has")
            if len(found) >= MAX_MEMBERS or (first_two and member.size > MAX_MANIFEST_BYTES):
                raise PackageError("the package is larger than any package may be")
            expected += 512 + -(-member.size // 512) * 512
            if expected > whole.size:
                raise PackageError("the package is cut short; seal it again")
            found[member.name] = whole.slice(member.offset_data, member.size)
    records = -(-(expected + 1024) // tarfile.RECORDSIZE) * tarfile.RECORDSIZE
    rest = whole.slice(expected)
    if whole.size != records or any(rest.to_pybytes()):
        raise PackageError("the package is cut short, or goes on after its end; seal it again")
    return found


def _verified(signed: bytes, signature: bytes, trusted: Mapping[str, bytes]) -> Manifest:
    """The manifest, if a trusted node signed exactly these bytes and says so in them."""
    for node, key in trusted.items():
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, CONTEXT + signed)
        except InvalidSignature:
            continue
        manifest = Manifest.from_bytes(signed)
        if manifest.node == node:
            return manifest
    raise PackageError("the package is not signed by a node that may deliver under this contract")


def _require_agreed(manifest: Manifest, contract: Contract, delivery_id: str) -> None:
    agreed = {
        "delivery_id": delivery_id,
        "agency": contract.agency,
        "contract": contract.name,
        "contract_version": contract.version,
        "contract_digest": contract.digest,
        "key_epoch": contract.key_epoch,
    }
    for name, value in agreed.items():
        if getattr(manifest, name) != value:
            raise PackageError(
                f"the package's {name} is not the expected one: it belongs to another delivery, or "
                "node and hub hold different versions of the contract"
            )


def _require_members(manifest: Manifest, content: Mapping[str, pa.Buffer]) -> None:
    listed = {member.path: member for member in manifest.files}
    if len(listed) != len(manifest.files) or listed.keys() != content.keys():
        raise PackageError("the package lacks a file of its manifest, or holds another")
    if manifest.status == "refused" and listed:
        raise PackageError("a refused delivery must not hold tables")
    for name, member in listed.items():
        form = MEMBER.fullmatch(name)
        if form is None or (form[1], form[2]) != (member.kind, member.table):
            raise PackageError("a file of the package is not where its manifest says")
        if content[name].size != member.bytes or _sha256(content[name]) != member.sha256:
            raise PackageError("a file of the package was changed after it was sealed")


def _require_outputs(member: Member, contract: Contract, content: pa.Buffer) -> None:
    """Exactly the columns the contract lets out: an extra one could hold anything."""
    table = contract.by_name.get(member.table)
    if table is None:
        raise PackageError("the package holds a table that its contract does not name")
    expected = output_schema(table) if member.kind == TABLES else withheld_schema(table)
    try:
        with _parquet(content) as file:
            metadata = file.metadata
            sound = file.schema_arrow.equals(expected)
            sound &= set(metadata.metadata or {}) <= {b"ARROW:schema"} and len(expected) > 0
            sound &= metadata.num_rows == member.rows
    except (OSError, pa.ArrowException):
        sound = False
    if not sound:
        raise PackageError(
            f"the package's file for {member.table} is not the de-identified table its contract "
            "describes"
        )


def _parquet(content: pa.Buffer) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(content))


def _sha256(content: pa.Buffer) -> str:
    return hashlib.sha256(content).hexdigest()
