"""What a normalised value is compared by: n-grams for its filter, parts for its block tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from jellyfish import soundex


def grams(kind: str, value: str) -> list[str]:
    """N-grams of a value; a gram that stands twice is two grams."""
    return _GRAMS.get(kind, _bigrams)(value)


def parts(kind: str, value: str) -> dict[str, str]:
    """Parts by name (``schemas.linkage.KINDS``); what a value lacks is left out."""
    return {name: part for name, part in _PARTS.get(kind, _whole)(value).items() if part}


def _numbered(found: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    numbered = []
    for gram in found:
        seen[gram] += 1
        numbered.append(f"{gram}{seen[gram]}")
    return numbered


def _bigrams(value: str) -> list[str]:
    """Bigrams of every word, padded: the order of words does not count."""
    found = []
    for word in value.split():
        padded = f"_{word}_"
        found += [padded[at : at + 2] for at in range(len(padded) - 1)]
    return _numbered(found)


def _placed(value: str) -> list[str]:
    """Bigrams, and each character with its place: for numbers and codes."""
    padded = f"_{value}_"
    found = [padded[at : at + 2] for at in range(len(padded) - 1)]
    return _numbered(found) + [f"{at}={one}" for at, one in enumerate(value)]


def _date_grams(value: str) -> list[str]:
    """Parts whole and by digit; day and month also without their order, for dates turned round."""
    year, month, day = value[:4].strip(), value[4:6].strip(), value[6:8].strip()
    found = []
    if year:
        found += [f"y{year}", f"c{year[:3]}", f"e{year[2:]}", f"l{year[3]}"]
    if month:
        found += [f"m{month}", f"n{month[1]}", f"p{month}"]
    if day:
        found += [f"d{day}", f"f{day[0]}", f"g{day[1]}", f"p{day}"]
    if month and day:
        found += [f"b{month}{day}", f"s{min(month, day)}{max(month, day)}"]
    return _numbered(found)


def _one(value: str) -> list[str]:
    return [f"={value}"]


_GRAMS: Mapping[str, Callable[[str], list[str]]] = MappingProxyType(
    {
        "date": _date_grams,
        "year": _placed,
        "postcode": _placed,
        "phone": _placed,
        "ssn": _placed,
        "number": _placed,
        "sex": _one,
        "category": _one,
    }
)


@lru_cache(maxsize=1 << 18)
def sound(word: str) -> str:
    """American Soundex."""
    return str(soundex(word)).lower()


def _name_parts(value: str) -> dict[str, str]:
    joined = value.replace(" ", "")
    words = value.split()
    return {
        "sound": sound(joined),
        "start": joined[:3],
        "end": joined[-3:],
        "initial": joined[:1],
        "last": sound(words[-1]) if len(words) > 1 else "",
    }


def _full_name_parts(value: str) -> dict[str, str]:
    words = value.split()
    ends = sorted((words[0], words[-1]))
    return {
        "last": sound(words[-1]),
        "sound": sound(ends[0]) + sound(ends[1]),
        "start": words[0][:3],
        "end": words[-1][:4],
    }


def _date_parts(value: str) -> dict[str, str]:
    year, month, day = value[:4].strip(), value[4:6].strip(), value[6:8].strip()
    turned = f"{year}{min(month, day)}{max(month, day)}"
    return {
        "full": year + month + day if year and month and day else "",
        "turned": turned if year and month and day else "",
        "month_day": month + day if month and day else "",
        "year_month": year + month if year and month else "",
        "year_day": f"{year}/{day}" if year and day else "",
        "year": year,
    }


def _place_parts(value: str) -> dict[str, str]:
    return {"sound": sound(value.replace(" ", "")), "start": value.replace(" ", "")[:4]}


def _address_parts(value: str) -> dict[str, str]:
    return {"words": "".join(sorted(value.split())[:2]), "start": value.replace(" ", "")[:6]}


def _whole(value: str) -> dict[str, str]:
    return {"whole": value}


_PARTS: Mapping[str, Callable[[str], dict[str, str]]] = MappingProxyType(
    {
        "given_name": _name_parts,
        "surname": _name_parts,
        "full_name": _full_name_parts,
        "date": _date_parts,
        "postcode": lambda value: {"whole": value, "start": value[:3]},
        "place": _place_parts,
        "text": _place_parts,
        "address": _address_parts,
        "phone": lambda value: {"last7": value[-7:]},
        "ssn": lambda value: {"whole": value if len(value) == 9 else "", "last4": value[-4:]},
    }
)
