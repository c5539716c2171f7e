"""Searches directories for values that must not be there, the way a curious intruder would."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_CHUNK = 16 << 20
_DEPTH = 4


@dataclass(frozen=True)
class Hit:
    """A needle found: the file, and the places inside it where it is a container."""

    path: Path
    inside: str
    needle: str


def find_plaintext(directories: Iterable[Path], needles: Iterable[str]) -> list[Hit]:
    """Every file under ``directories`` in which a needle stands.

    Looked for in UTF-8, UTF-16 and UTF-32 of either byte order, as written and in upper and lower
    case; in file names too; also inside zip, gzip, zlib and tar files and inside Parquet columns.
    """
    forms = {form: needle for needle in needles for form in _forms(needle)}
    if not forms:
        raise ValueError("nothing to look for: the search would always succeed")
    longest = max(map(len, forms))
    hits = set()
    for directory in directories:
        if not directory.is_dir():
            raise ValueError(f"{directory} is not a directory: nothing would be searched")
        for path in sorted(directory.rglob("*")):
            name = path.relative_to(directory).as_posix().encode()
            hits |= {Hit(path, "(name)", forms[form]) for form in forms if form in name}
            if path.is_file() and not path.is_symlink():
                for inside, content in _contents(path):
                    found = {forms[f] for f in _found(content, forms, longest)}
                    hits |= {Hit(path, inside, needle) for needle in found}
    return sorted(hits, key=lambda hit: (hit.path, hit.inside, hit.needle))


def _forms(needle: str) -> set[bytes]:
    written = {needle, needle.upper(), needle.lower()}
    encodings = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")
    return {text.encode(encoding) for text in written for encoding in encodings}


def _found(content: io.BufferedIOBase, forms: dict[bytes, str], longest: int) -> set[bytes]:
    found: set[bytes] = set()
    tail = b""
    while chunk := content.read(_CHUNK):
        window = tail + chunk
        found |= {form for form in forms if form in window}
        tail = window[-longest:]
    return found


def _contents(path: Path) -> Iterator[tuple[str, io.BufferedIOBase]]:
    with path.open("rb") as file:
        yield "", file
    yield from _unpacked(path.read_bytes(), "", _DEPTH)


def _unpacked(content: bytes, place: str, depth: int) -> Iterator[tuple[str, io.BufferedIOBase]]:
    if depth == 0:
        return
    for name, inner in _members(content):
        inside = f"{place}/{name}"
        yield inside, io.BytesIO(name.encode() + b"\n" + inner)
        yield from _unpacked(inner, inside, depth - 1)


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    stream = io.BytesIO(content)
    if zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            for entry in archive.infolist():
                if not entry.flag_bits & 1:
                    yield entry.filename, archive.read(entry)
    elif content[:2] == b"\x1f\x8b":
        yield "gzip", gzip.decompress(content)
    elif content[:1] == b"\x78":
        try:
            yield "zlib", zlib.decompress(content)
        except zlib.error:
            return
    elif content[:4] == b"PAR1":
        yield "parquet", _columns_as_text(content)
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if member.isfile():
                    yield member.name, archive.extractfile(member).read()


def _columns_as_text(content: bytes) -> bytes:
    table = pq.read_table(pa.BufferReader(content))
    lines = [repr(table.schema.metadata), *map(str, table.column_names)]
    lines += ["\n".join(map(str, column.to_pylist())) for column in table.columns]
    return "\n".join(lines).encode("utf-8", "surrogatepass")
