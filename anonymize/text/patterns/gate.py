"""What a text must have for a pattern to be worth a try.

A search costs microseconds and there are some 150 patterns, of which a text has a dozen. So each
pattern is asked once what it can begin with, and go on with after a space or another break: the
first letters of a word ("plat" of "plate"), a character, a digit. A text that has none of them
cannot hold a match.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any

#: Letters of a word that are looked at.
_LETTERS = 4
#: Stands for any digit, and for whatever may come.
DIGIT, ANYTHING = "\\d", ""
_ONE_DIGIT = frozenset({DIGIT})
_WORD = re.compile("[a-z]+")
#: A beginning, and whether what comes next may make it longer.
_Begun = tuple[str, bool]
_parser: Any = importlib.import_module("re._parser")


def marks(text: str) -> frozenset[str]:
    """What ``text`` (in ASCII) has by which a pattern may go on: its characters, the first two to
    four letters of its words, its shorter words whole (with a full stop), and ``DIGIT``."""
    lower = text.lower()
    found = set(lower)
    for word in set(_WORD.findall(lower)):
        found.update((word[:2], word[:3], word[:4]))
        if len(word) < _LETTERS:
            found.add(word + ".")
    if not found.isdisjoint("0123456789"):
        found.add(DIGIT)
    return frozenset(found)


def required(pattern: str) -> tuple[frozenset[str], ...]:
    """Sets of marks, the smallest first: where ``pattern`` matches, a text has one of each set."""
    items = _flat(_parser.parse(pattern))
    found = {_ONE_DIGIT} if _digit(items) else set()
    for place in range(len(items)):
        begun = frozenset(text for text, _ in _sequence(items[place:]))
        letters = any(text[:1].isalpha() for text in begun)
        asked = begun.isdisjoint((ANYTHING, " "))  # what every text has is not worth asking for
        if asked and (not letters or _word_starts(items, place)):
            found.add(begun)
    return tuple(sorted(found, key=len))


def _flat(items: Iterable[Any]) -> list[Any]:
    """The items of a pattern with its groups opened."""
    return [
        inner
        for item in items
        for inner in (_flat(item[1][-1]) if str(item[0]) == "SUBPATTERN" else [item])
    ]


def _word_starts(items: list[Any], place: int) -> bool:
    """Whether no letter can stand before the item at ``place``."""
    if str(items[place][0]) == "AT":
        return str(items[place][1]) == "AT_BOUNDARY"
    if place == 0:
        return False
    if str(items[place - 1][0]) == "AT":
        return _word_starts(items, place - 1)
    return _ends_in_break(items[place - 1])


def _ends_in_break(item: Any) -> bool:  # noqa: ANN401 - as the parser has it
    """Whether the last character that an item matches is there and no letter."""
    kind, value = str(item[0]), item[1]
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        return value[0] > 0 and _ends_in_break(_flat(value[2])[-1])
    if kind == "IN":
        return all(
            (str(k) == "CATEGORY" and str(v) in ("CATEGORY_DIGIT", "CATEGORY_SPACE"))
            or (str(k) == "LITERAL" and not chr(v).isalpha())
            for k, v in value
        )
    return kind == "LITERAL" and not chr(value).isalpha()


def _sequence(items: Iterable[tuple[Any, Any]]) -> set[_Begun]:
    found: set[_Begun] = {("", True)}
    for item in items:
        if not any(more for _, more in found):
            break
        found = {
            longer
            for text, more in found
            for longer in (_longer(text, item) if more else [(text, False)])
        }
    return {(text, more) for text, more in found}


def _longer(text: str, item: tuple[Any, Any]) -> set[_Begun]:
    """``text``, letters so far, with what ``item`` of a pattern adds to it."""
    kind, value = str(item[0]), item[1]
    if kind == "AT":
        whole = text and text[-1] != "."
        return {(text + "." if len(text) < _LETTERS else text, False)} if whole else {(text, True)}
    if kind == "LITERAL":
        return {_with(text, chr(value).lower())}
    if kind == "IN":
        return {_with(text, char) for char in _class(value)}
    if kind == "SUBPATTERN":
        return _joined(text, _sequence(value[-1]))
    if kind == "BRANCH":
        return {longer for branch in value[1] for longer in _joined(text, _sequence(branch))}
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, inner = value
        once = _joined(text, _sequence(inner))
        if most > 1:
            once = {(longer, False) for longer, _ in once}
        return once | ({(text, True)} if least == 0 else set())
    return {(text, False)}


def _joined(text: str, parts: Iterable[_Begun]) -> set[_Begun]:
    found: set[_Begun] = set()
    for part, more in parts:
        if not text or not part:
            found.add((text or part, more))
        elif part[0].isalpha():
            joined = text + part
            found.add((joined[:_LETTERS], more and len(joined) < _LETTERS))
        else:
            found.add(_with(text, part[0]))
    return found


def _with(text: str, char: str) -> _Begun:
    """``text`` with one character more; a word ends at what is no letter."""
    if char == ANYTHING:
        return text, False
    if char.isalpha():
        longer = (text + char)[:_LETTERS]
        return longer, len(longer) < _LETTERS
    if text:
        return text + "." if len(text) < _LETTERS else text, False
    return char, False


def _class(members: list[tuple[Any, Any]]) -> set[str]:
    """Characters of a class in brackets; anything, if they are many and not the digits."""
    found: set[str] = set()
    for kind, value in members:
        if str(kind) == "LITERAL":
            found.add(chr(value).lower())
        elif str(kind) == "RANGE" and value == (ord("0"), ord("9")):
            found.add(DIGIT)
        elif str(kind) == "RANGE" and value[1] - value[0] < 10:
            found |= {chr(code).lower() for code in range(value[0], value[1] + 1)}
        elif str(kind) == "CATEGORY" and str(value) == "CATEGORY_DIGIT":
            found.add(DIGIT)
        elif str(kind) == "CATEGORY" and str(value) == "CATEGORY_SPACE":
            found.update(" \t\n\r\f\v")
        else:
            return {ANYTHING}
    return found


def _digit(items: Iterable[tuple[Any, Any]]) -> bool:
    return any(_item_needs_digit(str(kind), value) for kind, value in items)


def _item_needs_digit(kind: str, value: Any) -> bool:  # noqa: ANN401 - as the parser has it
    if kind == "LITERAL":
        return chr(value).isdigit()
    if kind == "IN":
        return all(char == DIGIT or char.isdigit() for char in _class(value))
    if kind == "SUBPATTERN":
        return _digit(value[-1])
    if kind == "BRANCH":
        return all(_digit(branch) for branch in value[1])
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        return value[0] > 0 and _digit(value[2])
    return False
