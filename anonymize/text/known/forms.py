"""Forms: the ways in which one identifier is written out in full.

A form is known by its ``spelling``: letters and digits without what stands between them. What the
gate may search for (``exact_forms``) and what the redactor masks come from here alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from anonymize.text.known.folding import fold
from anonymize.text.known.vocabulary import Usual, listed, usual

#: Letters or digits that an exact form has at least: shorter ones are also words and counts.
SHORTEST = 3
SHORTEST_NUMBER = 4


class Rule(IntEnum):
    """When letters of a text that spell a form are that form; the lower, the surer."""

    WHOLE = 0  # at the edges of words, however separated within
    PART = 1  # one name of the record
    SHORT = 2  # what such a name may be short for, or the other way round
    CUT = 3  # a piece of such a name, which must be written as a name
    SEPARATED = 4  # separators exactly at ``joints``: the groups of a date
    INITIALS = 5


class Form(NamedTuple):
    """
    Attributes:
        type: of the span.
        joints: of ``SEPARATED``: the sets of letters before which separators may stand.
    """

    type: str
    rule: Rule
    joints: tuple[frozenset[int], ...] = ()


Forms = dict[str, Form]


def exact_forms(identifiers: Iterable[str]) -> list[str]:
    """Words that may stand nowhere in the redacted text of the record, each form as ``fold`` writes
    it; sorted, each once. ``Known`` of the same identifiers masks every run of whole words that
    folds to one of them.

    They are: each identifier of four letters and digits and more as it stands; each word of it that
    looks like a name by itself (three letters and more, no usual English word, no particle or
    title); and a number without its separators. An identifier that is one usual word (Will, Rose)
    is none: it is masked where it is a name, and no search can tell.
    """
    found = set()
    for identifier in identifiers:
        words = fold(identifier).split()
        spelt = "".join(words)
        if spelt.isdigit():
            if len(spelt) >= SHORTEST_NUMBER:
                found |= {" ".join(words), spelt}
        elif (len(words) > 1 or not spelt.isalpha()) and len(spelt) >= SHORTEST_NUMBER:
            found.add(" ".join(words))
        if _is_name(identifier, words):
            found |= {word for word in words if stands_alone(word)}
    return sorted(found)


def stands_alone(word: str) -> bool:
    """Whether a word of a name tells the person wherever it stands."""
    return (
        len(word) >= SHORTEST
        and word.isalpha()
        and usual(word) is Usual.NO
        and word not in listed("particles") | listed("titles") | listed("adjuncts")
    )


def _is_name(identifier: str, words: list[str]) -> bool:
    return (
        "@" not in identifier
        and all(word.isalpha() for word in words)
        and not listed("organisations").intersection(words)
    )
