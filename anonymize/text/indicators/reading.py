"""Reads indicators out of texts: the lexicon's rules and the classifier's sentences, weighed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from anonymize.text.indicators.classifier import Likely, classify, sentences
from anonymize.text.indicators.context import Context
from anonymize.text.indicators.extract import extract_all
from anonymize.text.indicators.indicator import Indicator
from anonymize.text.indicators.movement import movements
from anonymize.text.indicators.normal import normal
from anonymize.text.indicators.weighing import weigh

#: Texts that are read together: what their sentences need in memory is bounded by that.
_TOGETHER = 512


class Evidence(NamedTuple):
    """Of one text: what the lexicon found in it, how likely its sentences say each code, and where
    they stand."""

    found: list[Indicator]
    likely: Likely
    spans: list[tuple[int, int]]


def read(text: str) -> list[Indicator]:
    """What ``text`` says, in order of mention; see ``read_all``."""
    return read_all([text])[0]


def read_all(texts: Sequence[str]) -> list[list[Indicator]]:
    """What each text says, in order of mention.

    Raises:
        SettingsError: the sentence encoder is not installed, or not the pinned one.
    """
    parts = (texts[at : at + _TOGETHER] for at in range(0, len(texts), _TOGETHER))
    return [said for part in parts for said in _read(part)]


def evidence(texts: Sequence[str]) -> Iterator[Evidence]:
    """What the lexicon and the classifier make of each text."""
    spans = [sentences(text) for text in texts]
    cut = [text[s:e].strip() for text, some in zip(texts, spans, strict=True) for s, e in some]
    likely, at = classify(cut), 0
    for found, some in zip(extract_all(texts), spans, strict=True):
        yield Evidence(found, likely[at : at + len(some)], some)
        at += len(some)


def _read(texts: Sequence[str]) -> Iterator[list[Indicator]]:
    for text, given in zip(texts, evidence(texts), strict=True):
        said = weigh(*given)
        yield said if given.found or not said else [*said, *_moved(text)]


def _moved(text: str) -> list[Indicator]:
    """Movements of a text of which the lexicon alone says nothing."""
    plain = normal(text)
    return movements(text, plain, Context(plain))
