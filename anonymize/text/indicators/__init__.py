"""Indicators of human trafficking in narratives and case notes: codes, never words.

``read`` says what a text affirms; what it denies, asks or tells of others is left out. Two hands do
it: the rules of the lexicon (``extract``; YAML files beside this module) and a classifier of
sentences (``classifier``), weighed against each other (``weighing``). See docs/indicators.md.
"""

from __future__ import annotations

from anonymize.text.indicators.indicator import KINDS, Indicator, codes, summarise
from anonymize.text.indicators.lexicon import lexicon_words
from anonymize.text.indicators.reading import read, read_all

__all__ = ["KINDS", "Indicator", "codes", "lexicon_words", "read", "read_all", "summarise"]
