"""The sweep by patterns: identifiers that show by their form, whoever's they are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import yaml


@cache
def patterns() -> Mapping[str, str]:
    """Pattern of each type of identifier."""
    content = yaml.safe_load(files(__package__).joinpath("patterns.yaml").read_text("utf-8"))
    return {name: f"(?i){pattern.strip()}" for name, pattern in content.items()}


def swept(texts: pa.Array) -> dict[str, npt.NDArray[np.int64]]:
    """Places of the texts in which each type of identifier stands; types found nowhere are left
    out."""
    found = {}
    some = pc.match_substring_regex(texts, _any())
    if pc.any(some, min_count=0).as_py():
        for name, pattern in patterns().items():
            at = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(texts, pattern), False))
            if len(at):
                found[name] = at.to_numpy().astype(np.int64)
    return found


@cache
def _any() -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns().values())
