"""Usual words, and whether a usual word stands for a person where it stands.

A record may know a Will, a May, a Rose, a Price. Such a word is masked

- wherever it is written as a name: capitalised in the midst of a sentence, or in capitals there;
- at the beginning of a sentence, unless it is a function word (Will, May, An, Do) and nothing next
  to it says that a person is meant;
- in a text that is all capitals or has none, if it is no function word: recall comes first, and the
  record knows it;
- beside another name of the record, a title, a role, or a verb of saying, however it is written.

A short form that the record does not hold itself (Bill of William) must be written as a name; where
case tells nothing it is masked only beside such a word. No usual word is ever masked for being near
to a name.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache, lru_cache

from anonymize.text.known.data import load
from anonymize.text.known.folding import fold

_VOWELS = "aeiou"
_BEFORE = re.compile(r"([^\W_]+)['\u2019.]?[\s,:;\"\u201c(-]{0,3}$")
_WITH_INITIAL = re.compile(r" [^\W\d_]\.")
_INITIAL = re.compile(r"[^\W\d_]\. ?")
_POSSESSIVE = re.compile(r"['\u2019][sS]\b")
_AFTER = re.compile(r"['\u2019]?[\s,\")-]{0,2}([^\W_]+)")
#: "S/YOU", "v/le", and what follows who is referred to: a badge, a date of birth, a telephone.
_ROLE_BEFORE = re.compile(r"(?i)(?<![\w/])[vswc]/$")
_NUMBERED = re.compile(
    r"(?i) ?[(,]{0,2} ?(?:#\s?[a-z]{0,2}\d|(?:shield|badge|star|dob|d\.o\.b|tel|ph|phone|cell)\b"
    r"|\(?\d{3}[)._ -]{1,3}\d{3}[._ -])"
)
_STARTS = re.compile(r"(?:^|[.!?:;\n•*>])[\s\"\u201c'(-]*$")
_BEGINNINGS = re.compile(r"(?:^|[.!?]\s{1,3})([^\W\d_])")
_EMPHASIS = 3  # letters of a function word in capitals that may be a name
_AROUND = 40  # characters looked at on either side
_LETTERS_FOR_CASE = 300  # characters on either side that show how a text uses capitals


class Usual(IntEnum):
    NO = 0
    WORD = 1
    FUNCTION = 2


def _inflected(verb: str) -> tuple[str, ...]:
    stem = verb[:-1] if verb.endswith("e") else verb
    if verb.endswith("y") and verb[-2] not in _VOWELS:
        return verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"
    s = "es" if verb.endswith(("s", "x", "z", "ch", "sh")) else "s"
    found = (verb, verb + s, f"{stem}ed", f"{stem}ing")
    if verb[-1] not in f"{_VOWELS}wxy" and verb[-2] in _VOWELS:
        return *found, f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing"
    return found


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "x", "z", "ch", "sh")) else "s")


@cache
def _usual() -> dict[str, Usual]:
    lists: dict[str, str] = load("words.yaml")
    found = {}
    for name, words in lists.items():
        for word in words.split():
            forms: tuple[str, ...] = (word,)
            if name == "verbs":
                forms = _inflected(word)
            elif name == "nouns":
                forms = word, _plural(word)
            found.update(dict.fromkeys(forms, Usual.WORD))
    found.update(dict.fromkeys(lists["function"].split(), Usual.FUNCTION))
    return found


@cache
def _inflections() -> frozenset[str]:
    """Forms of verbs that are no other word: denies, asked."""
    lists: dict[str, str] = load("words.yaml")
    bases = {word for words in lists.values() for word in words.split()}
    forms = {form for verb in lists["verbs"].split() for form in _inflected(verb)}
    return frozenset(forms) - bases - set(map(_plural, lists["nouns"].split()))


def inflected(word: str) -> bool:
    """Whether a folded word is a usual verb with an ending."""
    return word in _inflections()


def usual(word: str) -> Usual:
    """What a folded word is in English or Spanish."""
    return _usual().get(word, Usual.NO)


@cache
def always_capital() -> frozenset[str]:
    """Usual words whose capital tells nothing: months, peoples."""
    lists: dict[str, str] = load("words.yaml")
    return frozenset(lists["capital"].split())


@cache
def _third_persons() -> frozenset[str]:
    """Verb forms that follow a name rather than a verb: calls, called."""
    verbs: str = load("words.yaml")["verbs"]
    return frozenset(form for verb in verbs.split() for form in _inflected(verb)[1:3])


@cache
def listed(name: str) -> frozenset[str]:
    """Words of one list of ``names.yaml``."""
    lists: dict[str, str] = load("names.yaml")
    return frozenset(lists[name].split())


def means_person(text: str, start: int, end: int, own: bool) -> bool:
    """Whether the usual word ``text[start:end]`` is a name there; ``own``: the record holds it as
    written, not only a name it may be short for."""
    word = text[start:end]
    kind = usual(fold(word))
    if not word.isascii():
        return True  # no English word
    if _introduced(text, start, end) or (own and _referred_to(text, start, end)):
        return True
    if word.islower() or tells_nothing(text, start, end):
        return own and kind is Usual.WORD and tells_nothing(text, start, end)
    if word.isupper() and len(word) > 1:
        return own and (kind is not Usual.FUNCTION or _alone_in_capitals(text, start, end))
    if _is_date(text, start, end):
        return False
    if begins_sentence(text, start):
        return kind is Usual.NO or (own and kind is Usual.WORD)
    return True


def begins_sentence(text: str, start: int) -> bool:
    """Whether a sentence, a line, or what a colon announces begins there."""
    return bool(_STARTS.search(text[max(0, start - _AROUND) : start]))


def _alone_in_capitals(text: str, start: int, end: int) -> bool:
    """Whether the words beside one in capitals are not: "asked WILL to", but no "DO NOT"."""
    if end - start < _EMPHASIS:
        return False
    before, after = _BEFORE.search(text[max(0, start - _AROUND) : start]), _AFTER.match(text, end)
    return not any(beside and beside[1].isupper() for beside in (before, after))


def _referred_to(text: str, start: int, end: int) -> bool:
    """Whether a role's letter stands before, or a number of somebody behind it; no "s/he"."""
    role = _ROLE_BEFORE.search(text[max(0, start - 3) : start])
    return (role is not None and text[start:end].casefold() != "he") or bool(
        _NUMBERED.match(text, end)
    )


