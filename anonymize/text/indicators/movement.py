"""Where a text says that somebody came from and was brought to: a state of the US, or a country.

A place counts only by the words around it: ``from``, ``native of`` before it for an origin, ``to``
or ``in`` after a verb of moving for a destination.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import re2

from anonymize.text.indicators.context import Context, Stance
from anonymize.text.indicators.indicator import Indicator
from anonymize.text.indicators.lexicon import compiled, data, expanded, options
from schemas.codes import code_list

#: Characters before a place, and before the words that lead to it, that are looked at.
_BEFORE: Final = 90
_MOVED: Final = 160
_CONFIDENCE: Final = 0.8
_BETWEEN: Final = b"between "
#: What follows a name that is a street's or a firm's.
_NO_PLACE = re2.compile(
    rb"[\s,]+(?:st|street|ave|avenue|rd|road|blvd|dr|drive|ln|lane|way|hwy|highway|pkwy|ct|court|pl"
    rb"|county|university|restaurant|buffet|hotel|inn|police|pd|plates?|tags?|license|id|dl|roadhouse"
    rb"|grill|cafe|lottery|state (?:patrol|police|university|trooper)|\d+)\b",
    options(),
)
#: Abbreviations of states that are words too when a text is all in capitals.
_WORDS_TOO: Final = frozenset(b"in or me hi ok pa ma de co al id la oh mi ne".split())
#: Those that also follow "to" or "from" as words.
_LITTLE_WORDS: Final = frozenset(b"in or me hi ok ma pa de id oh mi".split())
_LEADS: Final = re2.compile(rb"\b(?:from|to|in|into) \z", options())


@dataclass(frozen=True)
class _Gazetteer:
    codes: dict[bytes, str]
    names: Any
    peoples: dict[bytes, str]
    people: Any


@dataclass(frozen=True)
class _Place:
    """A place that was read, and what it is in a movement ("": nothing)."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class _Patterns:
    origin: Any
    destination: Any
    reached: Any
    stayed: Any
    awhile: Any
    link: Any
    moved: Any
    not_moved: Any
    onward: Any
    people: Any


