"""Opens an Excel workbook (.xlsx) that may be broken or hostile, in memory and within limits.

A workbook is a zip of XML parts. The parser (calamine) holds a sheet as one rectangle of cells and
copies a shared string into every cell that names it, so two cells in far corners, or one long
string named a million times, ask for more memory than any machine has, and take the process with
them. Therefore every part is read once in small pieces, measured, and written to a second archive
in memory; the parser sees that archive alone. What was measured is what is parsed, however the
first archive disagrees with itself. Nothing is written to disk.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from connectors.formats.workbook_parts import PartMeter
from connectors.formats.zip_archive import ZipArchive
from schemas.errors import DeliveryError

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Stream of an OLE file that holds a workbook saved with a password ([MS-OFFCRYPTO] 2.3.4.4).
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class WorkbookLimits:
    """What a workbook may unpack to.

    Attributes:
        unpacked_bytes: XML of all parts together, and text of all cells together.
        cells: cells of the smallest rectangle around the filled cells, summed over the sheets.
    """

    unpacked_bytes: int = 256 << 20
    cells: int = 4_000_000

    @classmethod
    def of(cls, options: Mapping[str, int]) -> WorkbookLimits:
        """Limits out of a contract's ``formatOptions.limits``; absent ones keep their default."""
        return cls(
            unpacked_bytes=options.get("unpackedBytes", cls.unpacked_bytes),
            cells=options.get("cells", cls.cells),
        )


@dataclass(frozen=True)
class Workbook:
    """A workbook that has been measured. ``dates_from_1904``: serial dates count from 1904."""

    book: CalamineWorkbook
    dates_from_1904: bool

    def sheets(self) -> Iterator[CalamineSheet]:
        """Its worksheets, hidden ones too, parsed one at a time.

        Raises:
            DeliveryError: ``FILE-FORMAT``, a sheet cannot be parsed.
        """
        for index, known in enumerate(self.book.sheets_metadata):
            if known.typ != SheetTypeEnum.WorkSheet:
                continue
            try:
                sheet = self.book.get_sheet_by_index(index)
            except (CalamineError, ValueError, OSError):
                raise _not_readable(f"sheet {index + 1} cannot be read; save it again") from None
            yield sheet


def open_workbook(source: BinaryIO, limits: WorkbookLimits) -> Workbook:
    """Measure and open a workbook.

    Args:
        source: seekable file; read, not closed.

    Raises:
        DeliveryError: ``FILE-EMPTY``, ``FILE-FORMAT`` (not .xlsx, or broken inside),
            ``FILE-TRUNCATED``, ``HTCDS-SIZE``, or one of ``ZIP-*``.
    """
    _require_xlsx(source, limits)
    meter = PartMeter(limits.unpacked_bytes, limits.cells)
    checked = io.BytesIO()
    archive = ZipArchive(source, by_path=True, max_unpacked=limits.unpacked_bytes)
    if "xl/workbook.xml" not in archive.members:
        # an OpenDocument sheet, a binary workbook (.xlsb) or no workbook at all
        raise _not_readable("this is not an Excel workbook; save the sheet as .xlsx")
    with zipfile.ZipFile(checked, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        for name in sorted(archive.members, key=_strings_first):
            if name.endswith((".xml", ".rels")):
                with archive.open(name) as part, copy.open(name, "w") as target:
                    for piece in meter.measured(iter(partial(part.read, _PIECE_BYTES), b"")):
                        target.write(piece)
    checked.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(checked)
    except (CalamineError, ValueError, OSError):
        raise _not_readable("the workbook cannot be opened; save it again as .xlsx") from None
    return Workbook(book, meter.dates_from_1904)


def _require_xlsx(source: BinaryIO, limits: WorkbookLimits) -> None:
    source.seek(0)
    head = source.read(len(_OLE_MAGIC))
    if not head:
        raise DeliveryError("FILE-EMPTY", "the file is empty; export the workbook again")
    if head == _OLE_MAGIC:
        if _ENCRYPTED_STREAM in source.read(limits.unpacked_bytes):
            raise DeliveryError(
                "ZIP-ENCRYPTED", "the workbook is saved with a password; save it without one"
            )
        raise _not_readable("this is an Excel 97-2003 file (.xls); save it as .xlsx")
    if not head.startswith(b"PK"):
        raise _not_readable("this is not an Excel workbook; save the sheet as .xlsx")
    source.seek(0)


def _strings_first(name: str) -> tuple[bool, str]:
    # a sheet cannot be measured before the lengths of the strings it names are known
    return not name.endswith("sharedstrings.xml"), name


def _not_readable(detail: str) -> DeliveryError:
    return DeliveryError("FILE-FORMAT", detail)