def _introduced(text: str, start: int, end: int) -> bool:
    before = _BEFORE.search(text[max(0, start - _AROUND) : start])
    if before and (fold(before[1]) in listed("before") or _INITIAL.fullmatch(before[0])):
        return True
    if not text[start:end].islower() and (
        _POSSESSIVE.match(text, end) or _POSSESSIVE.search(text, start, end)  # Price's; Bank's
    ):
        return True
    after = _AFTER.match(text[end : end + _AROUND])
    if not after or not text[start].isupper():
        return False
    if fold(after[1]) in listed("after"):
        return True
    if _WITH_INITIAL.match(text[end : end + 4]):
        return True
    verb = after[1].lower() in _third_persons()
    modal = usual(fold(text[start:end])) is Usual.FUNCTION  # no modal stands before "drives"
    return verb and (modal or after[1].islower())


@lru_cache(maxsize=64)
def _caseless(sample: str) -> bool:
    """Nearly all capitals; or hardly any, and sentences that begin without one."""
    upper = sum(map(str.isupper, sample))
    lower = sum(map(str.islower, sample))
    if lower < upper:
        return lower * 4 < upper
    starts = [found[1] for found in _BEGINNINGS.finditer(sample)]
    return upper * 10 < lower and sum(map(str.isupper, starts)) * 2 <= len(starts)


def tells_nothing(text: str, start: int, end: int) -> bool:
    """Whether case around here means nothing: all capitals, or none."""
    return _caseless(text[max(0, start - _LETTERS_FOR_CASE) : end + _LETTERS_FOR_CASE])


def _is_date(text: str, start: int, end: int) -> bool:
    months: list[list[str]] = load("numbers.yaml")["months"]
    if not any(fold(text[start:end]) in names for names in months):
        return False
    return bool(
        re.match(r"\.?,?\s+(?:of\s+)?\d", text[end : end + 8])
        or re.search(r"\d(?:st|nd|rd|th)?\s+(?:of\s+)?$", text[max(0, start - 10) : start])
    )
