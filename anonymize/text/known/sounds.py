"""What a name sounds and looks like: keys that its spellings in other alphabets share."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import groupby

from anonymize.text.known.data import load

#: Letters and digits that are taken for one another by a scanner, a typist or on purpose.
_ALIKE = {"rn": "m", "vv": "w", "cl": "d"} | dict(zip("0134567892l", "oieasgtbgzi", strict=True))
_LOOKS = re.compile("|".join(sorted(map(re.escape, _ALIKE), key=len, reverse=True)))


@cache
def _rules() -> tuple[re.Pattern[str], dict[str, str]]:
    rules: dict[str, str] = load("sounds.yaml")["spellings"]
    longest = sorted(rules, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest))), rules


@lru_cache(maxsize=1 << 14)
def sound(word: str) -> str:
    """Key of a folded word by how it is said: ``muhammad`` stays apart from ``mohamed``, but
    ``zhanna`` and ``chana``, ``sofiya`` and ``sophia`` meet."""
    pattern, rules = _rules()
    said = pattern.sub(lambda found: rules[found[0]], f"^{word}$")
    said = pattern.sub(lambda found: rules[found[0]], said).strip("^$")
    return "".join(letter for letter, _ in groupby(said))


@lru_cache(maxsize=1 << 14)
def consonants(said: str) -> str:
    """Key of a ``sound`` without its vowels but for that there is one at the front."""
    rest = re.sub("[aeiouh]", "", said[1:])
    return ("a" if said[:1] in "aeiou" else said[:1]) + rest


def looks(word: str) -> str:
    """Key of a folded word by its shape: ``mar1a`` and ``maria``, ``rnaria`` and ``maria``."""
    return _LOOKS.sub(lambda found: _ALIKE[found[0]], word)
