"""Measures the XML parts of a workbook (ECMA-376 Part 1, chapter 18) before they are parsed.

Only what decides memory is looked at: the place of each filled cell, the length of each shared
string and how often it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from xml.parsers import expat

from schemas.errors import DeliveryError

#: Excel's own size of a sheet.
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384


class PartMeter:
    """Adds up, over all parts, what the parser will have to hold.

    Shared strings have to be measured before the sheets that name them.

    Args:
        text: most bytes of text of all cells, strings counted in every cell that names them.
        cells: most cells of the rectangles around the filled cells of each sheet.
    """

    def __init__(self, text: int, cells: int) -> None:
        self.dates_from_1904 = False
        self._text_left, self._cells_left = text, cells
        self._strings: list[int] = []

    def measured(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of one part, each handed on once it has been measured.

        Raises:
            DeliveryError: ``FILE-FORMAT`` for a part that is not the XML of a workbook,
                ``HTCDS-SIZE`` for a workbook beyond the limits.
        """
        self._row = self._column = 0
        self._box: tuple[int, int, int, int] | None = None
        self._named, self._index, self._in_string = False, "", False
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            for piece in pieces:
                parser.Parse(piece)
                yield piece
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, IndexError):
            raise DeliveryError(
                "FILE-FORMAT", "a part of the workbook is broken; save it again as .xlsx"
            ) from None
        finally:
            # the handlers are bound to this object: without this the two keep each other alive
            parser.StartElementHandler = parser.EndElementHandler = None
            parser.CharacterDataHandler = None

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        element = _local(name)
        if element == "c":
            self._place(attributes.get("r"))
            self._named = attributes.get("t") == "s"
        elif element in ("v", "is", "f"):
            self._index = ""
            self._fill()
        elif element == "row":
            number = attributes.get("r")
            self._row, self._column = int(number) if number else self._row + 1, 0
        elif element == "si":
            self._strings.append(0)
            self._in_string = True
        elif element == "workbookPr":
            self.dates_from_1904 = attributes.get("date1904") in ("1", "true")

    def _end(self, name: str) -> None:
        element = _local(name)
        if element == "v" and self._named:
            index = int(self._index)
            if index < 0:
                raise ValueError
            self._text_left -= self._strings[index]
            self._require(self._text_left)
            self._named = False
        elif element == "si":
            self._in_string = False

    def _characters(self, data: str) -> None:
        if self._in_string:
            self._strings[-1] += len(data.encode())
        elif self._named:
            self._index += data

    def _place(self, reference: str | None) -> None:
        if reference is None:  # the cell behind the previous one
            self._column += 1
            return
        letters = reference.rstrip("0123456789")
        self._row, self._column = int(reference[len(letters) :]), _column_number(letters)

    def _fill(self) -> None:
        """Let the rectangle reach the present cell."""
        row, column = self._row, self._column
        if row > _LAST_ROW or column > _LAST_COLUMN:
            raise ValueError
        if self._box is None:
            self._box = (row, row, column, column)
            self._cells_left -= 1
            return
        top, bottom, left, right = self._box
        if top <= row <= bottom and left <= column <= right:
            return
        self._cells_left += _area(self._box)
        self._box = min(top, row), max(bottom, row), min(left, column), max(right, column)
        self._cells_left -= _area(self._box)
        self._require(self._cells_left)

    @staticmethod
    def _require(left: int) -> None:
        if left < 0:
            raise DeliveryError(
                "HTCDS-SIZE", "clear cells outside of the table, or send fewer rows a workbook"
            )


@lru_cache(maxsize=1_024)
def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _area(box: tuple[int, int, int, int]) -> int:
    top, bottom, left, right = box
    return (bottom - top + 1) * (right - left + 1)


@lru_cache(maxsize=_LAST_COLUMN)
def _column_number(letters: str) -> int:
    """``A`` is 1, ``AA`` is 27."""
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            raise ValueError
        number = number * 26 + ord(letter) - ord("A") + 1
    if not number:
        raise ValueError
    return number


def _refuse_doctype(*_: object) -> None:
    # a workbook has no document type; only attacks with entities need one
    raise DeliveryError("FILE-FORMAT", "a part of the workbook declares a document type")
