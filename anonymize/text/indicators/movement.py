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
#: What follows a name that is a street's or a firm's.
_NO_PLACE = re2.compile(
    rb"[\s,]+(?:st|street|ave|avenue|rd|road|blvd|dr|drive|ln|lane|way|hwy|highway|pkwy|ct|court|pl"
    rb"|county|university|restaurant|buffet|hotel|inn|police|pd|plates?|tags?|license|id|dl|roadhouse"
    rb"|grill|cafe|lottery|state (?:patrol|police|university|trooper)|\d+)\b",
    options(),
)
#: Abbreviations of states that are words too when a text is all in capitals.
_WORDS_TOO: Final = frozenset(b"in or me hi ok pa ma de co al id la oh mi ne".split())


@dataclass(frozen=True)
class _Gazetteer:
    codes: dict[bytes, str]
    names: Any
    peoples: dict[bytes, str]
    people: Any


@dataclass(frozen=True)
class _Patterns:
    origin: Any
    destination: Any
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
        compiled(raw["destination"]["moved"]),
        _until(raw["not"]),
        re2.compile(expanded(raw["origin_after"]).encode(), options()),
        re2.compile(
            (r"[\s-]*(?:" + "|".join(expanded(one) for one in people) + ")").encode(), options()
        ),
    )


def _until(phrases: Iterable[str]) -> Any:  # noqa: ANN401 - re2 has no types
    """``phrases`` that end where a place begins."""
    source = "|".join(expanded(phrase) for phrase in phrases)
    return re2.compile(rf"\b(?:{source})\z".encode("ascii"), options())


def movements(text: str, plain: bytes, context: Context) -> list[Indicator]:
    """Origins and destinations in a text; ``plain`` is its normal form."""
    gazetteer, found, capitals = _gazetteer(), [], text.isupper()
    for match in gazetteer.names.finditer(plain):
        start, end = match.span()
        code = gazetteer.codes.get(_name(match.group()), "")
        if not code or not _is_place(text, plain, start, end, capitals):
            continue
        kind = _kind(plain, context.opening(start), start, end)
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


def _kind(plain: bytes, opening: int, start: int, end: int) -> str:
    """origin, destination or neither, by what stands before a place, or after it."""
    patterns = _patterns()
    before = plain[max(opening, start - _BEFORE) : start]
    if patterns.not_moved.search(before):
        return ""
    if patterns.origin.search(before):
        return "origin"
    moved = patterns.moved.search(plain[max(opening, start - _MOVED) : start])
    if patterns.destination.search(before):
        return "destination" if moved else ""
    onward = patterns.onward.match(plain, end)
    return "origin" if moved and onward and _gazetteer().names.match(plain, onward.end()) else ""
