"""The sealed package: the one thing an agency node hands over and a hub takes.

A package is an uncompressed tar file::

    manifest.json                             what it holds (``anonymize.manifest``)
    manifest.sig                              Ed25519 signature over the manifest's bytes
    tables/<table>/<partition>.parquet        de-identified rows
    withheld/<table>/<partition>.parquet      tokens of quarantined rows' keys
    linkage/<table>/<partition>.parquet       encodings of persons (``anonymize.encoding.columns``),
                                              one file for each epoch of the linkage keys

The hub verifies everything before it reads anything: the signature of a node it trusts, every
member's hash, that there are no others, that the node's leak gate found nothing, and that each file
has exactly the columns its contract lets out. The same manifest and files give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from anonymize.encoding.columns import Epoch
from anonymize.encoding.packed import read_packed, require_linkage
from anonymize.gate.counts import is_clean
from anonymize.manifest import LINKAGE, TABLES, WITHHELD, Manifest, Member
from anonymize.outputs import misfits, output_schema, withheld_schema
from connectors.zones.durable import make_private, replacing
from connectors.zones.secret import KEY_BYTES, read_secret
from schemas.contract import Contract
from schemas.errors import PackageError, SettingsError

_MANIFEST, _SIGNATURE = "manifest.json", "manifest.sig"
_CONTEXT = b"tributary package v1\n"
_MEMBER = re.compile(
    rf"({TABLES}|{WITHHELD}|{LINKAGE})/([A-Za-z0-9_]{{1,64}})/[A-Za-z0-9_]{{1,32}}\.parquet"
)
_DELIVERY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
#: Limits that no honest package comes near.
MAX_MANIFEST_BYTES = 64 << 20
MAX_MEMBERS = 100_000
_BATCH_ROWS = 131_072


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The node's signing key: a private file of 32 random bytes, raw or as hex.

    Raises:
        SettingsError: the file is missing, readable by others, or not random.
    """
    seed = read_secret(path)
    if len(seed) != KEY_BYTES:  # the start of a PEM file is no secret
        raise SettingsError(f"the signing key {path} must be {KEY_BYTES} random bytes, not PEM")
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key(key: Ed25519PrivateKey) -> bytes:
    """What a hub has to know of a node: 32 bytes, not secret."""
    return key.public_key().public_bytes_raw()


# --- the node's side ------------------------------------------------------------------------------


def seal(
    outgoing: Path, directory: Path, manifest: Manifest, contract: Contract, key: Ed25519PrivateKey
) -> Path:
    """Pack and sign what ``deidentify`` wrote under ``outgoing``.

    Args:
        directory: where the package is put, as ``<delivery id>.tar``, in one step.
        manifest: without files; ``report["tables"]`` says how many rows each table must have.

    Raises:
        PackageError: files are missing, their rows are not the accepted ones, or they did not go
            through the leak gate.
    """
    if not _DELIVERY.fullmatch(manifest.delivery_id):
        raise PackageError("a delivery id holds letters, digits, - and _ only")
    members: tuple[Member, ...] = ()
    if manifest.status != "refused":
        members = tuple(_members(outgoing))
        _require_gate(manifest)
        _require_accepted_rows(manifest, members, contract)
        require_linkage(manifest, members, contract, lambda name: _mapped(outgoing / name))
    sealed = manifest.model_copy(update={"files": members}).to_bytes()
    path = make_private(directory) / f"{manifest.delivery_id}.tar"
    # The hub may run as another user of the same group; nothing in the package is raw.
    with (
        replacing(path, mode=0o640) as partial,
        tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        _add(tar, _MANIFEST, io.BytesIO(sealed), len(sealed))
        signature = key.sign(_CONTEXT + sealed)
        _add(tar, _SIGNATURE, io.BytesIO(signature), len(signature))
        for member in members:
            with (outgoing / member.path).open("rb") as file:
                _add(tar, member.path, file, member.bytes)
    return path


def _members(outgoing: Path) -> Iterator[Member]:
    for path in sorted(outgoing.glob("*/*/[!.]*.parquet")):
        name = path.relative_to(outgoing).as_posix()
        form = _MEMBER.fullmatch(name)
        if form is None:
            raise PackageError("the outgoing directory holds a file that is no table of a delivery")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield Member(
            path=name,
            kind=form[1],  # type: ignore[arg-type]  # one of the two, by the pattern
            table=form[2],
            rows=pq.read_metadata(path).num_rows,
            bytes=path.stat().st_size,
            sha256=digest,
        )


def _require_accepted_rows(
    manifest: Manifest, members: tuple[Member, ...], contract: Contract
) -> None:
    """Every accepted row once and no other: a lost or doubled partition shows here."""
    packed = Counter[str]()
    for member in members:
        packed[member.table] += member.rows if member.kind == TABLES else 0
    counts = manifest.report.get("tables", {})
    accepted = {name: count["accepted"] for name, count in counts.items()}
    expected = {table.name: accepted.get(table.name, 0) for table in contract.tables if table.kept}
    wrong = [name for name in {**expected, **packed} if packed[name] != expected.get(name)]
    if wrong:
        raise PackageError(
            f"delivery {manifest.delivery_id}: rows of {', '.join(sorted(wrong))} differ from the "
            "accepted ones; run its de-identification again"
        )


def _require_gate(manifest: Manifest) -> None:
    """Nothing is sealed, and nothing taken, that was not searched for what must not leave."""
    if not is_clean(manifest.report.get("gate")):
        raise PackageError(
            f"delivery {manifest.delivery_id} did not go through the leak gate as a whole; "
            "the node has to run its de-identification again"
        )


def _add(tar: tarfile.TarFile, name: str, content: io.BufferedIOBase, size: int) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o440
    tar.addfile(header, content)


def contract_in(path: Path) -> str | None:
    """The contract a package says it is of, unverified; none where it cannot be read."""
    try:
        with tarfile.open(path, "r:") as tar:
            first = tar.next()
            if first is None or first.name != _MANIFEST or first.size > MAX_MANIFEST_BYTES:
                return None
            content = tar.extractfile(first)
            return None if content is None else str(json.loads(content.read())["contract"])
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError):
        return None


# --- the hub's side -------------------------------------------------------------------------------


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
        whole = _mapped(path)
        content = _contents(whole)
        signed = content.pop(_MANIFEST).to_pybytes()
        signature = content.pop(_SIGNATURE).to_pybytes()
    except (OSError, KeyError, tarfile.TarError, pa.ArrowException):
        raise PackageError("the package is cut short or not a package; seal it again") from None
    manifest = _verified(signed, signature, trusted)
    _require_agreed(manifest, contract, delivery_id)
    if manifest.status != "refused":
        _require_gate(manifest)
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
            first_two = (_MANIFEST, _SIGNATURE)[len(found)] if len(found) < 2 else None
            named = member.name == first_two if first_two else _MEMBER.fullmatch(member.name)
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
            Ed25519PublicKey.from_public_bytes(key).verify(signature, _CONTEXT + signed)
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
        form = _MEMBER.fullmatch(name)
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


def _mapped(path: Path) -> pa.Buffer:
    return pa.memory_map(str(path)).read_buffer()


def _parquet(content: pa.Buffer) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(content))


def _sha256(content: pa.Buffer) -> str:
    return hashlib.sha256(content).hexdigest()
