"""Texts as the rules read them: lower-case ASCII, one byte for each character."""

from __future__ import annotations

import unicodedata

import re2

from anonymize.text.indicators.lexicon import options

#: Full stops that end no sentence: of titles, initials and shortened words.
_ABBREVIATIONS = re2.compile(
    rb"\b(?:mr|mrs|ms|dr|det|ofc|off|sgt|dep|lt|cpl|inv|sr|jr|vs|approx|apt|rm|ref|poss|susp|veh"
    rb"|subj|st|inc|llc|corp|ltd|co|[a-z])\.",
    options(),
)
_ALIKE = {
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": ".",
}


class _Plain(dict[int, str]):
    """One ASCII character for each other one, by its decomposition; ``_`` where there is none."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        base = _ALIKE.get(char) or unicodedata.normalize("NFKD", char)[:1]
        plain = base if base.isascii() and base else "_"
        self[code] = plain
        return plain


_PLAIN = _Plain()


def normal(text: str) -> bytes:
    """``text`` in lower-case ASCII; byte ``i`` stands for character ``i``."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    lower = bytearray(plain.encode("ascii").lower().replace(b'"', b" "))
    for match in _ABBREVIATIONS.finditer(bytes(lower)):
        lower[match.end() - 1] = 32
    return bytes(lower)
