"""Indicators of human trafficking in narratives and case notes: codes, never words.

``extract`` reads a text with the rules of the lexicon (YAML files beside this module) and says what
it affirms; what it denies, asks or tells of others is left out. See docs/indicators.md.
"""

from __future__ import annotations

from anonymize.text.indicators.extract import extract, extract_all
from anonymize.text.indicators.indicator import KINDS, Indicator, codes, summarise
from anonymize.text.indicators.lexicon import lexicon_words

__all__ = ["KINDS", "Indicator", "codes", "extract", "extract_all", "lexicon_words", "summarise"]
