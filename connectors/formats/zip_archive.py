"""Reading a zip archive somebody else made: no path is followed, nothing is unpacked to disk.

Members are decompressed part by part while they are read. An archive that is broken, truncated,
encrypted, leads outside of itself or unpacks to absurd sizes is refused before a member is read.
No message names a member, because file names can hold names of people.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import IO, Any, BinaryIO, NoReturn

from schemas.errors import DeliveryError

#: Largest archive in unpacked bytes, and how often larger than packed it may be. Sparse CSV packs
#: to 1:12 in HUD's sample and to 1:100 in the worst columns; deflate's limit is 1:1032.
MAX_UNPACKED_BYTES = 200 << 30
MAX_RATIO = 250
#: Below this size the ratio says nothing.
_SMALL_BYTES = 64 << 20
_MAX_MEMBERS = 1_000
#: The list of members is read in one piece; a real one has some kilobytes.
_MAX_LIST_BYTES = 4 << 20
#: Others (bzip2, LZMA) unpack without a bound on memory in Python's zipfile.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_JUNK_FOLDER, _JUNK_PREFIX = "__macosx", "._"


class ZipArchive:
    """The files of an archive by lower-case base name; folders in it do not matter.

    Args:
        source: seekable binary file.
        by_path: name members by their lower-case path instead, for formats made of folders.
        max_unpacked: largest archive in unpacked bytes.

    Raises:
        DeliveryError: the archive is not one to read (``FILE-EMPTY``, ``FILE-FORMAT``,
            ``FILE-TRUNCATED``, ``ZIP-BROKEN``, ``ZIP-TRAVERSAL``, ``ZIP-ENCRYPTED``, ``ZIP-BOMB``).
    """

    def __init__(
        self, source: BinaryIO, *, by_path: bool = False, max_unpacked: int = MAX_UNPACKED_BYTES
    ) -> None:
        guarded = _Guarded(source)
        _require_zip(source)
        try:
            self._zip = zipfile.ZipFile(guarded)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            # The list of members stands at the end, so a cut file has none.
            raise DeliveryError(
                "FILE-TRUNCATED", "the archive has no readable list of members at its end"
            ) from None
        guarded.limit = None
        self.members: Mapping[str, zipfile.ZipInfo] = MappingProxyType(
            _members(self._zip.infolist(), by_path, max_unpacked)
        )

    def open(self, name: str) -> BinaryIO:
        """The file ``name`` (lower case) from its start, read once; its checksum is verified.

        Raises:
            DeliveryError: while it is read, if the member is cut off or damaged.
        """
        try:
            return io.BufferedReader(_Member(self._zip.open(self.members[name])), 1 << 20)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            _refuse(error)


class _Member(io.RawIOBase):
    """A member whose faults are told apart and told without a name."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as typeshed before 3.12
        view = memoryview(buffer)
        try:
            data = self._opened.read(len(view))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            _refuse(error)
        view[: len(data)] = data
        return len(data)


class _Guarded(io.RawIOBase):
    """Keeps the reading of the member list from taking memory without bound."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.limit: int | None = _MAX_LIST_BYTES

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def read(self, size: int = -1) -> bytes:
        if self.limit is not None and size > self.limit:
            raise DeliveryError("ZIP-BOMB", "the archive's list of members is absurdly long")
        return self._source.read(size)


def _require_zip(source: BinaryIO) -> None:
    source.seek(0)
    head = source.read(4)
    source.seek(0)
    if not head:
        raise DeliveryError("FILE-EMPTY", "the file has no content")
    if not head.startswith(b"PK"):
        raise DeliveryError("FILE-FORMAT", "the file is not a zip archive")


def _members(
    infos: list[zipfile.ZipInfo], by_path: bool, max_unpacked: int
) -> dict[str, zipfile.ZipInfo]:
    if len(infos) > _MAX_MEMBERS:
        raise DeliveryError("ZIP-BOMB", f"the archive has more than {_MAX_MEMBERS} members")
    packed = sum(info.compress_size for info in infos)
    unpacked = sum(info.file_size for info in infos)
    if unpacked > max_unpacked or (
        unpacked > _SMALL_BYTES and unpacked > MAX_RATIO * max(packed, 1)
    ):
        raise DeliveryError("ZIP-BOMB", f"{packed} bytes would unpack to {unpacked}")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        path = _inside(info).lower()
        *folders, name = path.split("/")
        if not name or _JUNK_FOLDER in folders or name.startswith(_JUNK_PREFIX):
            continue
        if info.flag_bits & _ENCRYPTED:
            raise DeliveryError("ZIP-ENCRYPTED", "a member needs a password")
        if info.compress_type not in _METHODS:
            raise DeliveryError("ZIP-BROKEN", "packed with a method other than deflate; zip again")
        key = path if by_path else name
        if key in found:
            raise DeliveryError("ZIP-BROKEN", "two members have the same file name")
        found[key] = info
    return found


def _inside(info: zipfile.ZipInfo) -> str:
    """The member's path with forward slashes; raises if it leads outside of the archive."""
    path = info.filename.replace("\\", "/")
    outside = path.startswith("/") or path[1:2] == ":" or ".." in path.split("/")
    if outside or stat.S_ISLNK(info.external_attr >> 16):
        raise DeliveryError("ZIP-TRAVERSAL", "a member's path leads outside of the archive")
    return path


def _refuse(error: Exception) -> NoReturn:
    if isinstance(error, EOFError):
        raise DeliveryError("FILE-TRUNCATED", "a member ends before its content does") from None
    raise DeliveryError("ZIP-BROKEN", "a member is damaged; zip the files again") from None
