"""Text as the patterns read it: ASCII, character for character.

Every character becomes exactly one, so that offsets stay those of the text: accents go, digits of
any script become their value (advertisements write phone numbers in full-width, bold or circled
digits), dashes, quotes and spaces become the plain ones, letters of other scripts become ``q`` or
``Q``, and every further symbol (emoji between the digits of a number) becomes ``*``.
"""

from __future__ import annotations

import unicodedata

#: Letters whose base Unicode does not know.
_BASES = str.maketrans("øØđĐðÐłŁßæÆœŒþÞıħĦŧŦ", "oOdDdDlLsaAoOtTihHtT")
_BY_CATEGORY = {"Pd": "-", "Pi": '"', "Pf": '"', "Zs": " ", "Zl": "\n", "Zp": "\n"}
_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u00b4\u2032\uff07"), "'")
#: What stands between the characters of a number but is not seen: variation selectors, the
#: enclosing keycap, joiners and other formatting characters.
_UNSEEN = ("Mn", "Me", "Cf")


class _Folds(dict[int, str]):
    """Code points to their stand-ins, worked out when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = stand_in = _stand_in(chr(code))
        return stand_in


def _stand_in(char: str) -> str:
    if char.isascii():
        return char
    plain = char.translate(_BASES).translate(_QUOTES)
    value = unicodedata.digit(plain, None)
    if value is not None:
        return str(value)
    plain = unicodedata.normalize("NFKD", plain)[:1]
    if plain.isascii() and plain.isprintable():
        return plain
    category = unicodedata.category(char)
    if category[0] == "L":
        return "Q" if char.isupper() else "q"
    return " " if category in _UNSEEN else _BY_CATEGORY.get(category, "*")


_FOLDS = _Folds()


def folded(text: str) -> str:
    """``text`` in ASCII, as long as it was."""
    return text if text.isascii() else text.translate(_FOLDS)
