"""Which words tell a person, and which any text may hold."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from anonymize.text.known.vocabulary import Usual, listed, usual

#: Weight that the words of a full name have together, at least, for it to be searched for.
TELLING = 2


@lru_cache(maxsize=1 << 18)
def weights(word: str) -> int:
    """What a folded word adds to a full name: a name ``TELLING``, a place half of it, an English
    word nothing; a region less than nothing, for places beside it are none but places."""
    if word in _listed("regions"):
        return -1
    if len(word) < 2 or usual(word) is not Usual.NO or word in titles():
        return 0
    if word in particles() or word in listed("organisations"):
        return 0
    return TELLING // 2 if word in _listed("places") else TELLING


@lru_cache(maxsize=1 << 18)
def tells_alone(word: str) -> bool:
    """Whether one name of a record tells the person wherever it stands."""
    ordinary = usual(word) is not Usual.NO or word in listed("adjuncts")
    return word.isalpha() and not ordinary and word not in titles() and word not in particles()


def particles() -> frozenset[str]:
    """Words that link the parts of a name and name nobody (``de la``, ``van``, ``le``)."""
    return listed("particles")


def titles() -> frozenset[str]:
    return listed("titles")


def of_organisation(word: str) -> bool:
    return word in listed("organisations")


def firms() -> tuple[str, ...]:
    """Firms and stand-in names that are written like persons (Smith & Wesson, Jane Doe)."""
    return tuple(_content()["firms"])


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(_content()[name].split())


@cache
def _content() -> dict[str, Any]:
    text = files(__package__).joinpath("places.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content
