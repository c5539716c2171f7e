"""Encodings in a package: what the contract agrees to and nothing else, or nothing is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymize.encoding.columns import METADATA, Epoch, as_batch, from_batch
from anonymize.encoding.encode import Own, encode
from anonymize.package import Package, open_package, seal, sealing
from schemas.contract import Contract, Linkage
from schemas.errors import PackageError
from schemas.linkage import agreed_schema
from tests.contracts import contract
from tests.unit.test_package import CLIENT, KEY, MANIFEST, ROWS, TRUSTED, put

CANARY = "Canary-Quillfeather"
SCHEMA = agreed_schema("county")
LINKAGE = Linkage(
    schema="county",
    epochs=("2026",),
    unit="victim",
    table="Client",
    token="client_token",
    basis="test",
    fields={"given_name": "x", "surname": "y"},
)
CONTRACT = contract(CLIENT, linkage=LINKAGE)
AGREED = MANIFEST.model_copy(update={"contract_digest": CONTRACT.digest})
PLACE = "linkage/Client/p00000.parquet"
KEYS = "0123456789abcdef"


def encodings() -> pa.RecordBatch:
    """Of three persons, one known by two forms."""
    names = pa.array(["Ana", "Anna", "Bea", "Eva"])
    columns = {name: pa.nulls(4, pa.string()) for name in SCHEMA.kinds}
    columns |= {"given_name": names, "surname": pa.array(["Oak", "Oak", "Ash", None])}
    own = Own(bytes(range(32)), np.arange(4, dtype=np.uint64))
    made = encode(columns, SCHEMA, bytes(range(32)), own=own)
    return as_batch(pa.array([c * 32 for c in "aabc"]), made)


def metadata(**changed: Any) -> dict[bytes, bytes]:
    return replace(Epoch.of(SCHEMA, "2026", 0, KEYS), **changed).as_metadata()


def write(outgoing: Path, rows: pa.Table, meta: dict[bytes, bytes], place: str = PLACE) -> None:
    put(outgoing / place, rows.replace_schema_metadata(meta))


@pytest.fixture
def outgoing(tmp_path: Path) -> Path:
    put(tmp_path / "out/tables/Client/p00000.parquet", ROWS)
    write(tmp_path / "out", pa.Table.from_batches([encodings()]), metadata())
    return tmp_path / "out"


@pytest.fixture
def slipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Seals without the node's own look: what a node with a fault would hand over."""

    def slip(outgoing: Path, agreed: Contract = CONTRACT) -> Path:
        with monkeypatch.context() as patched:
            patched.setattr(sealing, "require_linkage", lambda *_: None)
            return seal(outgoing, tmp_path / "inbox", AGREED, agreed, KEY)

    return slip


def opened(path: Path, agreed: Contract = CONTRACT) -> Package:
    return open_package(path, TRUSTED, agreed, "d1")


def test_encodings_come_out_as_they_went_in(outgoing: Path, tmp_path: Path) -> None:
    found = opened(seal(outgoing, tmp_path / "inbox", AGREED, CONTRACT, KEY))
    [(epoch, batch)] = found.encodings()
    assert epoch == Epoch("county", SCHEMA.version, SCHEMA.digest, "2026", 0, KEYS)
    assert batch.replace_schema_metadata(None).equals(encodings())
    assert len(from_batch(batch, SCHEMA)) == 4
    assert pa.Table.from_batches(found.read("Client")).equals(ROWS)


def test_a_delivery_of_nobody_has_an_empty_batch(outgoing: Path, tmp_path: Path) -> None:
    write(outgoing, pa.Table.from_batches([encodings()]).slice(0, 0), metadata())
    found = opened(seal(outgoing, tmp_path / "inbox", AGREED, CONTRACT, KEY))
    assert [batch.num_rows for _, batch in found.encodings()] == [0]


def test_both_epochs_of_a_rotation_come_out(outgoing: Path, tmp_path: Path) -> None:
    rotating = replace(CONTRACT, linkage=replace(LINKAGE, epochs=("2027", "2026")))
    rows = pa.Table.from_batches([encodings()])
    write(outgoing, rows, metadata(epoch="2027"), "linkage/Client/p00001.parquet")
    found = opened(seal(outgoing, tmp_path / "inbox", AGREED, rotating, KEY), rotating)
    assert sorted(epoch.epoch for epoch, _ in found.encodings()) == ["2026", "2027"]


def test_a_refused_delivery_has_none(outgoing: Path, tmp_path: Path) -> None:
    report: dict[str, Any] = {"rules": []}
    manifest = AGREED.model_copy(update={"status": "refused", "report": report})
    found = opened(seal(outgoing, tmp_path / "inbox", manifest, CONTRACT, KEY))
    assert list(found.encodings()) == [] and found.manifest.files == ()


