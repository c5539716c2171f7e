"""Registers: the same sentence as a detective, a patrol officer and a tired clerk would type it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random
from typing import Final

import numpy as np
import numpy.typing as npt

from tributary.county.narratives.grammar import grammar, read
from tributary.county.seeds import Ints


@dataclass(frozen=True)
class Register:
    """``case`` is upper, lower or as it is. Rates are shares: of final stops left out, of words
    misspelt, of letters mistyped."""

    case: str = ""
    abbreviated: bool = False
    between: tuple[str, ...] = (" ",)
    opening: str = ""
    unstopped: float = 0.0
    typos: float = 0.0006


REGISTERS: Final[Mapping[str, Register]] = {
    "prose": Register(),
    "report": Register(between=(" ", " ", " ", "\n\n"), typos=0.0003),
    "wide": Register(between=("  ",)),
    "caps": Register("upper", typos=0.0015),
    "caps_short": Register("upper", abbreviated=True, between=(" ", "  ", ". "), unstopped=0.3,
                           typos=0.002),
    "short": Register(abbreviated=True, unstopped=0.15, typos=0.0015),
    "hurried": Register("lower", abbreviated=True, between=(" ", " ", ", ", "\n", " and "),
                        unstopped=0.6, typos=0.005),
    "runon": Register(between=(" ", ", ", " - ", "; "), unstopped=0.7, typos=0.004),
    "bullets": Register(between=("\n- ",), opening="- ", unstopped=0.4),
    "stars": Register(between=("\n* ",), opening="* ", unstopped=0.5, abbreviated=True),
    "lines": Register(between=("\n",), typos=0.001),
}  # fmt: skip


@cache
def literals(split: str, name: str) -> tuple[str, ...]:
    """All literal text of a split's grammar in a register."""
    register = REGISTERS[name]
    texts = grammar(split).literals
    if register.abbreviated:
        short = read(split)["abbreviations"]
        words = re.compile(rf"\b({'|'.join(sorted(short, key=len, reverse=True))})\b")
        texts = tuple(words.sub(lambda m: short[m.group()], text) for text in texts)
    return tuple(cased(text, register.case) for text in texts)


def cased(text: str, case: str) -> str:
    if case == "upper":
        return text.upper()
    return text.lower() if case == "lower" else text


@lru_cache(maxsize=1 << 14)
def tidied(name: str, case: str) -> str:
    """A name that the record has in capitals, as prose writes it."""
    if case or not name.isupper() or len(name) < 2:
        return name
    return re.sub(r"[^\W\d_]+", lambda m: m.group().capitalize(), name)


def begun(text: str) -> str:
    """With a capital at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def stopless(text: str) -> str:
    return text[:-1] if text.endswith(".") else text


def pause(random: Random, register: Register) -> str:
    """What stands between two sentences."""
    return register.between[int(random.random() * len(register.between))]


def mistyped(
    random: np.random.Generator, texts: list[str], rate: npt.NDArray[np.float64]
) -> tuple[str, Ints]:
    """All texts behind one another with letters left out, doubled, exchanged or replaced.

    Args:
        rate: for each text, the share of its letters that are mistyped; 0 leaves it alone.

    Returns:
        the whole, and the length of each text in it, in code points.
    """
    length = np.fromiter(map(len, texts), np.int64, len(texts))
    letters = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32).copy()
    text = np.repeat(np.arange(len(texts)), length)
    hit = random.random(len(letters)) < rate[text]
    plain = ((letters | 32) >= ord("a")) & ((letters | 32) <= ord("z"))
    inner = plain & np.roll(plain, 1) & np.roll(plain, -1)
    inner[:1] = inner[-1:] = False
    at = np.flatnonzero(hit & inner)
    at = at[text[at] == text[at - 1]]
    kind = random.integers(0, 4, len(at))
    count = np.ones(len(letters), np.int64)
    count[at[kind == 0]] = 0
    count[at[kind == 1]] = 2
    swap = at[kind == 2]
    letters[swap], letters[swap - 1] = letters[swap - 1], letters[swap]
    other = at[kind == 3]
    letters[other] = (letters[other] & 32) + 64 + random.integers(1, 27, len(other))
    whole = np.repeat(letters, count).tobytes().decode("utf-32-le")
    return whole, np.bincount(text, weights=count, minlength=len(texts)).astype(np.int64)
