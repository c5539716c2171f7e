"""The packaged models: found on this machine, checked file by file, never downloaded."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import metadata, resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.language import Language

from schemas.errors import SettingsError

#: Everything but what the entity recogniser needs; it has its own word vectors' layer.
_NOT_NEEDED = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
_SAYS_HOW = "run `make setup`, which installs it by hash (requirements-model.txt)"


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
    path = _installed("language model", "model")
    wanted = spacy.util.load_meta(path / "meta.json")["spacy_version"]
    if not spacy.util.is_compatible_version(metadata.version("spacy"), wanted):
        raise SettingsError(f"the language model is for spaCy {wanted}: {_SAYS_HOW}")
    return path


@lru_cache(maxsize=1)
def encoder_path() -> Path:
    """Directory of the sentence encoder, once a process found to be the pinned one
    (``data/encoder.yaml``).

    Raises:
        SettingsError: it is not installed, or not bit for bit the pinned one.
    """
    return _installed("sentence encoder", "encoder")


def _installed(what: str, pins: str) -> Path:
    """Directory of a model, checked file by file. Its package is found, never imported: no code of
    it runs."""
    source = resources.files("anonymize.text").joinpath(f"data/{pins}.yaml")
    pinned: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    found = find_spec(pinned["package"])
    if found is None or not found.submodule_search_locations:
        raise SettingsError(f"the {what} is not installed: {_SAYS_HOW}")
    path = Path(found.submodule_search_locations[0], str(pinned["directory"]))
    fault = _fault(path, {**pinned["checked"], **pinned["unchecked"]})
    if fault:
        raise SettingsError(f"the {what} is not the pinned one ({fault}): {_SAYS_HOW}")
    return path


def _fault(path: Path, hashes: dict[str, str]) -> str | None:
    """What is wrong with the files under ``path``, if anything is."""
    found = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()}
    if missing := hashes.keys() - found:
        return f"{min(missing)} is missing"
    if strange := found - hashes.keys():
        return f"{min(strange)} does not belong to it"
    differing = [name for name, digest in hashes.items() if _sha256(path / name) != digest]
    return f"{differing[0]} differs" if differing else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
