"""Scores of a redaction against annotated documents.

A token is a run of word characters. The measures are those of the Text Anonymization Benchmark
(Pilan et al. 2022, section 5) with one annotator and uniform weights:

- token recall: share of the tokens inside direct and quasi mentions that are masked;
- token precision: share of the masked tokens that lie inside such a mention;
- entity recall: share of the entities of which every mention is masked whole.

By type (``person``) a token counts as found only where the masking span has that type. F2 weighs
recall twice as much as precision. A set without direct and quasi has direct mentions only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from anonymize.text.spans import Span
from tributary.bench.documents import Document, Mention

_TOKEN = re.compile(r"\w+")
#: What TAB lets a system leave out of a mention: annotators disagree whether it belongs to it.
_LITTLE = re.compile(
    r"\b(?:mrs?|ms|and|or|from|until|to|about|after|as|at|before|between|by|during|for|into|in|of|"
    r"over|on|since|with|the|an|a|no|nr|s)\b|[ ,.\-;:/&()\[\]\u2013'\"\u2019\u201c\u201d]",
    re.IGNORECASE,
)


@dataclass
class Share:
    """How many of how many."""

    hits: int = 0
    total: int = 0

    def add(self, hit: bool) -> None:
        self.hits += hit
        self.total += 1

    @property
    def value(self) -> float | None:
        """None where there was nothing to hit."""
        return self.hits / self.total if self.total else None


@dataclass
class Tally:
    """Everything counted over the documents of one set."""

    precision: Share = field(default_factory=Share)
    recall: Share = field(default_factory=Share)
    entities: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    person_precision: Share = field(default_factory=Share)
    person_recall: Share = field(default_factory=Share)
    mentions_of: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    tokens_of: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    own: Share = field(default_factory=Share)
    indicators: Share = field(default_factory=Share)


def scored(
    documents: Sequence[Document], found: Sequence[Sequence[Span]], *, lenient: bool = False
) -> dict[str, Any]:
    """Scores of the spans ``found`` in each document, as plain numbers (None: nothing to score).

    Args:
        lenient: titles, function words and punctuation of a mention need not be masked.
    """
    tally = Tally()
    for document, spans in zip(documents, found, strict=True):
        _count(tally, document, spans, lenient)
    return _summary(tally, documents)


def f_beta(precision: float | None, recall: float | None, beta: float = 2.0) -> float | None:
    """The weighted harmonic mean; recall counts ``beta`` times as much as precision."""
    if precision is None or recall is None:
        return None
    weighed = beta * beta * precision + recall
    return (1 + beta * beta) * precision * recall / weighed if weighed else 0.0


def _count(tally: Tally, document: Document, spans: Sequence[Span], lenient: bool) -> None:
    text = document.text
    masked = marked(text, spans)
    to_mask = [mention for mention in document.mentions if mention.kind != "free"]
    wanted = marked(text, to_mask)
    persons = marked(text, [span for span in spans if span.type == "PERSON"])
    people = marked(text, [m for m in document.mentions if m.type == "PERSON"])
    for start, end in _tokens(text):
        if any(masked[start:end]):
            tally.precision.add(all(wanted[start:end]))
        if lenient and _LITTLE.fullmatch(text, start, end):
            continue
        if any(persons[start:end]):
            tally.person_precision.add(all(people[start:end]))
        if any(people[start:end]):
            tally.person_recall.add(all(persons[start:end]))
    whole: dict[tuple[str, str], bool] = {}
    for mention in to_mask:
        covered = _covered(text, mention.start, mention.end, masked, lenient)
        key = (mention.kind, mention.entity)
        whole[key] = whole.get(key, True) and covered
        tally.mentions_of[mention.type].add(covered)
        if mention.own:
            tally.own.add(covered)
        for start, end in _tokens(text, mention):
            hidden = _covered(text, start, end, masked, lenient)
            tally.recall.add(hidden)
            tally.tokens_of[mention.type].add(hidden)
    for (kind, _), hidden in whole.items():
        tally.entities[kind].add(hidden)
    for start, end in document.indicators:
        tally.indicators.add(any(masked[start:end]))


def _summary(tally: Tally, documents: Sequence[Document]) -> dict[str, Any]:
    precision, recall = tally.precision.value, tally.recall.value
    named, recalled = tally.person_precision.value, tally.person_recall.value
    return {
        "documents": len(documents),
        "characters": sum(len(document.text) for document in documents),
        "token_precision": precision,
        "token_recall": recall,
        "token_f2": f_beta(precision, recall),
        "entity_recall_direct": tally.entities["direct"].value,
        "entity_recall_quasi": tally.entities["quasi"].value,
        "own_identifier_recall": tally.own.value,
        "person_mention_recall": tally.mentions_of["PERSON"].value,
        "person_token_precision": named,
        "person_token_recall": recalled,
        "person_token_f2": f_beta(named, recalled),
        "indicators_redacted": tally.indicators.value,
        "types": {
            name: {
                "mentions": tally.mentions_of[name].total,
                "mention_recall": tally.mentions_of[name].value,
                "token_recall": tally.tokens_of[name].value,
            }
            for name in sorted(name for name, share in tally.mentions_of.items() if share.total)
        },
    }


def marked(text: str, spans: Iterable[Span | Mention]) -> bytearray:
    """One byte a character: 1 where one of the spans covers it."""
    marks = bytearray(len(text))
    for span in spans:
        marks[span.start : span.end] = b"\1" * (span.end - span.start)
    return marks


def _tokens(text: str, mention: Mention | None = None) -> list[tuple[int, int]]:
    start, end = (mention.start, mention.end) if mention else (0, len(text))
    return [match.span() for match in _TOKEN.finditer(text, start, end)]


def _covered(text: str, start: int, end: int, masked: bytearray, lenient: bool) -> bool:
    """Whether every token of a passage is masked whole; punctuation between tokens may stay."""
    open_ = bytearray(masked[start:end])
    if all(open_):
        return True
    if lenient:
        for match in _LITTLE.finditer(text[start:end]):
            open_[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        return all(open_)
    return all(
        all(masked[match.start() : match.end()]) for match in _TOKEN.finditer(text, start, end)
    )
