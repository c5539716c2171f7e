"""The identifiers of one record, found again in its texts however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

import ahocorasick
from rapidfuzz.distance import OSA

from anonymize.text.known.folding import FOLDED, Spelled, fold, spelling
from anonymize.text.known.forms import Form, Rule
from anonymize.text.known.gathered import Gathered
from anonymize.text.known.grow import grown
from anonymize.text.known.identifiers import Kind, kind_of, single
from anonymize.text.known.near import Near
from anonymize.text.known.numbers import Numbers
from anonymize.text.known.others import GATHER, code, number
from anonymize.text.known.persons import gather as person
from anonymize.text.known.persons import gather_doubtful
from anonymize.text.known.vocabulary import Usual, listed, means_person, tells_nothing, usual
from anonymize.text.spans import Span, merged

_DIGITS = frozenset((Kind.PHONE, Kind.SSN, Kind.CASE, Kind.OTHER))
_SHORTEST = 2
_SHORTEST_WHOLE = 3
_TWO = 2
_FIELD = 3  # words of a family name in a field of its own
_GLUED = 9  # letters of a form that is found within a longer word, too
_WORD = 64  # letters on either side of such a form
_SPLIT = 5  # letters of a name that is found in two pieces
_TIMES = frozenset(("am", "pm", "us", "ie", "eg"))
_AFTER_TIME = re.compile(r"\d\s*$|\b(?:the|this|of)\s$", re.IGNORECASE)
_ACTED_ON = re.compile(r"([^\W_]+) $")
_CLIENT = re.compile(
    r"\b(?:cls?|clts?|client|vic|victim|svrs?|survivor|pts?|participant|cts?|resident)\.? $",
    re.IGNORECASE,
)
_PLACE_BEFORE = re.compile(
    r"(?:,\s?|\b(?:in|to|from|of|near|at|through|via|state|the|an?|another)\s|[A-Z][a-z]+\s)$"
)
_PLACE_AFTER = re.compile(
    r"\W{0,2}(?:\d|plates?|lic|dl\b|id\b|driver|state|resident|reg|tag|dmv|dep)", re.IGNORECASE
)
_INITIALS = re.compile(r"[^\W\d_](?:\.[ -]?|[ -])?(?:[^\W\d_](?:\.[ -]?|[ -])?){1,3}")


class Known:
    """The identifiers of one record: names and numbers, as its fields hold them.

    What is searched for is made when the first text is searched: most records have none.
    """

    def __init__(self, identifiers: tuple[str, ...]) -> None:
        self._identifiers = identifiers
        self._search: _Search | None = None

    @classmethod
    def of(cls, identifiers: Iterable[str]) -> Known:
        return cls(tuple(identifiers))

    def find(self, text: str) -> list[Span]:
        """Every mention, exact or nearly: in order and without overlap.

        Where several mentions follow one another (``Lopez, Maria J.``), they are one span.
        """
        return self._searched().find(text) if self._identifiers and text else []

    def holds(self, word: str) -> bool:
        """Whether a word is a name of the record as it is held, usual word or not."""
        return bool(self._identifiers) and self._searched().holds(spelling(word))

    def may_name(self, word: str) -> bool:
        """Whether it is a form of such a name, or one slip away from it."""
        return bool(self._identifiers) and self._searched().may_name(spelling(word))

    def _searched(self) -> _Search:
        if self._search is None:
            self._search = _Search(_gathered(self._identifiers))
        return self._search


def _gathered(identifiers: Iterable[str]) -> Gathered:
    found = Gathered()
    before: list[str] = []
    for identifier in chain.from_iterable(map(single, identifiers)):
        kind = kind_of(identifier)
        words = fold(identifier).split()
        name = words if kind == Kind.PERSON and "," not in identifier else []
        if before and 1 in (len(before), len(name)) and 0 < len(name) <= _FIELD:
            found.add(_of_person(" ".join(before + name)))  # fields of one name: given, family
        before = name
        if len("".join(words)) >= _SHORTEST:
            found.add(_of_one(identifier, kind))
    return found


@lru_cache(maxsize=1 << 12)
def _of_person(name: str) -> Gathered:
    found = Gathered()
    person(name, found)
    return found


@lru_cache(maxsize=1 << 12)
def _of_one(identifier: str, kind: str) -> Gathered:
    """Of one identifier: the same person, telephone or address is of many records."""
    found = Gathered()
    _gather(identifier, kind, fold(identifier).split(), found)
    return found


def _gather(identifier: str, kind: str, words: list[str], found: Gathered) -> None:
    if kind == Kind.PERSON:
        person(identifier, found)
    elif len(words) == _TWO and "".join(words).isalpha():
        gather_doubtful(words, found)
    if kind in _DIGITS and "".join(words).isdigit():
        number(identifier, kind, found)
    elif kind in GATHER:
        GATHER[kind](identifier, found)
    elif kind != Kind.PERSON:
        code(identifier, kind, found)
    if len(words) > 1:
        found.whole(words, kind)


class _Search:
    def __init__(self, known: Gathered) -> None:
        self._known, self._all = known, known.forms()
        self._forms = ahocorasick.Automaton()
        add, whole = self._forms.add_word, Rule.WHOLE
        for letters, form in self._all.items():
            length = len(letters)
            if length >= _SHORTEST_WHOLE or (length == _SHORTEST and form[1] is not whole):
                add(letters, (length, form))
        if len(self._forms):
            self._forms.make_automaton()
        self._near = Near(known.near, known.pets)
        self._numbers = Numbers(known.numbers)

    def find(self, text: str) -> list[Span]:
        sure = list(self._written(text))
        sure += self._near.find(text)
        sure += self._numbers.find(text)
        return grown(text, merged(sure), self._known, self._all) if sure else []

    def holds(self, word: str) -> bool:
        known = self._known
        return len(word) >= _SHORTEST and (word in known.names or word in known.titles)

    def may_name(self, word: str) -> bool:
        form = self._all.get(word)
        if form is not None and form.type == Kind.PERSON:
            return len(word) >= _SHORTEST
        return len(word) >= _SHORTEST_WHOLE and any(
            OSA.distance(word, name, score_cutoff=1) <= 1 for name in self._known.names
        )

    def _written(self, text: str) -> Iterator[Span]:
        """Spans of the forms that stand in the text with all their letters."""
        if not len(self._forms):
            return
        spelled = Spelled.of(text)
        edges = spelled.edges
        for last, (length, form) in self._forms.iter(spelled.letters):
            start, end = last + 1 - length, last + 1
            if edges[start] or length >= _GLUED:
                span = _span(spelled, start, end, form)
                if span:
                    yield span


def _span(spelled: Spelled, start: int, end: int, form: Form) -> Span | None:
    """The span of letters that spell a form, if they are that form there."""
    length, edges = end - start, spelled.edges
    if not edges[start] or not edges[end]:
        plural = edges[start] and spelled.letters[end : end + 1] == "s" and edges[end + 1]
        if plural and length > _SHORTEST and form.rule <= Rule.SHORT:
            if usual(spelled.letters[start : end + 1]) or spelled.breaks(start, end + 1):
                return None
            end += 1
        elif form.rule is not Rule.WHOLE or length < _GLUED:
            return None
        else:
            return _glued(spelled, start, end, form)
    first, last = spelled.places[start], spelled.places[end - 1] + 1
    while last < len(spelled.text) and FOLDED[spelled.text[last]] == "":
        last += 1  # marks on the last letter
    if not _is_form(spelled, start, start + length, form, first, last):
        return None
    return Span(first, last, form.type)


def _glued(spelled: Spelled, start: int, end: int, form: Form) -> Span:
    """The longer word that holds a form; of an endless one a part."""
    first = max(start - _WORD, spelled.edges.rfind(1, max(0, start - _WORD), start + 1))
    last = spelled.edges.find(1, end, end + _WORD)
    last = last if last >= 0 else min(end + _WORD, len(spelled.letters))
    return Span(spelled.places[first], spelled.places[last - 1] + 1, form.type)


def _is_form(spelled: Spelled, start: int, end: int, form: Form, first: int, last: int) -> bool:
    text, length = spelled.text, end - start
    if form.rule is Rule.WHOLE:
        return True
    breaks = spelled.breaks(start, end)
    if form.rule is Rule.SEPARATED:
        return frozenset(breaks) in form.joints
    if form.rule is Rule.INITIALS:
        return _are_initials(text, first, last, spelled.letters[start:end])
    if breaks and not _one_name(spelled, start, end, breaks):
        return False
    word = spelled.letters[start:end]
    if form.rule is not Rule.CUT and (not usual(word) or len(breaks) == length - 1):
        return True
    return means_person(text, first, last, own=form.rule is Rule.PART)


def _one_name(spelled: Spelled, start: int, end: int, breaks: list[int]) -> bool:
    """Whether a name that is written in pieces is meant: letter by letter, or in two."""
    word = spelled.letters[start:end]
    if len(breaks) == len(word) - 1:
        return len(word) > _SHORTEST
    if len(breaks) > 1 or len(word) < _SPLIT:
        return False
    return all(
        usual(piece) is not Usual.FUNCTION or piece in listed("particles")
        for piece in (word[: breaks[0]], word[breaks[0] :])
    )


def _are_initials(text: str, first: int, last: int, letters: str) -> bool:
    """``M.L.``, ``M. L.``; ``ML`` where that stands for nothing else or somebody is said to act."""
    written = text[first : last + 1]
    if not _INITIALS.fullmatch(written) and not _INITIALS.fullmatch(written[:-1]):
        return False
    bare = text[first:last]
    if written[1:2] == "." and written.count(".") >= len(letters) - 1:
        return letters not in _TIMES or not (
            bare.islower() or _AFTER_TIME.search(text[:first][-9:])
        )
    if _CLIENT.search(text[max(0, first - _WORD) : first]) and (bare.isupper() or bare.islower()):
        return True
    plain = bare.isupper() or (bare.islower() and tells_nothing(text, first, last))
    short = letters in listed("abbreviations")
    if not plain or " " in bare or (usual(letters) is Usual.FUNCTION and not short):
        return False
    other = short or usual(letters) is not Usual.NO
    if not other or means_person(text, first, last, own=False) or _acted_on(text, first):
        return True
    return (
        letters in listed("states")
        and not tells_nothing(text, first, last)
        and not (
            _PLACE_BEFORE.search(text[max(0, first - _WORD) : first])
            or _PLACE_AFTER.match(text, last)
        )
    )


def _acted_on(text: str, first: int) -> bool:
    """Whether what stands before says that a person follows: "picked up", "told"; never where all
    is in capitals."""
    before = _ACTED_ON.search(text[max(0, first - _WORD) : first])
    return (
        before is not None and before[1].lower() in listed("acted_on") and not before[1].isupper()
    )
