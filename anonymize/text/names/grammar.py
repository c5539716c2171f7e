"""How a name is written: the words a run of text must consist of to be one.

Family name first or last, two surnames, particles (de la, van der, bin, al-), initials, suffixes.
All patterns are bounded, so each match costs no more than a name's length.
"""

from __future__ import annotations

from pathlib import Path

import regex

from anonymize.text.vocabulary import is_word
from anonymize.text.words import flat, load, words

#: The lists of ``cues.yaml``.
CUES = {
    kind: frozenset(flat(rows))
    for kind, rows in load(Path(__file__).with_name("cues.yaml")).items()
}

PARTICLE = (
    r"(?:d[aeio]s?|del|dell[ae]|della|di|du|le|l[aeo]s|la|lo|v[ao]n|der|den|ten|ter|te|af|av|zu|zur|"
    r"zum|y|e|i|bin|binti?|ibn|abu|umm?|ul|ud|al|el|thi|thị|van|văn|st\.|mac|san|santa|dela)"
)
_LETTERS = r"[\p{L}\p{M}]"
_JOINED = r"(?:['\u2019\u2011-](?:\p{L}\p{M}?){1,25}){0,3}"
_CAPITAL = rf"(?:(?:al|el|ul|as|ad|ash|an|ar|d|l|o)['\u2019-])?\p{{Lu}}{_LETTERS}{{0,25}}{_JOINED}"
INITIAL = r"\p{Lu}\p{Ll}?\.(?:[ ]?-?\p{Lu}\.){0,3}"
BLANK = r"[ \t\u00a0]{1,3}"
_UNIT = rf"(?:{PARTICLE}{BLANK}){{0,3}}(?:{INITIAL}|{_CAPITAL}\b)"
ANY = rf"\p{{L}}{_LETTERS}{{0,25}}{_JOINED}"

#: A run of capitalised words and initials; what follows a cue.
RUN = regex.compile(rf"{_UNIT}(?:{BLANK}{_UNIT}){{0,5}}")
#: ", FIRST MIDDLE" after a family name in capitals.
GIVEN = regex.compile(
    rf",[ ]?(\p{{Lu}}{{2,25}}(?:{BLANK}\p{{Lu}}{{1,25}}\b\.?){{0,2}})(?!\p{{Ll}})"
)
#: ", First M." after a family name.
GIVEN_NAME = regex.compile(rf",[ ]?({_CAPITAL}(?:{BLANK}\p{{Lu}}\b\.?)?)")
#: One to three words in any case.
LOOSE = regex.compile(rf"{ANY}(?:{BLANK}{ANY}){{0,2}}")
#: What stands in quotes.
QUOTED = regex.compile(
    r"[\"\u201c\u2018'«](?P<name>[^\"\u201c\u201d\u2018\u2019«»\n]{1,40}?)[,.]?[\"\u201d\u2019'»](?!\w)"
)
#: A run that ends where a verb begins: matched backwards from there.
RUN_BEFORE = regex.compile(rf"(?r)(?<![\w'\u2019-]){_UNIT}(?:{BLANK}{_UNIT}){{0,4}}{BLANK}")
_SENTENCE_ENDS = frozenset('.!?:;\n\r"\u201c•*>')
_BEFORE_THINGS = frozenset(
    {"the", "a", "an", "in", "since", "by", "until", "during", "of", "every"}
)
_TOKEN = regex.compile(rf"{INITIAL}|{_LETTERS}+{_JOINED}\.?")

_NEVER = words("function", "calendar")
_NO_NAME = CUES["titles"].union(
    words("function", "calendar", "reports", "indicators", "institutions", "nationalities", "times")
)
_PARTICLES = words("particles")
_AMBIGUOUS = words("ambiguous") - _NEVER
#: Names by their capital alone: in capitals or small letters they are verbs.
MODALS = frozenset({"will", "may", "can", "do", "said"})


def no_name(word: str) -> bool:
    """Whether a word is known to be part of no name.

    Names that are common words too ("Grace", "Brown") are names where they are capitalised.
    """
    plain = word.casefold().rstrip(".")
    if plain.endswith(("'s", "\u2019s")):
        plain = plain[:-2]
    if plain in _NO_NAME:
        return plain not in _AMBIGUOUS or not word.istitle()
    if len(word) > 2 and (word.isupper() or word.islower()):
        # Capitals say nothing here: only what is no English word, or a name, may be one.
        return is_word(word) or plain in MODALS
    return False


def cut(text: str, start: int, end: int, *, surely: bool = False) -> tuple[int, int]:
    """The part of a run that may be a name: up to the first word that is none.

    Args:
        surely: the cue is such that any first word with a capital is a name ("Mr Law").
    """
    last = None
    for token in _TOKEN.finditer(text, start, end):
        plain = token.group().casefold()
        if plain in _PARTICLES and token.group().islower():
            continue
        sure = surely and last is None and plain not in _NEVER
        if not sure and no_name(token.group()):
            break
        last = token
    return (start, _stopped(last)) if last else (start, start)


def cut_before(text: str, start: int, end: int) -> tuple[int, int]:
    """As ``cut``, for a name that stands before its cue: from the last word on that is none."""
    name: list[regex.Match[str]] = []
    for token in reversed(list(_TOKEN.finditer(text, start, end))):
        if token.group().casefold() in _PARTICLES and token.group().islower():
            continue
        if no_name(token.group()):
            break
        name.append(token)
    return (name[-1].start(), _stopped(name[0])) if name else (end, end)


def _stopped(token: regex.Match[str]) -> int:
    """End of a name's last word: without the possessive, and a full stop only of an initial."""
    word = token.group()
    if word.endswith(("'s", "\u2019s")):
        return int(token.end() - 2)
    long = word.endswith(".") and word.casefold() not in ("jr.", "sr.") and len(word) > 3
    return int(token.end() - long)


def amid_sentence(text: str, at: int) -> bool:
    """Whether a capital at ``at`` is no mere beginning of a sentence and no article precedes."""
    before = text[max(0, at - 12) : at].rstrip(" \t")
    if not before or before[-1] in _SENTENCE_ENDS:
        return False
    return before.rsplit(None, 1)[-1].casefold() not in _BEFORE_THINGS
