"""Data files of the search for known identifiers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def load(name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """A YAML file of this folder."""
    return yaml.safe_load(files(__name__).joinpath(name).read_text(encoding="utf-8"))
