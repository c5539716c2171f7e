"""The node's side: packs and signs a de-identified delivery."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anonymize.encoding.packed import require_linkage
from anonymize.manifest import TABLES, Manifest, Member
from anonymize.package.layout import MANIFEST, MEMBER, SIGNATURE, mapped, require_gate
from anonymize.package.signing import CONTEXT
from connectors.zones.durable import make_private, replacing
from schemas.contract import Contract
from schemas.errors import PackageError

_DELIVERY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


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
        require_gate(manifest)
        _require_accepted_rows(manifest, members, contract)
        require_linkage(manifest, members, contract, lambda name: mapped(outgoing / name))
    sealed = manifest.model_copy(update={"files": members}).to_bytes()
    path = make_private(directory) / f"{manifest.delivery_id}.tar"
    # The hub may run as another user of the same group; nothing in the package is raw.
    with (
        replacing(path, mode=0o640) as partial,
        tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        _add(tar, MANIFEST, io.BytesIO(sealed), len(sealed))
        signature = key.sign(CONTEXT + sealed)
        _add(tar, SIGNATURE, io.BytesIO(signature), len(signature))
        for member in members:
            with (outgoing / member.path).open("rb") as file:
                _add(tar, member.path, file, member.bytes)
    return path


def _members(outgoing: Path) -> Iterator[Member]:
    for path in sorted(outgoing.glob("*/*/[!.]*.parquet")):
        name = path.relative_to(outgoing).as_posix()
        form = MEMBER.fullmatch(name)
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


def _add(tar: tarfile.TarFile, name: str, content: io.BufferedIOBase, size: int) -> None:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o440
    tar.addfile(header, content)
