"""Packaged models: found on this machine, checked file by file, never downloaded."""

from __future__ import annotations

import hashlib
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import SettingsError

SAYS_HOW = "run `make setup`, which installs it by hash (requirements-model.txt)"


def installed(what: str, pins: str) -> Path:
    """Directory of a model, bit for bit the pinned one (``data/<pins>.yaml``). Its package is
    found, never imported: no code of it runs.

    Raises:
        SettingsError: it is not installed, or not bit for bit the pinned one.
    """
    source = resources.files("anonymize.text").joinpath(f"data/{pins}.yaml")
    pinned: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    found = find_spec(pinned["package"])
    if found is None or not found.submodule_search_locations:
        raise SettingsError(f"the {what} is not installed: {SAYS_HOW}")
    path = Path(found.submodule_search_locations[0], str(pinned["directory"]))
    fault = _fault(path, {**pinned["checked"], **pinned["unchecked"]})
    if fault:
        raise SettingsError(f"the {what} is not the pinned one ({fault}): {SAYS_HOW}")
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
