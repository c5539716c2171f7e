"""Name pools by culture: given names, surnames, their short forms and other spellings."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from tributary.county.data import load
from tributary.county.seeds import Ints, pick, zipf

#: Share of each culture among people without trafficking, and among victims (assumptions).
CULTURES: Mapping[str, tuple[float, float]] = {
    "english": (0.44, 0.36),
    "spanish": (0.24, 0.28),
    "west_african": (0.06, 0.06),
    "vietnamese": (0.05, 0.05),
    "chinese": (0.05, 0.06),
    "filipino": (0.05, 0.07),
    "arabic": (0.03, 0.02),
    "east_european": (0.05, 0.06),
    "south_asian": (0.03, 0.04),
}
#: Families of these cultures carry two surnames.
TWO_SURNAMES = ("spanish",)
#: Letters that Unicode does not take apart.
_LETTERS = str.maketrans({"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "ø": "o", "ß": "ss"})


@dataclass(frozen=True)
class Pool:
    """All names of a kind in one list; ``groups`` maps (culture, sex) to a slice, common first."""

    names: pa.StringArray
    plain: pa.StringArray  # the same in unaccented Latin letters
    groups: Mapping[tuple[str, str], slice]

    def draw(self, random: np.random.Generator, group: tuple[str, str], size: int) -> Ints:
        part = self.groups[group]
        return np.asarray(part.start + pick(random, zipf(part.stop - part.start), size))


@dataclass(frozen=True)
class Variants:
    """Per name of the given-name pool: an index into ``names``, or -1. Two alternatives each."""

    names: pa.StringArray
    plain: pa.StringArray
    nicknames: Ints  # (names of the pool, 2)
    spellings: Ints


def plain(name: str) -> str:
    """Without accents, as most agency systems keep it."""
    apart = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def strings(names: list[str]) -> tuple[pa.StringArray, pa.StringArray]:
    return pa.array(names, pa.string()), pa.array([plain(name) for name in names], pa.string())


@cache
def given_names() -> Pool:
    groups: dict[tuple[str, str], list[str]] = {}
    for culture in CULTURES:
        for sex in ("female", "male"):
            groups[culture, sex] = _split(load("names.yaml")[culture][sex])
    return _pool(groups)


@cache
def surnames() -> Pool:
    return _pool({(culture, ""): _surnames(culture) for culture in CULTURES})


@cache
def variants() -> Variants:
    pool = given_names().names.to_pylist()
    raw = load("variants.yaml")
    found = sorted({name for kind in raw.values() for names in kind.values() for name in names})
    number = {name: i for i, name in enumerate(found)}

    def table(kind: Mapping[str, list[str]]) -> Ints:
        rows = np.full((len(pool), 2), -1, dtype=np.int64)
        for i, name in enumerate(pool):
            options = kind.get(name)
            if options:
                rows[i] = [number[options[0]], number[options[-1]]]
        return rows

    names, ascii_names = strings(found)
    return Variants(names, ascii_names, table(raw["nicknames"]), table(raw["spellings"]))


def _surnames(culture: str) -> list[str]:
    """Listed surnames, then the long tail built from stems and endings."""
    raw = load("names.yaml")[culture]
    listed = [name.replace("+", " ") for name in _split(raw["surnames"])]
    tail = [
        stem + ending
        for stem in _split(raw.get("stems", ""))
        for ending in _split(raw.get("endings", ""))
    ]
    return list(dict.fromkeys([*listed, *tail]))


def _pool(groups: Mapping[tuple[str, str], list[str]]) -> Pool:
    names: list[str] = []
    slices: dict[tuple[str, str], slice] = {}
    for group, members in groups.items():
        slices[group] = slice(len(names), len(names) + len(members))
        names.extend(members)
    return Pool(*strings(names), slices)


def _split(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
