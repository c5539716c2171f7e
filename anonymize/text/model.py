"""The packaged language model (``pinned``)."""

from __future__ import annotations

from functools import lru_cache
from importlib import metadata
from pathlib import Path

import spacy
from spacy.language import Language

from anonymize.text.pinned import SAYS_HOW, installed
from schemas.errors import SettingsError

#: Everything but what the entity recogniser needs; it has its own word vectors' layer.
_NOT_NEEDED = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")


def load() -> Language:
    """The model with its entity recogniser alone.

    Raises:
        SettingsError: as ``model_path``.
    """
    return spacy.load(model_path(), exclude=_NOT_NEEDED)


@lru_cache(maxsize=1)
def model_path() -> Path:
    """Directory of the language model, once a process found to be the pinned one
    (``data/model.yaml``).

    Raises:
        SettingsError: it is not installed, not bit for bit the pinned one, or not for this spaCy.
    """
    path = installed("language model", "model")
    wanted = spacy.util.load_meta(path / "meta.json")["spacy_version"]
    if not spacy.util.is_compatible_version(metadata.version("spacy"), wanted):
        raise SettingsError(f"the language model is for spaCy {wanted}: {SAYS_HOW}")
    return path
