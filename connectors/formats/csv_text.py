"""Delimited text as blocks of UTF-8 that end where a line ends.

Whatever the encoding of the file, the blocks are UTF-8 without a byte order mark. Bytes that are no
text in any encoding the contract allows become NUL, so that the row they stand in can be set aside
and no other (``connectors.formats.csv_records``).
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from schemas.errors import DeliveryError

#: Bytes taken from the file at a time.
BLOCK_BYTES = 4 << 20
#: A line or a record longer than this is set aside: memory must not depend on a missing line end.
MAX_RECORD_BYTES = 32 << 20

_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NUL_HANDLER = "tributary-nul"


def _nul_for_undecodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\0" * (error.end - error.start), error.end


codecs.register_error(_NUL_HANDLER, _nul_for_undecodable)


class Block(NamedTuple):
    """Whole lines of UTF-8, or (``too_long``) the place of one line that was too long to keep."""

    data: bytes
    too_long: bool = False


def text_blocks(
    source: BinaryIO, encodings: tuple[str, ...], note: Callable[[str], None]
) -> Iterator[Block]:
    """Blocks of whole lines; ``note`` hears of every encoding that was needed, by name.

    Args:
        source: the file, read once from where it stands.
        encodings: Python codec names in the order of trial. A line is read with the first one it
            is valid in; UTF-8 first is safe, because text of another encoding is hardly ever valid
            UTF-8. ``utf-16`` counts only for a file that starts with its byte order mark.

    Raises:
        DeliveryError: ``FILE-ENCODING`` for UTF-16 the contract does not allow.
    """
    byte_codecs = tuple(name for name in encodings if not name.startswith("utf-16"))
    for block in _whole_lines(_without_mark(source, encodings, note)):
        yield Block(_as_utf8(block.data, byte_codecs, note), block.too_long)


def _without_mark(
    source: BinaryIO, encodings: tuple[str, ...], note: Callable[[str], None]
) -> Iterator[bytes]:
    head = source.read(BLOCK_BYTES)
    utf16 = _UTF16_MARKS.get(head[:2])
    if utf16 is None:
        yield head.removeprefix(codecs.BOM_UTF8)
        while block := source.read(BLOCK_BYTES):
            yield block
        return
    if "utf-16" not in encodings:
        raise DeliveryError("FILE-ENCODING", "the text is UTF-16; export it as UTF-8")
    note("utf-16")
    decoder = codecs.getincrementaldecoder(utf16)(_NUL_HANDLER)
    block = head[2:]
    while block:
        yield decoder.decode(block).encode("utf-8", "replace")
        block = source.read(BLOCK_BYTES)
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _whole_lines(parts: Iterator[bytes]) -> Iterator[Block]:
    """Cut ``parts`` behind their last line end; LF, CR LF and a lone CR end a line."""
    held: list[bytes] = []
    held_bytes, skipping = 0, False
    for part in parts:
        cut = _last_line_end(part)
        if cut and not skipping:
            yield Block(b"".join((*held, part[:cut])))
        elif cut:  # the end of the line that is being skipped is somewhere in this part
            yield Block(b"", too_long=True)
            yield Block(part[_first_line_end(part) : cut])
        if cut:
            held, held_bytes, skipping = [], 0, False
        held.append(part[cut:])
        held_bytes += len(part) - cut
        if skipping or held_bytes > MAX_RECORD_BYTES:
            held, held_bytes, skipping = [], 0, True
    if skipping:
        yield Block(b"", too_long=True)
    elif rest := b"".join(held):
        yield Block(rest)


def _last_line_end(part: bytes) -> int:
    """Position behind the last line end, 0 if there is none.

    A CR at the very end is left for the next part, which may start with its LF.
    """
    return max(part.rfind(b"\n"), part.rfind(b"\r", 0, len(part) - 1)) + 1


def _first_line_end(part: bytes) -> int:
    found = [at for at in (part.find(b"\n"), part.find(b"\r")) if at >= 0]
    return min(found) + 1


def _as_utf8(data: bytes, encodings: tuple[str, ...], note: Callable[[str], None]) -> bytes:
    if data.isascii() or _valid(data, encodings[0]):
        return data if data.isascii() or encodings[0] == "utf-8" else _recoded(data, encodings[0])
    lines = data.splitlines(keepends=True)  # bytes: at LF, CR LF and CR only
    return b"".join(_line_as_utf8(line, encodings, note) for line in lines)


def _line_as_utf8(line: bytes, encodings: tuple[str, ...], note: Callable[[str], None]) -> bytes:
    if line.isascii():
        return line
    for encoding in encodings:
        if _valid(line, encoding):
            if encoding != encodings[0]:
                note(encoding)
            return _recoded(line, encoding)
    return line.decode("utf-8", _NUL_HANDLER).encode()


def _valid(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _recoded(data: bytes, encoding: str) -> bytes:
    return data.decode(encoding).encode()