def _named(rows: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, column)


TEXTS = pa.array([CANARY] * 4)
IN_FILTER = pa.array([CANARY.encode().ljust(32, b"\0")] * 4, pa.binary(32))

#: What is put into the file in the place of honest encodings; what it says it is.
BAD_FILES: dict[str, tuple[Callable[[pa.Table], pa.Table], dict[bytes, bytes]]] = {
    "a further column": (lambda rows: rows.append_column("name", TEXTS), metadata()),
    "a column less": (lambda rows: rows.drop_columns(["filter_ssn"]), metadata()),
    "columns in another order": (lambda rows: rows.select(rows.column_names[::-1]), metadata()),
    "names for filters": (lambda rows: _named(rows, "filter_surname", TEXTS), metadata()),
    "another schema's name": (lambda rows: rows, metadata(schema="state")),
    "another version": (lambda rows: rows, metadata(version=SCHEMA.version + 1)),
    "another digest": (lambda rows: rows, metadata(digest="0" * 64)),
    "another epoch": (lambda rows: rows, metadata(epoch="2031")),
    "more fakes than rows": (lambda rows: rows, metadata(fakes=5)),
    "a name for the key check": (lambda rows: rows, metadata(keys=CANARY)),
    "no key check": (lambda rows: rows, metadata(keys="")),
    "fewer than no fakes": (lambda rows: rows, metadata(fakes=-1)),
    "no metadata": (lambda rows: rows, {}),
    "metadata of no meaning": (lambda rows: rows, {METADATA: b"{"}),
    "more metadata": (lambda rows: rows, {**metadata(), b"note": CANARY.encode()}),
    "a name in the metadata": (
        lambda rows: rows,
        {METADATA: metadata()[METADATA][:-1] + b', "n": "' + CANARY.encode() + b'"}'},
    ),
    "spaces in the metadata": (lambda rows: rows, {METADATA: metadata()[METADATA] + b"   "}),
}


@pytest.mark.parametrize("bad", BAD_FILES)
def test_files_that_are_not_as_agreed_are_refused_by_both_sides(
    outgoing: Path, tmp_path: Path, slipped: Callable[..., Path], bad: str
) -> None:
    change, meta = BAD_FILES[bad]
    write(outgoing, change(pa.Table.from_batches([encodings()])), meta)
    with pytest.raises(PackageError) as error:
        seal(outgoing, tmp_path / "inbox", AGREED, CONTRACT, KEY)
    assert CANARY not in str(error.value)
    with pytest.raises(PackageError) as error:
        opened(slipped(outgoing))
    assert CANARY not in str(error.value)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("token", TEXTS),
        ("token", pa.array(["A" * 32] * 4)),
        ("filter_given_name", IN_FILTER),
    ],
)
def test_plain_text_in_the_place_of_bits_is_refused_when_it_is_read(
    outgoing: Path, slipped: Callable[..., Path], column: str, values: pa.Array
) -> None:
    rows = _named(pa.Table.from_batches([encodings()]), column, values)
    put(outgoing / PLACE, rows.cast(encodings().schema).replace_schema_metadata(metadata()))
    found = opened(slipped(outgoing))
    with pytest.raises(PackageError, match="does not look encoded") as error:
        list(found.encodings())
    assert column in str(error.value) and CANARY not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda out: (out / PLACE).unlink(),
        lambda out: write(
            out,
            pa.Table.from_batches([encodings()]),
            metadata(),
            "linkage/Client/p00001.parquet",
        ),
        lambda out: write(
            out, pa.Table.from_batches([encodings()]), metadata(), "linkage/Exit/p00000.parquet"
        ),
    ],
    ids=["none", "twice", "of another table"],
)
def test_each_epoch_is_there_once(
    outgoing: Path,
    tmp_path: Path,
    slipped: Callable[..., Path],
    change: Callable[[Path], None],
) -> None:
    change(outgoing)
    with pytest.raises(PackageError):
        seal(outgoing, tmp_path / "inbox", AGREED, CONTRACT, KEY)
    with pytest.raises(PackageError):
        opened(slipped(outgoing))


def test_under_a_contract_without_linkage_none_are_taken(
    outgoing: Path, tmp_path: Path, slipped: Callable[..., Path]
) -> None:
    without = replace(CONTRACT, linkage=None)
    with pytest.raises(PackageError, match="does not agree"):
        seal(outgoing, tmp_path / "inbox", AGREED, without, KEY)
    with pytest.raises(PackageError, match="does not agree"):
        opened(slipped(outgoing, without), without)


def test_the_file_on_disk_holds_no_more_than_its_columns(outgoing: Path) -> None:
    with pq.ParquetFile(outgoing / PLACE) as file:
        assert set(file.metadata.metadata) == {b"ARROW:schema", METADATA}
