"""Forms of identifiers that are no persons' names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import product

from anonymize.text.known.data import load
from anonymize.text.known.folding import fold, spelling
from anonymize.text.known.gathered import Gathered, Number
from anonymize.text.known.identifiers import Kind, date_of
from anonymize.text.known.vocabulary import Usual, listed, usual

_PARTLY = 7  # digits
_NUMBERED = 2  # words of a street with a number: State Route 9
_PREFIX = 2  # letters before a number that are left away
_NEAR_CODE = 6
_HANDLE = 5
_GROUPS = re.compile(r"[A-Za-z]+|\d+")
_LEGAL = frozenset(("inc", "llc", "llp", "ltd", "corp", "corporation", "co", "the"))


def number(identifier: str, kind: str, found: Gathered) -> None:
    """A number whatever its grouping; of a phone in North America also without the leading 1."""
    digits = spelling(identifier)
    found.whole((digits,), kind)
    if kind == Kind.PHONE and len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
        found.whole((digits,), kind)
    if len(digits) >= _PARTLY:
        found.numbers.append(Number(digits, kind, partly=kind != Kind.CASE))
    if kind == Kind.CASE:
        code(identifier, kind, found)


def code(identifier: str, kind: str, found: Gathered) -> None:
    """A plate, a case number, any mixture of letters and digits."""
    groups = _GROUPS.findall(fold(identifier))
    letters = "".join(groups)
    found.whole(groups, kind)
    if len(letters) >= _NEAR_CODE and not letters.isdigit():
        found.near[letters] = kind
    if len(groups[0]) <= _PREFIX and groups[0].isalpha() and letters[len(groups[0]) :].isdigit():
        digits = letters[len(groups[0]) :]
        if len(digits) >= _PARTLY:
            found.whole((digits,), kind)
            found.numbers.append(Number(digits, kind, partly=False))
    for alphabet in load("nicknames.yaml")["read_out"].values():
        read = dict(zip("abcdefghijklmnopqrstuvwxyz", alphabet.split(), strict=True))
        found.whole([read.get(sign, sign) for sign in letters], kind)
    if kind == Kind.CASE and len(groups) > 1:
        for variant in product(*map(_shortened, groups)):
            if sum(map(len, variant)) >= _PARTLY - 1:
                found.whole(variant, kind)


def _shortened(group: str) -> set[str]:
    """A group of a case number as written in haste: no leading zeros, the year by two digits."""
    forms = {group, group.lstrip("0") or group}
    if len(group) == 4 and group.startswith("20"):
        forms.add(group[2:])
    elif len(group) == 2 and group.isdigit():
        forms.add(f"20{group}")
    return forms


def date(identifier: str, found: Gathered) -> None:
    """A day in the formats people write: figures in either order, the month as a word."""
    day = date_of(identifier)
    if day is None:
        return
    found.whole((spelling(identifier),), Kind.DATE)
    years = (str(day.year), f"{day.year % 100:02}")
    months = {f"{day.month}", f"{day.month:02}"}
    days = {f"{day.day}", f"{day.day:02}"}
    for year, month, number in product(years, months, days):
        for order in ((month, number, year), (number, month, year), (year, month, number)):
            found.separated(order, Kind.DATE)
    *english, spanish = load("numbers.yaml")["months"][day.month - 1]
    days.add(f"{day.day}{_ordinal(day.day)}")
    for year, number in product(years, days):
        for month in english:
            found.whole((month, number, year), Kind.DATE)
            found.whole((number, month, year), Kind.DATE)
            found.whole((number, "of", month, year), Kind.DATE)
            found.whole((year, month, number), Kind.DATE)
        found.whole((number, "de", spanish, "de", year), Kind.DATE)
        found.whole((number, "de", spanish, year), Kind.DATE)
        found.whole((number, spanish, year), Kind.DATE)


def _ordinal(number: int) -> str:
    return "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def email(identifier: str, found: Gathered) -> None:
    """An address, its signs as words, and the part before the @ alone."""
    local, _, domain = identifier.strip().partition("@")
    for at, dot in (("", ""), ("at", "dot"), ("at", ""), ("", "dot"), ("arroba", "punto")):
        for inner in {dot, ""}:
            signs = {".": inner, "_": "", "-": "", "+": ""}
            first = "".join(signs.get(sign, sign) for sign in local)
            words = [spelling(first), at, spelling(domain.replace(".", f" {dot} "))]
            found.whole([word for word in words if word], Kind.EMAIL)
    found.near[spelling(identifier)] = Kind.EMAIL
    if len(spelling(local)) >= _HANDLE and usual(spelling(local)) is Usual.NO:
        handle(local, found)


def handle(identifier: str, found: Gathered) -> None:
    """A name on a platform, with or without @, its signs as words."""
    letters = spelling(identifier)
    if len(letters) < _HANDLE and letters.isalpha():
        found.word(letters, Kind.HANDLE)
        return
    found.whole(fold(identifier).split(), Kind.HANDLE)
    said = identifier.replace("_", " underscore ").replace(".", " dot ").replace("-", " dash ")
    found.whole(fold(said).split(), Kind.HANDLE)
    if len(letters) >= _NEAR_CODE:
        found.near[letters] = Kind.HANDLE


def organisation(identifier: str, found: Gathered) -> None:
    """A firm, with or without its legal form, and what stands before its kind."""
    for way in (identifier, identifier.replace("&", " and ")):
        words = fold(way).split()
        plain = [word for word in words if word not in _LEGAL]
        found.whole(words, Kind.ORGANISATION)
        found.whole(plain, Kind.ORGANISATION)
        kinds = listed("organisations")
        first = next((at for at, word in enumerate(plain) if word in kinds), len(plain))
        own = plain[:first]
        if len(own) > 1 and own[0] in listed("articles"):
            own = own[1:]
            found.whole(plain[1:], Kind.ORGANISATION)
        if len(own) > 1 or (own and usual(own[0]) is Usual.NO and len(own[0]) >= _HANDLE):
            found.whole(own, Kind.ORGANISATION)
        if own:
            found.whole((*own, *plain[first : first + 1]), Kind.ORGANISATION)


@cache
def _alternatives() -> dict[str, tuple[str, ...]]:
    data: dict[str, list[str]] = load("streets.yaml")
    ordinals = " ".join(data["ordinals"]).split()
    found: dict[str, tuple[str, ...]] = {}
    for kind in ("own_names", "types", "more_types", "directions"):
        for line in data[kind]:
            for word in line.split():
                found[word] = (*found.get(word, ()), *line.split())
    for at, word in enumerate(ordinals, start=1):
        figures = f"{at}{_ordinal(at)}"
        found[word] = found[figures] = (word, figures, str(at))
    return found


def address(identifier: str, found: Gathered) -> None:
    """A street address however abbreviated, without the unit, the street alone."""
    found.whole(fold(identifier).split(), Kind.ADDRESS)
    words = fold(re.split("[,#]", identifier)[0]).split()
    units = set(load("streets.yaml")["units"].split())
    stop = next((at for at, word in enumerate(words) if at > 1 and word in units), len(words))
    words = words[:stop]
    house = words.pop(0) if words and words[0][0].isdigit() and len(words) > 1 else ""
    ways = [way for road in _roads(words) for way in _street_forms(road)]
    if len(words) > _NUMBERED and words[-1].isdigit():  # State Route 9 9352: the last is a unit
        ways += _street_forms(words[:-1])
    for way in ways:
        if house and not all(map(str.isdigit, way)):
            found.whole((house, *way), Kind.ADDRESS)
        if len(way) > 1 and way[-1] in street_types():
            found.whole(way, Kind.ADDRESS)
    if house:
        found.houses.add(house)
    _street_name(words, found)


@cache
def street_types() -> frozenset[str]:
    """Words for a kind of street, and their abbreviations."""
    data: dict[str, list[str]] = load("streets.yaml")
    return frozenset(" ".join([*data["types"], *data["more_types"]]).split())


def _roads(words: list[str]) -> list[list[str]]:
    """``County Road 9`` and the other ways to write what kind of a road it is."""
    found, text = [words], f" {' '.join(words)} "
    roads: list[list[str]] = load("streets.yaml")["roads"]
    for ways in roads:
        said = next((way for way in sorted(ways, key=len, reverse=True) if f" {way} " in text), "")
        number = text.partition(f" {said} ")[2][:1] if said else ""
        if number.isdigit():
            found += [text.replace(f" {said} ", f" {way} ").split() for way in ways if way != said]
    return found


def _street_forms(words: list[str]) -> list[tuple[str, ...]]:
    directions = " ".join(load("streets.yaml")["directions"]).split()
    choices: list[tuple[str, ...]] = []
    for at, word in enumerate(words):
        same = _alternatives().get(word, (word,))
        last = at == len(words) - 1
        optional = len(words) > 1 and (word in directions or (last and word in street_types()))
        choices.append((*same, "") if optional else same)
    every = [tuple(word for word in way if word) for way in product(*choices[:6])]
    return [way for way in every if way]


def _street_name(words: list[str], found: Gathered) -> None:
    """The name of the street without direction and type, where it is no usual word."""
    plain = [word for word in words if word not in _alternatives() and word.isalpha()]
    if len(plain) > 1:
        found.whole(plain, Kind.ADDRESS)
    for word in plain:
        if len(plain) == 1 and len(word) >= _HANDLE and usual(word) is Usual.NO:
            found.whole((word,), Kind.ADDRESS)
            found.near.setdefault(word, Kind.ADDRESS)


GATHER: dict[str, Callable[[str, Gathered], None]] = {
    Kind.ORGANISATION: organisation,
    Kind.ADDRESS: address,
    Kind.EMAIL: email,
    Kind.HANDLE: handle,
    Kind.DATE: date,
}