@cache
def _gazetteer() -> _Gazetteer:
    codes, peoples = _listed(), {}
    source = files(__package__).joinpath("places.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(source.splitlines()):
        name = row["name"].encode("ascii")
        if row["sort"] == "people":
            peoples[name] = row["code"]
        else:
            codes[name] = row["code"]
    return _Gazetteer(codes, _any_of(codes), peoples, _any_of(peoples, b"s?"))


def _listed() -> dict[bytes, str]:
    """Names of the code lists: states, their abbreviations, countries."""
    kinds = code_list("text_indicator").column("kind")
    labels = code_list("text_indicator").column("label")
    found = {_plain(labels[code] or ""): code for code, kind in kinds.items() if kind == "movement"}
    found |= {code[3:].lower().encode(): code for code in kinds if code.startswith("US-")}
    found[b"georgia"] = "US-GA"
    return found


def _plain(name: str) -> bytes:
    return name.lower().encode("ascii", "ignore").replace(b",", b"").replace(b".", b"")


def _any_of(names: Iterable[bytes], ending: bytes = b"") -> Any:  # noqa: ANN401 - re2 has no types
    """The longest of ``names``; between their words a comma or blanks."""
    longest = sorted(names, key=len, reverse=True)
    escaped = (re2.escape(name.decode()).encode().replace(rb"\ ", rb",?[\s]+") for name in longest)
    return re2.compile(rb"\b(?:" + b"|".join(escaped) + rb")" + ending + rb"\b", options())


@cache
def _patterns() -> _Patterns:
    raw = data("movement")
    people = raw["people"]["after"] + raw["people"]["last"]
    return _Patterns(
        _until(raw["origin"]["before"]),
        _until(raw["destination"]["before"]),
        _until(raw["destination"]["reached"]),
        _from(raw["destination"]["stayed"]),
        _from(raw["destination"]["awhile"]),
        _from(raw["link"]),
        compiled(raw["destination"]["moved"]),
        _until(raw["not"]),
        _from(raw["origin_after"]),
        re2.compile(
            (r"[\s-]*(?:" + "|".join(expanded(one) for one in people) + ")").encode(), options()
        ),
    )


def _from(phrase: str) -> Any:  # noqa: ANN401 - re2 has no types
    """A phrase that begins where a place ends."""
    return re2.compile(expanded(phrase).encode(), options())


def _until(phrases: Iterable[str]) -> Any:  # noqa: ANN401 - re2 has no types
    """``phrases`` that end where a place begins."""
    source = "|".join(expanded(phrase) for phrase in phrases)
    return re2.compile(rf"\b(?:{source})\z".encode("ascii"), options())


def movements(text: str, plain: bytes, context: Context) -> list[Indicator]:
    """Origins and destinations in a text; ``plain`` is its normal form."""
    gazetteer, found = _gazetteer(), []
    last: _Place | None = None
    for start, end, code in _places(text, plain):
        opening = context.opening(start)
        before = last if last and last.end > opening else None
        kind = _kind(plain, opening, start, end, before)
        last = _Place(start, end, kind)
        if kind and context.stance(start, end) <= Stance.DOUBTED:
            rule = f"movement.{kind}"
            found.append(Indicator(f"movement_{kind}", code, rule, _CONFIDENCE, start, end))
    for match in gazetteer.people.finditer(plain):
        start, end = match.span()
        if _patterns().people.match(plain, end) and context.stance(start, end) <= Stance.DOUBTED:
            people = _name(match.group())
            code = gazetteer.peoples.get(people) or gazetteer.peoples[people[:-1]]
            found.append(
                Indicator("movement_origin", code, "movement.people", _CONFIDENCE, start, end)
            )
    return found


def _places(text: str, plain: bytes) -> list[tuple[int, int, str]]:
    """Places in a text with their codes; a city and its state are one."""
    gazetteer, capitals = _gazetteer(), text.isupper()
    found: list[tuple[int, int, str]] = []
    for match in gazetteer.names.finditer(plain):
        start, end = match.span()
        code = gazetteer.codes.get(_name(match.group()), "")
        if found and not plain[found[-1][1] : start].strip(b" ,("):
            before = found[-1]
            state = f"US-{plain[start:end].decode().upper()}"  # "la" is also a city
            if before[2] in (code, state):
                found[-1] = before[0], end, before[2]
                continue
        if end - start == 2 and plain[:start].rstrip(b" ").endswith(b","):
            code = f"US-{plain[start:end].decode().upper()}"
        if code and _is_place(text, plain, start, end, capitals):
            found.append((start, end, code))
    return found


def _name(found: bytes) -> bytes:
    return b" ".join(found.replace(b",", b" ").split())


def _is_place(text: str, plain: bytes, start: int, end: int, capitals: bool) -> bool:
    """Not an abbreviation that is a word, a person's name, or part of an address."""
    if _NO_PLACE.match(plain, end):
        return False
    written = text[start:end]
    if end - start == 2:
        after_city = plain[max(0, start - 2) : start].strip() == b","
        word = plain[start:end] in _WORDS_TOO
        if word and plain[start:end] not in _LITTLE_WORDS:
            word = not _LEADS.search(plain[max(0, start - 6) : start])
        return written.isupper() and not (word and capitals) and (after_city or not word)
    follows = text[end + 1 : end + 3]
    # Georgia Smith, Houston Brown: two capitalised words in a text that is not all in capitals
    return not (
        text[end : end + 1] == " "
        and follows.istitle()
        and len(follows) == 2
        and written.istitle()
        and plain[max(0, start - 5) : start] != b"from "
    )


def _kind(plain: bytes, opening: int, start: int, end: int, last: _Place | None) -> str:
    """origin, destination or neither, by what stands before a place, or after it, and by the
    place before it in the sentence (``last``)."""
    patterns = _patterns()
    before = plain[max(opening, start - _BEFORE) : start]
    if patterns.not_moved.search(before):
        return ""
    if patterns.origin.search(before):
        return "origin"
    moved = patterns.moved.search(plain[max(opening, start - _MOVED) : start])
    if patterns.reached.search(before) or patterns.stayed.match(plain, end, end + _BEFORE):
        return "destination"
    if moved and (patterns.destination.search(before) or patterns.awhile.match(plain, end)):
        return "destination"
    if last and last.kind and patterns.link.fullmatch(plain, last.end, start):
        onward = patterns.onward.fullmatch(plain, last.end, start)
        between = plain[max(0, last.start - len(_BETWEEN)) : last.start] == _BETWEEN
        return "destination" if onward or between else last.kind
    onward = patterns.onward.match(plain, end)
    return "origin" if moved and onward and _gazetteer().names.match(plain, onward.end()) else ""
