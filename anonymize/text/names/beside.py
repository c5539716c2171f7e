"""Names beside a name: what stands before and behind one and belongs to the same person."""

from __future__ import annotations

import regex

from anonymize.text.names.grammar import CUES, MODALS, amid_sentence, no_name
from anonymize.text.vocabulary import (
    CENSUS,
    EVERY_NAME,
    MAY_BE_NAME,
    PEOPLE,
    given_names,
    is_finite,
    is_ours,
    is_quality,
    is_spelt,
    is_thing,
    is_word,
    unaccented,
)
from anonymize.text.words import words

_FAMILIES = words("surnames") | PEOPLE["family"]
_NO_FAMILY = words("function", "calendar", "indicators", "nationalities", "brands").union(
    *(CUES[kind] for kind in ("titles", "companies", "institutions", "venues"))
)
_ALSO_GIVEN = (CENSUS["given"] | PEOPLE["monikers"]) - (words("function", "calendar") - {"august"})
_NO_SYLLABLES = words("function") - {"so", "mi", "su", "te", "ha"}
_FAMILY_PARTICLES = words("family_particles")
#: What somebody is stands before the name and is none.
_ROLES = CUES["roles"] | CUES["titles"] | CUES["kin"]
#: Family names that rather are what a name stands before: "Liberty Court".
_NO_SURNAME = words("institutions", "function", "times", "calendar").union(
    CUES["venues"], CUES["institutions"], CUES["companies"], {"street", "way", "place", "hill"}
)
_STARTS = words("function", "calendar", "times")
#: Where capitals say nothing these are what they are in every text.
_COMMON = words("function", "times", "colours").union(
    words("reports", "brands", "indicators", "spanish") - words("given")
)
_CALENDAR = words("calendar")
_WORD_BEFORE = regex.compile(r"(?r)(?<![\p{L}\p{M}'\u2019-])([\p{L}\p{M}-]{2,30})[ ]")
#: "b. Sutfield", "Harjit b."
_INITIAL_BEFORE = regex.compile(r"(?r)(?<![\w.'\u2019-])\p{L}\.[ ]?")
_INITIAL_BEHIND = regex.compile(r"[ ]\p{L}\.(?!\w)")
#: "Montes de Oca", "van der Berg", "St. Clair"
_COMPOUND = regex.compile(
    r"(?i)[ ](?:de|del|de la|de los|de las|dela|van der|van den|von|bin|ibn|st\.)[ ]"
    r"([\p{L}\p{M}'\u2019-]{2,25})"
)
#: "b. machado batres", "shanice g"
_SMALL_BEFORE = regex.compile(r"(?r)(?<![\w.'\u2019-])\p{Ll}\.[ ]")
_SMALL_BEHIND = regex.compile(r"(?:,?[ ]\p{Ll}\.|[ ](?![aio])\p{Ll})(?![\w'\u2019/])")
_NEXT = regex.compile(r",?[ ](?:\p{L}\.?[ ])?([\p{L}\p{M}'\u2019-]{2,30})")
_EVERY_PART = EVERY_NAME | PEOPLE["syllables"]
_SHORTEST = 3


def pair(text: str, end: int, name: str) -> int | None:
    """Where a family name ends that follows a name which is a common word too ("April Marsh")."""
    plain = unaccented(name)
    if plain not in given_names() and (plain not in _ALSO_GIVEN or text.startswith(",", end)):
        return None
    if plain in MODALS:
        return None
    if plain in _COMMON and not name.istitle():
        return None
    match = _NEXT.match(text, end)
    if match is None or match.group(1).isupper() != name.isupper():
        return None
    family = bare(match.group(1))
    if family.casefold() in _CALENDAR or (name[0].isupper() and family.islower()):
        return None
    if not _is_family(text, start=match.start(1), name=name, family=family):
        return None
    return int(match.start(1)) + len(family)


