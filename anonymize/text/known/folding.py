"""One way to read a text whatever its case, accents, script and punctuation.

``fold`` is what "the same identifier" means in this project: the redactor masks by it and the leak
gate searches by it, each with code of its own.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from anonymize.text.known.data import load

#: Unicode categories that separate nothing: marks on letters and invisible format characters.
_INVISIBLE = frozenset(("Mn", "Me", "Cf"))


class _Folded(dict[str, str]):
    """Character to its folded form: letters and digits ``[a-z0-9]`` (of scripts that the data file
    does not transliterate: their own lower case), ``""`` for an invisible one, else a blank."""

    def __missing__(self, sign: str) -> str:
        self[sign] = found = self._made(sign)
        return found

    def _made(self, sign: str) -> str:
        letters: dict[str, str] = load("letters.yaml")
        if unicodedata.category(sign) in _INVISIBLE:
            return ""
        known = letters.get(sign.lower())
        if known is not None:
            return known
        if sign.isdecimal():
            return str(unicodedata.decimal(sign))
        plain = unicodedata.normalize("NFKD", sign).casefold()
        if plain == sign:
            return plain if plain.isalnum() else " "
        return "".join(self[one] for one in plain if one != sign).replace(" ", "") or " "


FOLDED = _Folded()
_ASCII = str.maketrans({chr(code): FOLDED[chr(code)] for code in range(128)} | {"\x7f": " "})

_CODES = np.array([ord(FOLDED[chr(code)] or " ") for code in range(128)], dtype=np.uint32)

_NO_KIND, _DIGIT, _SMALL, _CAPITAL = range(4)
_KINDS = np.array(
    [
        _DIGIT
        if sign.isdigit()
        else _SMALL
        if sign.islower()
        else _CAPITAL
        if sign.isupper()
        else 0
        for sign in map(chr, range(128))
    ],
    dtype=np.intp,
)
_EDGE = np.zeros((4, 4), dtype=bool)  # between a letter of one kind and one of another
_EDGE[_DIGIT, :] = _EDGE[:, _DIGIT] = True
_EDGE[_DIGIT, _DIGIT] = False
_EDGE[_SMALL, _CAPITAL] = True


def fold(text: str) -> str:
    """Words of ``text``: lower case, no accents, Latin letters, one blank between two words.

    A word is a run of letters and digits; whatever else stands between is as good as a blank.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    return " ".join("".join(map(FOLDED.__getitem__, text)).split())


def spelling(text: str) -> str:
    """``fold`` without its blanks: equal for ``De La Cruz`` and ``DelaCruz``."""
    return fold(text).replace(" ", "")


@dataclass(frozen=True)
class Spelled:
    """The letters and digits of a text, written together.

    Attributes:
        text: the text.
        letters: ``spelling(text)``.
        places: where in ``text`` each of ``letters`` comes from.
        edges: for each letter, and for the end, whether a word may begin or end before it: not 0
            after a separator, between letters and digits, before a capital after a small letter.
    """

    text: str
    letters: str
    places: list[int]
    edges: bytes

    @classmethod
    def of(cls, text: str) -> Spelled:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        folded = _CODES[np.minimum(codes, 127)]
        if not text.isascii():
            beyond = np.flatnonzero(codes > 127).tolist()
            pieces = [FOLDED[text[at]] for at in beyond]
            if any(len(piece) != 1 for piece in pieces):
                return cls._of_any(text)
            folded[beyond] = list(map(ord, pieces))
        places = np.flatnonzero(folded != ord(" "))
        letters = folded[places].tobytes().decode("utf-32-le", "surrogatepass")
        kinds = _KINDS[np.minimum(codes[places], 127)]
        changes = (np.diff(places) > 1) | _EDGE[kinds[:-1], kinds[1:]]
        return cls(text, letters, places.tolist(), b"\1" + changes.tobytes() + b"\1")

    @classmethod
    def _of_any(cls, text: str) -> Spelled:
        """Of a text some of whose signs are several letters, or none that separates."""
        letters, places, edges = [], [], bytearray()
        separated, before = True, _NO_KIND
        for at, sign in enumerate(text):
            piece = FOLDED[sign]
            if piece == " ":
                separated = True
            elif piece:
                kind = int(_KINDS[min(ord(sign), 127)])
                edges.append(separated or bool(_EDGE[before, kind]))
                edges += bytes(len(piece) - 1)
                letters.append(piece)
                places += [at] * len(piece)
                separated, before = False, kind
        return cls(text, "".join(letters), places, bytes(edges) + b"\1")

    def breaks(self, start: int, end: int) -> list[int]:
        """Positions within the letters ``start`` to ``end`` (exclusive), counted from ``start``,
        before which a separator stands."""
        places = self.places
        return [
            at - start
            for at in range(start + 1, end)
            if self.edges[at]
            and places[at] - places[at - 1] > 1
            and any(FOLDED[sign] == " " for sign in self.text[places[at - 1] + 1 : places[at]])
        ]
