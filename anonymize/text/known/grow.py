"""What belongs to a name that was found: initials, particles, doubtful words beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import OSA

from anonymize.text.known.folding import fold, spelling
from anonymize.text.known.forms import Forms, Rule
from anonymize.text.known.gathered import Gathered
from anonymize.text.known.identifiers import Kind
from anonymize.text.known.others import street_types
from anonymize.text.known.sounds import sound
from anonymize.text.known.vocabulary import Usual, listed, usual
from anonymize.text.spans import Span

_PERSON, _ADDRESS = Kind.PERSON, Kind.ADDRESS
_FIRM = Kind.ORGANISATION
_GAP = r"[ \t]{0,2}[,.'\u2019\"-]{0,2}[ \t\n]{0,2}"
_LEFT = re.compile(rf"([^\W_]+)({_GAP})$")
_RIGHT = re.compile(rf"({_GAP})([^\W_]+)(\.?)")
_PARTICLE = re.compile(r"[ -]([^\W\d_]{1,4})[ -]")
_PARTICLES = re.compile(r"\b((?:[^\W\d_]{2,3} ){1,2})$")
_COURTESY = re.compile(r"\b([A-Za-z]{2,4})\.? $")
_REACH = 40  # characters looked at on either side of a span
_STEPS = 6  # words a span grows by at either end
_SLIP = 3  # letters of a name one slip leaves recognisable beside another name
_UNIT = re.compile(
    r"[,.\s]{0,3}(?:(?:apt|apartment|unit|ste|suite|room|rm|space|spc|lot)\b\.?\s?#?\s?|#\s?)"
    r"[A-Za-z]?-?\d{0,4}(?:-?[A-Za-z])?\b",
    re.IGNORECASE,
)
_HOUSE = re.compile(
    r"(\d+[A-Za-z]?)\s+(?:[NSEW]\.?[EW]?\.?\s+|(?:north|south|east|west)\s+)?$", re.I
)


def grown(text: str, spans: Sequence[Span], known: Gathered, forms: Forms) -> list[Span]:
    """``spans`` with what belongs to them, neighbours of one name joined."""
    found = []
    for span in _joined(text, spans):
        if span.type == _PERSON:
            found.append(_name(text, span, known, forms))
        elif span.type == _ADDRESS:
            found.append(_address(text, span, known))
        else:
            found.append(_firm(text, span) if span.type == _FIRM else span)
    return _joined(text, found)


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        names = last is not None and last.type == span.type == _PERSON
        if last and (span.start < last.end or (names and _one_name(text, last.end, span.start))):
            end, score = max(last.end, span.end), max(last.score, span.score)
            found[-1] = last._replace(start=min(last.start, span.start), end=end, score=score)
        else:
            found.append(span)
    return found


def _one_name(text: str, end: int, start: int) -> bool:
    """Whether nothing between two names says that they are of two persons, or of two sentences."""
    between = _PARTICLE.fullmatch(text[end:start])
    if between:
        return between[1].lower() in listed("particles")
    initial = text[end - 1] == "." or not text[max(0, end - 2) : end - 1].isalnum()
    return bool(re.fullmatch(r",? ?|-|,? ?\n" + (r"|\. ?" if initial else ""), text[end:start]))


def _name(text: str, span: Span, known: Gathered, forms: Forms) -> Span:
    start, end = span.start, span.end
    small = text[start].islower()
    for _ in range(_STEPS):  # "J. Lopez", "Maria J", but not "the will. Lopez"
        left = _LEFT.search(text[max(0, start - _REACH) : start])
        if not left or not (
            _belongs(left[1], left[2], small, known, forms) or _given_name(left, span, text)
        ):
            break
        start -= len(left[0])
    particles = _PARTICLES.search(text[max(0, start - _REACH) : start])
    if particles and _of_family(particles[1]):
        start -= len(particles[0])
    courtesy = _COURTESY.search(text[max(0, start - _REACH) : start])
    if courtesy and courtesy[1].lower() in listed("courtesy"):
        start -= len(courtesy[0])
    for _ in range(_STEPS):
        right = _RIGHT.match(text[end : end + _REACH])
        if not right or not _belongs(
            right[2], right[1] if len(right[2]) > 1 else right[3], small, known, forms
        ):
            break
        end += len(right[0]) - (len(right[3]) if len(right[2]) > 1 else 0)
    return span._replace(start=start, end=end)


def _of_family(words: str) -> bool:
    """Whether words before a name are particles that the record holds otherwise, or not at all:
    ``van den`` Berg, ``De Los`` Santos; one alone only with a capital."""
    known = fold(words).split()
    return listed("family_particles").issuperset(known) and (len(known) > 1 or words.istitle())


def _given_name(left: re.Match[str], span: Span, text: str) -> bool:
    """Whether a word before a name of the record can only be the rest of that name: of somebody of
    the same family, or ill spelt."""
    word, between = left[1], left[2]
    return (
        between == " "
        and word.istitle()
        and word.isalpha()
        and len(word) > 1
        and text[span.start].isupper()
        and usual(spelling(word)) is Usual.NO
    )


def _belongs(word: str, after: str, small: bool, known: Gathered, forms: Forms) -> bool:
    """Whether a word beside a name is one more word of a name of the record; ``small``: the name
    is written without a capital."""
    folded = spelling(word)
    if len(folded) > 2 and "." in after:
        return False
    if folded == "s" and after.strip() in ("'", "\u2019"):
        return False
    if len(folded) == 1:
        if not word.isalpha():
            return False
        own = small or folded in {one[0] for one in known.particles}
        if "." in after and (own or word.isupper()):
            return True  # a middle initial, which the record may not hold; v. d. Berg
        return folded in known.initials and (word.isupper() or (small and folded not in "ai"))
    if folded in known.particles:
        return True
    form = forms.get(folded)
    if form is not None and form.type == _PERSON and form.rule <= Rule.SHORT:
        return usual(folded) is not Usual.FUNCTION or "," in after or not word.islower()
    if not word[0].isupper() or usual(folded) is Usual.FUNCTION:
        return False
    if usual(folded) and not word.istitle():
        return False
    slip = _SLIP if usual(folded) is Usual.NO else _SLIP + 1
    return any(
        sound(folded) == sound(name)
        or (
            min(len(name), len(folded) + 1) >= slip
            and OSA.distance(folded, name, score_cutoff=1) <= 1
        )
        for name in known.names
    )


def _firm(text: str, span: Span) -> Span:
    """With what it is: ``Golden Dragon`` and ``Massage``."""
    end = span.end
    for _ in range(_STEPS):
        right = _RIGHT.match(text[end : end + _REACH])
        if not right or "." in right[1]:
            break
        kinds = {spelling(right[2]), spelling(right[2]).removesuffix("s")}
        if not right[2][0].isupper() or not kinds & listed("organisations"):
            break
        end += len(right[1]) + len(right[2])
    return span._replace(end=end)


def _address(text: str, span: Span, known: Gathered) -> Span:
    start, end = span.start, span.end
    house = _HOUSE.search(text[max(0, start - _REACH) : start])
    if house and spelling(house[1]) in known.houses:
        start -= len(house[0])
    street = _RIGHT.match(text[end : end + _REACH])
    if street and "." not in street[1] and spelling(street[2]) in street_types():
        end += len(street[0])
    unit = _UNIT.match(text[end : end + _REACH])
    if unit:
        end += len(unit[0])
    return span._replace(start=start, end=end)
