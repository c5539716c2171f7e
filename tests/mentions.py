"""Texts with marked mentions of what their record knows (tests/data/known_mentions*.yaml)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from anonymize.text.known.vocabulary import listed
from anonymize.text.spans import Span

DATA = Path(__file__).parent / "data"
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Marked:
    """A text of a record and where its own identifiers stand."""

    known: list[str]
    text: str
    mentions: list[tuple[int, int]]

    def missed(self, spans: list[Span]) -> list[str]:
        """Mentions of which a word is not masked; titles and a possessive s are no identifiers."""
        masked = _places(spans)
        return [
            self.text[start:end]
            for start, end in self.mentions
            if any(
                word.start() not in masked and word[0].lower() not in listed("titles") | {"s"}
                for word in _WORD.finditer(self.text, start, end)
            )
        ]

    def words_beside(self) -> list[re.Match[str]]:
        """Words that belong to no mention."""
        own = {at for start, end in self.mentions for at in range(start, end)}
        return [word for word in _WORD.finditer(self.text) if word.start() not in own]

    def masked_beside(self, spans: list[Span]) -> list[str]:
        """Of them those that are masked."""
        masked = _places(spans)
        return [word[0] for word in self.words_beside() if word.start() in masked]


def _places(spans: list[Span]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}


def marked(known: list[str], text: str) -> Marked:
    """``[[...]]`` in ``text`` marks a mention."""
    plain, mentions = "", list[tuple[int, int]]()
    for number, part in enumerate(re.split(r"\[\[|\]\]", text)):
        if number % 2:
            mentions.append((len(plain), len(plain) + len(part)))
        plain += part
    return Marked(known, plain, mentions)


def read(name: str) -> Iterator[Marked]:
    """The texts of one file of tests/data."""
    for record in yaml.safe_load((DATA / name).read_text(encoding="utf-8")):
        yield marked(record["known"], record["text"])
