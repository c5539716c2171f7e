"""The canary search itself: a search that finds nothing must mean that nothing is there."""

import gzip
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.plaintext import find_plaintext

NEEDLE = "Zzyzx-Canary-7741"


def _zip(path):
    inner = path.with_name("inner.zip")
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", f"name\n{NEEDLE}\n" * 50)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, "inner.zip")
    inner.unlink()


WRITERS = {
    "utf-8": lambda path: path.write_text(f"x {NEEDLE} y", encoding="utf-8"),
    "utf-16": lambda path: path.write_text(f"x {NEEDLE} y", encoding="utf-16"),
    "upper case": lambda path: path.write_text(NEEDLE.upper(), encoding="utf-8"),
    "gzip": lambda path: path.write_bytes(gzip.compress((NEEDLE * 99).encode())),
    "zip in zip": _zip,
    "parquet": lambda path: pq.write_table(
        pa.table({"c": [NEEDLE, "b"]}), path, compression="zstd", use_dictionary=False
    ),
    "across a chunk border": lambda path: path.write_bytes(
        b"." * ((16 << 20) - 5) + NEEDLE.encode()
    ),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_finds_the_needle_in(kind, tmp_path):
    WRITERS[kind](tmp_path / "file")
    assert {hit.needle for hit in find_plaintext([tmp_path], [NEEDLE])} == {NEEDLE}


def test_finds_the_needle_in_a_file_name(tmp_path):
    (tmp_path / f"{NEEDLE}.csv").touch()
    assert [hit.inside for hit in find_plaintext([tmp_path], [NEEDLE])] == ["(name)"]


def test_is_silent_where_nothing_is(tmp_path):
    (tmp_path / "file").write_text("nothing", encoding="utf-8")
    assert find_plaintext([tmp_path], [NEEDLE]) == []


def test_refuses_a_search_that_cannot_fail(tmp_path):
    with pytest.raises(ValueError, match="nothing to look for"):
        find_plaintext([tmp_path], [])
    with pytest.raises(ValueError, match="not a directory"):
        find_plaintext([tmp_path / "absent"], [NEEDLE])