def _is_family(text: str, start: int, name: str, family: str) -> bool:
    """Whether a word behind a given name is the family name."""
    plain = unaccented(family)
    if plain in MODALS:
        return plain == "may" and _is_no_modal(text, start + len(family))
    if plain in _FAMILIES or not is_word(family):
        return True
    if family.isupper() or family.islower():
        return plain in MAY_BE_NAME and plain not in _COMMON
    if name.istitle() and plain in CENSUS["surnames"] and plain not in _NO_SURNAME:
        return True
    return plain in EVERY_NAME or (name.istitle() and not no_name(family) and family.istitle())


def _is_no_modal(text: str, end: int) -> bool:
    """Whether no base form follows, as it would behind "may"."""
    after = _NEXT.match(text, end)
    return after is None or text.startswith(",", end) or is_finite(after[1])


def beside(text: str, start: int, end: int) -> tuple[int, int]:
    """With the words before and behind that are names too, or nouns, and are written like it."""
    name = text[start:end]
    for _ in range(2):
        before = _WORD_BEFORE.match(text, max(0, start - 30), start)
        if before is None:
            break
        if not (_belongs(before.group(1), name) or _is_first(text, before.start(), before[1])):
            break
        start = before.start()
    while (before := _WORD_BEFORE.match(text, max(0, start - 30), start)) is not None:
        if not _is_particle(before[1], text[start:end]):
            break
        start = before.start()
    for _ in range(2):
        after = _NEXT.match(text, end) if text[end : end + 1] == " " else None
        if after is None or not _belongs(after.group(1), name, behind=True):
            break
        end = after.end(1)
    joined = _COMPOUND.match(text, end)
    if joined is not None and joined[1].islower() == name.islower():
        end = joined.end()
    if name.islower():
        before, after = _SMALL_BEFORE.match(text, 0, start), _SMALL_BEHIND.match(text, end)
        start, end = before.start() if before else start, after.end() if after else end
    elif " " not in name:
        before, after = _INITIAL_BEFORE.match(text, 0, start), _INITIAL_BEHIND.match(text, end)
        start, end = before.start() if before else start, after.end() if after else end
    return start, end


def _is_particle(word: str, name: str) -> bool:
    """Whether a word before a name belongs to the family name: "Del Valle", "AL JUNDI"."""
    return word.casefold() in _FAMILY_PARTICLES and (not name.islower() or word.islower())


def _is_first(text: str, start: int, word: str) -> bool:
    """Whether a word before a name has the capital of a name in the middle of a sentence."""
    return word.istitle() and amid_sentence(text, start) and not is_ours(word.casefold())


def _is_asian(name: str) -> bool:
    """Whether a name is one of those whose other syllables are common words, too ("Long Vu")."""
    return all(unaccented(word) in PEOPLE["syllables"] for word in name.split()) and (
        not is_spelt(name.casefold()) or not name.isascii()
    )


def _belongs(word: str, name: str, *, behind: bool = False) -> bool:
    """Whether a word beside a name is part of it."""
    if (word.isupper(), word.islower()) != (name.isupper(), name.islower()):
        return False
    plain = unaccented(word)
    if plain in MODALS or (plain in _ROLES and not (behind or word.istitle())):
        return False
    if behind and plain in _FAMILIES and " " not in name and not is_spelt(unaccented(name)):
        return True
    if plain in PEOPLE["syllables"] and _is_asian(name):
        if plain in _NO_SYLLABLES and word.isascii():
            return word.istitle() and name.istitle()
        return True
    if behind and not word.istitle() and (is_finite(word) or " " in name) and is_word(word):
        return False
    if behind and plain in _FAMILIES and unaccented(name) in given_names():
        return True
    if plain in _COMMON and not word.istitle():
        return False
    if plain in _EVERY_PART:
        return behind or plain not in _STARTS
    if behind and word.istitle() and " " not in name and plain not in _NO_FAMILY:
        return unaccented(name) in given_names() or not is_ours(plain)
    if len(word) < _SHORTEST:
        return False
    if " " in name:
        return is_thing(word)
    given = unaccented(name) in given_names()
    return is_thing(word) or is_quality(word) or (given and not is_spelt(plain))


def bare(word: str) -> str:
    return word[:-2] if word.endswith(("'s", "\u2019s")) else word
