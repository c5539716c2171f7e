"""Where a text that is too long for one piece may be cut."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Best first: ends of paragraphs, of lines, of sentences, of words.
_ENDS = tuple(re.compile(end) for end in (r"\n\s*\n|\r\r", r"[\n\r]", r"[.!?]\s", r"\s"))


def cut(text: str, limit: int) -> int:
    """Length of the longest beginning of ``text``, at most ``limit``, that ends where one may cut.

    An end in the second half of what is allowed beats a better one before it. A text without any
    is cut at ``limit``.
    """
    if len(text) <= limit:
        return len(text)
    for end in _ENDS:
        found = [match.end() for match in end.finditer(text, limit // 2, limit)]
        if found:
            return found[-1]
    return limit


def pieces(text: str, limit: int) -> Iterator[tuple[int, str]]:
    """``text`` in pieces of at most ``limit`` characters, each with the offset it starts at."""
    start = 0
    while start < len(text):
        piece = text[start : start + limit + 1]
        size = cut(piece, limit)
        yield start, piece[:size]
        start += size
