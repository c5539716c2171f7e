"""Reads indicators out of texts: the lexicon's rules and the classifier's sentences, weighed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from anonymize.text.indicators.classifier import classify, sentences
from anonymize.text.indicators.context import Context
from anonymize.text.indicators.extract import extract_all
from anonymize.text.indicators.indicator import Indicator
from anonymize.text.indicators.movement import movements
from anonymize.text.indicators.normal import normal
from anonymize.text.indicators.weighing import weigh

#: Texts that are read together: what their sentences need in memory is bounded by that.
_TOGETHER = 512


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


def _read(texts: Sequence[str]) -> Iterator[list[Indicator]]:
    found = extract_all(texts)
    spans = [sentences(text) for text in texts]
    cut = [text[s:e].strip() for text, some in zip(texts, spans, strict=True) for s, e in some]
    likely, at = classify(cut), 0
    for text, ruled, some in zip(texts, found, spans, strict=True):
        said = weigh(ruled, likely[at : at + len(some)], some)
        at += len(some)
        yield said if ruled or not said else [*said, *_moved(text)]


def _moved(text: str) -> list[Indicator]:
    """Movements of a text of which the lexicon alone says nothing."""
    plain = normal(text)
    return movements(text, plain, Context(plain))
