"""Annotated texts to learn identifiers from: passages beside this file, and the county's."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from anonymize.text.vocabulary import MAY_BE_NAME, unaccented
from tributary.bench.documents import QUASI_TYPES
from tributary.county.narratives import sample

HERE = Path(__file__).parent
#: Grammars that may be learnt from; the others measure.
GRAMMARS = ("train", "tune", "check")
#: Kinds of a character.
NOBODYS, PERSON, NUMBER, QUASI = range(4)
_MENTION = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]")
_WORD = re.compile(r"[^\W\d_]+")
_PART = re.compile(r"[^\W\d_]{3,}")
_QUASI = QUASI_TYPES | {"DATE", "HOTEL", "LOC", "ORG"}
#: Share of the names that another stands for in a copy.
_RENAMED = 0.6


class Annotated(NamedTuple):
    """A text and the kind of each of its characters."""

    text: str
    kinds: bytes


def passages() -> Iterator[Annotated]:
    """One a line, identifiers as ``[[TYPE|text]]``."""
    lines = [
        line
        for file in sorted((HERE / "passages").glob("*.txt"))
        for line in file.read_text("utf-8").splitlines()
        if line.strip()
    ]
    yield from _in_every_case(map(_parsed, lines))


def sentences() -> Iterator[Annotated]:
    yield from _in_every_case(_said())


def _in_every_case(texts: Iterable[Annotated]) -> Iterator[Annotated]:
    """Each text, and of each three one in capitals or in small letters, too."""
    for number, told in enumerate(texts):
        yield told
        other = told.text.upper() if number % 2 else told.text.lower()
        if number % 3 == 0 and len(other) == len(told.text):
            yield told._replace(text=other)


def _said() -> Iterator[Annotated]:
    """Sentences and reports that the indicators are learnt from. Who stands in them is not marked,
    so what may be a name says nothing; all else is nobody's."""
    for file in sorted((HERE.parent / "indicators").glob("*/*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            text = json.loads(line)["text"]
            kinds = bytearray(len(text))
            for word in _WORD.finditer(text):
                if word[0][0].isupper() and unaccented(word[0]) in MAY_BE_NAME:
                    kinds[word.start() : word.end()] = bytes([QUASI]) * len(word[0])
            yield Annotated(text, bytes(kinds))


def narratives(count: int) -> Iterator[Annotated]:
    """``count`` of each grammar, and again with other names, common words among them."""
    chance = random.Random(5)
    names = sorted(name for name in MAY_BE_NAME if name.isalpha())
    for grammar in GRAMMARS:
        for told in sample(count, 1, grammar):
            spans = [(span.start, span.end, _kind(span.type)) for span in told.spans]
            yield _annotated(told.text, spans, str)
            renamed: dict[str, str] = {}

            def other(text: str, renamed: dict[str, str] = renamed) -> str:
                return _PART.sub(lambda part: _instead(part[0], renamed, names, chance), text)

            yield _annotated(told.text, spans, other)


def _instead(
    part: str, renamed: dict[str, str], names: Sequence[str], chance: random.Random
) -> str:
    """The same name for the same name, written as it is."""
    known = unaccented(part)
    if known not in renamed:
        renamed[known] = chance.choice(names) if chance.random() < _RENAMED else part
    new = renamed[known]
    return new.upper() if part.isupper() else new.lower() if part.islower() else new.title()


def _annotated(
    text: str, spans: Sequence[tuple[int, int, int]], name: Callable[[str], str]
) -> Annotated:
    """``name`` writes the names of persons."""
    pieces, at = [], 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < at:
            continue
        new = name(text[start:end]) if kind == PERSON else text[start:end]
        pieces += [(text[at:start], NOBODYS), (new, kind)]
        at = end
    return _of([*pieces, (text[at:], NOBODYS)])


def _parsed(line: str) -> Annotated:
    pieces, at = [], 0
    for mention in _MENTION.finditer(line):
        pieces += [(line[at : mention.start()], NOBODYS), (mention[2], _kind(mention[1]))]
        at = mention.end()
    return _of([*pieces, (line[at:], NOBODYS)])


def _of(pieces: Sequence[tuple[str, int]]) -> Annotated:
    """Pieces of a text, each with the kind of all its characters."""
    kinds = b"".join(bytes([kind]) * len(piece) for piece, kind in pieces)
    return Annotated("".join(piece for piece, _ in pieces), kinds)


def _kind(type_: str) -> int:
    if type_ == "PERSON":
        return PERSON
    return QUASI if type_ in _QUASI else NUMBER
